package guard

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// nullable looks for a field that its own rules can deny on an object that is visible, and that may not be null. The
// root fields of Mutation and Subscription need no place for a null: what claims deny there runs not at all.
func (c *checker) nullable(o *object, f *field) {
	if !f.def.Type.NonNull || c.runsWholeOrNotAtAll(o) {
		return
	}
	if left := unimplied(f.rules, o.rules, true); len(left) > 0 {
		c.add(f.def.Position, "%s: %s can deny it where its %s is visible, and there is no place for the null: write %s",
			f.coordinate, listed(left), o.name, strings.TrimSuffix(f.def.Type.String(), "!"))
	}
}

// answerNullable looks for a field that answers objects which their type's rules can hide, and that has no place for
// the null of one.
func (c *checker) answerNullable(o *object, f *field) {
	a := f.answers
	if a == nil || !a.nonNull || c.onlySignsIn(o) {
		return
	}
	for _, x := range a.objects {
		left := unimplied(x.rules, slices.Concat(o.rules, f.rules), false)
		// An abstract answer is not exempt: which of its types comes is known only when the mutation has run.
		exempt := c.runsWholeOrNotAtAll(o) && !a.abstract && !asksOwner(left)
		if len(left) > 0 && !exempt {
			c.add(f.def.Position, "%s: answers %s, which %s can hide, and there is no place for the null: write %s",
				f.coordinate, x.name, listed(left), innermostNullable(f.def.Type))
		}
	}
}

// suppliedNullable looks for a field that may not be null, and that what its arguments supply can deny.
func (c *checker) suppliedNullable(o *object, f *field) {
	if !f.def.Type.NonNull || c.runsWholeOrNotAtAll(o) {
		return
	}
	given := slices.Concat(o.rules, f.rules)
	for _, in := range f.inlets {
		all := []*inlet{in}
		if in.within != nil {
			all = append(all, in.within.reach...)
		}
		for _, x := range all {
			if left := unimplied(x.rules, given, true); len(left) > 0 {
				c.add(f.def.Position, "%s: %s of %s can deny it where its %s is visible, and there is no place for the null: write %s",
					f.coordinate, listed(left), x.coordinate, o.name, strings.TrimSuffix(f.def.Type.String(), "!"))
			}
		}
	}
}

func (c *checker) runsWholeOrNotAtAll(o *object) bool {
	return o.def == c.book.schema.Mutation || o.def == c.book.schema.Subscription
}

// onlySignsIn reports whether every field that answers the object is @signsIn: it goes to whom it has just signed in.
func (c *checker) onlySignsIn(o *object) bool {
	if c.signing == nil {
		c.signing = answeredOnlyBySigning(c.book)
	}
	return c.signing[o]
}

func answeredOnlyBySigning(b *book) map[*object]bool {
	only := map[*object]bool{}
	for _, o := range b.objects {
		for _, f := range o.fields {
			if f.answers == nil {
				continue
			}
			for _, x := range f.answers.objects {
				before, seen := only[x]
				only[x] = f.signsIn && (before || !seen)
			}
		}
	}
	return only
}

// innermostNullable is the type without the innermost exclamation mark: [Session!]! becomes [Session]!.
func innermostNullable(t *ast.Type) string {
	s := t.String()
	name := t.Name()
	return strings.Replace(s, name+"!", name, 1)
}
