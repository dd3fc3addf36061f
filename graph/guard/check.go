package guard

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Check lists every problem of a schema: a field that no rule and no @public reaches, a directive that says nothing or
// stands where it is not enforced, a rule that nobody could pass, an orOwner without an owner, a denial with no place for
// its null, a filter or an order by a field that is more guarded than the list. owned reports whether the Go type behind a
// type tells its owner; nil where that is not known yet, and then only root types, which never have one, are looked at.
func Check(schema *ast.Schema, owned func(typeName string) bool) Problems {
	return check(readBook(schema), owned)
}

func check(b *book, owned func(typeName string) bool) Problems {
	c := checker{book: b, owned: owned}
	c.declarations()
	c.places()
	for _, o := range b.objects {
		for _, f := range o.fields {
			c.decided(f)
			c.ownerless(o, f)
			c.followed(o, f)
			c.nullable(o, f)
			c.answerNullable(o, f)
			c.suppliedNullable(o, f)
			c.filters(o, f)
		}
	}
	return c.problems.sorted()
}

type checker struct {
	book     *book
	owned    func(typeName string) bool
	signing  map[*object]bool // those that only @signsIn fields answer; nil until asked
	problems Problems
}

func (c *checker) add(at *ast.Position, format string, args ...any) {
	c.problems.add(at, format, args...)
}

// declarations looks at how the guard's own directives are declared.
func (c *checker) declarations() {
	for _, name := range Directives() {
		def := c.book.schema.Directives[name]
		if def == nil {
			continue
		}
		for _, a := range def.Arguments {
			if !slices.Contains(arguments(name), a.Name) {
				c.add(a.Position, "@%s: the guard knows no argument %s: take it away", name, a.Name)
			}
		}
		if name == hasRoleDirective && c.book.roles(def) == nil {
			c.add(def.Position, "@%s: its argument role must be a list of the values of an enum: declare role: [Role!]!", name)
		}
		if name == requiresScopesDirective && !areLists(def.Arguments.ForName(scopesArgument)) {
			c.add(def.Position, "@%s: its argument scopes must be a list of lists: declare scopes: [[Scope!]!]!", name)
		}
	}
}

// areLists reports whether the argument takes a list of lists: of a plain list it could not be told whether it asks for
// all of its scopes or for one.
func areLists(a *ast.ArgumentDefinition) bool {
	return a != nil && a.Type.Elem != nil && a.Type.Elem.Elem != nil
}

// decided looks for fields that someone forgot.
func (c *checker) decided(f *field) {
	if !f.decided {
		c.add(f.def.Position, "%s: no rule and no @public reaches it: write @public, @authenticated or @hasRole", f.coordinate)
	}
}

// ownerless looks for orOwner where there is no owner to ask for.
func (c *checker) ownerless(o *object, f *field) {
	root := c.book.isRoot(o.def)
	for _, r := range slices.Concat(o.rules, f.rules) {
		h, ok := r.(*hasRole)
		if !ok || !h.orOwner {
			continue
		}
		switch {
		case root:
			c.add(h.at, "%s: orOwner on a root field, which has no owner: take orOwner away", f.coordinate)
		case c.owned != nil && !c.owned(o.name):
			c.add(h.at, "%s: orOwner, and %s has no owner: give its Go type the method OwnerID() auth.ID, or take orOwner away", o.name, o.name)
		}
	}
	if f.answers != nil && f.answers.root && asksOwner(f.rules) && !root {
		c.add(f.def.Position, "%s: orOwner on a field that answers %s, which claims alone decide: take orOwner away", f.coordinate, f.answers.name)
	}
}

// followed looks for what the guard cannot reach: gqlgen hands the events of a subscription past every middleware.
func (c *checker) followed(o *object, f *field) {
	a := f.answers
	if a == nil {
		return
	}
	if c.book.schema.Subscription != nil && a.name == c.book.schema.Subscription.Name {
		c.add(f.def.Position, "%s: answers %s, which only an operation can begin at: take the field away", f.coordinate, a.name)
	}
	if o.def != c.book.schema.Subscription {
		return
	}
	for _, x := range a.objects {
		left := unimplied(x.rules, slices.Concat(o.rules, f.rules), false)
		if asksOwner(left) || a.abstract && len(left) > 0 {
			c.add(f.def.Position, "%s: answers %s, whose %s cannot be decided on an event: answer a type that has the %s in a field",
				f.coordinate, x.name, listed(left), x.name)
		}
		for _, xf := range x.fields {
			if asksOwner(xf.rules) {
				c.add(f.def.Position, "%s: answers %s, and orOwner of %s cannot be decided on an event: answer a type that has the %s in a field",
					f.coordinate, x.name, xf.coordinate, x.name)
			}
		}
	}
}
