package guard_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// beforehand reads what claims alone deny of an operation: a place that no object would open, of all the types that it
// could be of. Of a type that is hidden itself no object comes so far: its fields may be told, and need not be.
type beforehand struct {
	*interpreter
	denied map[string]int // how grave, by coordinate
	hidden map[string]int // likewise, on types that are hidden themselves
}

func (in *interpreter) beforehand(op *ast.OperationDefinition) *beforehand {
	b := &beforehand{in, map[string]int{}, map[string]int{}}
	root := in.root(op)
	b.objects([]*ast.Definition{root})
	b.selections([]*ast.Definition{root}, op.SelectionSet, false)
	return b
}

func (in *interpreter) root(op *ast.OperationDefinition) *ast.Definition {
	return map[ast.Operation]*ast.Definition{
		ast.Query: in.schema.Query, ast.Mutation: in.schema.Mutation, ast.Subscription: in.schema.Subscription,
	}[op.Operation]
}

// own is the owner of an object of which it is not known whose it is.
func (b *beforehand) own() string { return string(b.caller.ID()) }

func (b *beforehand) selections(types []*ast.Definition, set ast.SelectionSet, below bool) {
	only := func(condition string) []*ast.Definition {
		return slices.DeleteFunc(slices.Clone(types), func(t *ast.Definition) bool { return !b.is(t, condition) })
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if !b.skipped(s.Directives) && !strings.HasPrefix(s.Name, "__") {
				b.field(types, s, below)
			}
		case *ast.InlineFragment:
			if !b.skipped(s.Directives) {
				b.selections(only(s.TypeCondition), s.SelectionSet, below)
			}
		case *ast.FragmentSpread:
			if f := b.doc.Fragments.ForName(s.Name); !b.skipped(s.Directives) {
				b.selections(only(f.TypeCondition), f.SelectionSet, below)
			}
		}
	}
}

func (b *beforehand) field(types []*ast.Definition, f *ast.Field, below bool) {
	var places []place
	var answers []*ast.Definition
	signsIn := false
	for _, t := range types {
		field := t.Fields.ForName(f.Name)
		found := map[string]int{}
		note(found, b.judge(field.Directives, b.own()), t.Name+"."+f.Name)
		for _, i := range t.Interfaces {
			if d := b.schema.Types[i].Fields.ForName(f.Name); d != nil {
				note(found, max(b.judge(b.schema.Types[i].Directives, b.own()), b.judge(d.Directives, b.own())), t.Name+"."+f.Name)
			}
		}
		b.supplied(t, f, func(code int, at string) { note(found, code, at) })
		places = append(places, place{found, b.judge(t.Directives, b.own()) > 0})
		signsIn = signsIn || field.Directives.ForName("signsIn") != nil
		if of := b.schema.Types[field.Type.Name()]; of.IsCompositeType() {
			answers = append(answers, b.schema.GetPossibleTypes(of)...)
		}
	}
	if !below {
		b.deny(places)
	}
	answers = slices.DeleteFunc(answers, func(d *ast.Definition) bool { return d.Kind != ast.Object })
	if below = below || signsIn; !below {
		b.objects(answers)
	}
	b.selections(answers, f.SelectionSet, below)
}

func (b *beforehand) objects(types []*ast.Definition) {
	var places []place
	for _, t := range types {
		found := map[string]int{}
		note(found, b.judge(t.Directives, b.own()), t.Name)
		places = append(places, place{found, false})
	}
	b.deny(places)
}

func note(found map[string]int, code int, coordinate string) {
	if code > 0 {
		found[coordinate] = max(found[coordinate], code)
	}
}

// place is what is denied of a selection on one type.
type place struct {
	found  map[string]int
	hidden bool // objects of the type are
}

// deny denies what is denied in all the places.
func (b *beforehand) deny(places []place) {
	if slices.ContainsFunc(places, func(p place) bool { return len(p.found) == 0 && !p.hidden }) {
		return
	}
	for _, p := range places {
		if p.hidden {
			maps.Copy(b.hidden, p.found)
		} else {
			maps.Copy(b.denied, p.found)
		}
	}
}

// unexplained are the differences between what a plain reading denies beforehand and what was told, "CODE coordinate". A
// field need not be listed beside its object, nor an argument beside its field, that says the same.
func (b *beforehand) unexplained(told []string) []string {
	listed := map[string]int{}
	var wrong []string
	for _, e := range told {
		code, coordinate, _ := strings.Cut(e, " ")
		at := slices.Index(codes, code)
		if at < 1 || max(b.denied[coordinate], b.hidden[coordinate]) < at || listed[coordinate] > 0 {
			wrong = append(wrong, "told "+e)
		}
		listed[coordinate] = at
	}
	for coordinate, code := range b.denied {
		field, _, _ := strings.Cut(coordinate, "(")
		object, _, _ := strings.Cut(field, ".")
		if max(listed[coordinate], listed[field], listed[object]) < code {
			wrong = append(wrong, "not told "+codes[code]+" "+coordinate)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// runsAnyhow reports whether an operation runs for whom no token identifies: all of its root fields sign someone in, and
// are open, or are named to the guard.
func (in *interpreter) runsAnyhow(op *ast.OperationDefinition) bool {
	fields := in.everyField(op.SelectionSet)
	for _, f := range fields {
		root := in.root(op)
		ds := root.Fields.ForName(f).Directives
		guarded := slices.ContainsFunc(slices.Concat(ds, root.Directives), func(d *ast.Directive) bool { return d.Name != "public" && d.Name != "signsIn" })
		if op.Operation != ast.Mutation || f != "signOut" && (ds.ForName("signsIn") == nil || guarded) {
			return false
		}
	}
	return len(fields) > 0
}

// everyField are the names of the fields of a selection, skipped or not.
func (in *interpreter) everyField(set ast.SelectionSet) []string {
	var all []string
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if !strings.HasPrefix(s.Name, "__") {
				all = append(all, s.Name)
			}
		case *ast.InlineFragment:
			all = append(all, in.everyField(s.SelectionSet)...)
		case *ast.FragmentSpread:
			all = append(all, in.everyField(in.doc.Fragments.ForName(s.Name).SelectionSet)...)
		}
	}
	return all
}
