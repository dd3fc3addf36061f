package guard

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// filters looks at the arguments that filter or order what a field answers, for a field that is more guarded than the
// list: who may not see it could find it out, question by question.
func (c *checker) filters(o *object, f *field) {
	if f.answers == nil {
		return
	}
	for _, a := range f.def.Arguments {
		name := strings.Join(words(a.Name), "")
		if name != "filter" && name != "where" && name != "orderby" {
			continue
		}
		w := &filterWalk{checker: c, list: f, orders: name == "orderby", seen: map[string]bool{}}
		given := slices.Concat(o.rules, f.rules, f.answers.decidedBefore())
		if in := inletOf(f.inlets, a.Name); in != nil {
			given = slices.Concat(given, in.rules)
		}
		w.argument = f.coordinate + "(" + a.Name + ":)"
		w.value(filterPlace{w.argument, a.Position, a.Type.Name(), given}, f.answers.listed())
	}
}

// decidedBefore are the rules of the answered type where claims that they deny keep the resolver from running: a list
// would have its length.
func (a *answer) decidedBefore() []rule {
	if a.abstract || a.depth > 0 || len(a.objects) != 1 {
		return nil
	}
	return a.objects[0].rules
}

// listed are the objects that a filter on the answer chooses from: the answered ones, and those of a page.
func (a *answer) listed() []*object {
	all := slices.Clone(a.objects)
	for _, o := range a.objects {
		for _, name := range []string{"nodes", "items", "results"} {
			all = append(all, o.answered(name)...)
		}
		for _, edge := range o.answered("edges") {
			all = append(all, edge.answered("node")...)
		}
	}
	return distinct(all)
}

func (o *object) answered(field string) []*object {
	if f := o.fields[field]; f != nil && f.answers != nil {
		return f.answers.objects
	}
	return nil
}

// filterWalk goes through the input of one argument.
type filterWalk struct {
	*checker
	list     *field
	argument string
	orders   bool
	seen     map[string]bool
}

// filterPlace is an argument or an input field, with its type and the rules that hold on the way to it.
type filterPlace struct {
	coordinate string
	at         *ast.Position
	typeName   string
	given      []rule
}

// value looks into the type of an argument, or of an input field that names no field itself.
func (w *filterWalk) value(p filterPlace, objects []*object) {
	def := w.book.schema.Types[p.typeName]
	key := def.Name + " " + named(objects) + " " + listed(p.given)
	if w.seen[key] && def.Kind == ast.InputObject {
		return
	}
	w.seen[key] = true
	switch {
	case def.Kind == ast.InputObject:
		for _, f := range def.Fields {
			given := slices.Concat(p.given, readStatement(f.Directives).rules)
			w.inputField(filterPlace{def.Name + "." + f.Name, f.Position, f.Type.Name(), given}, f.Name, objects)
		}
	case def.Kind == ast.Enum && w.orders:
		for _, v := range def.EnumValues {
			for _, x := range objects {
				if f := x.namedBy(v.Name); f != nil {
					w.hold(p, def.Name+"."+v.Name, x, f)
				}
			}
		}
	}
}

// inputField looks at an input field: what it names is filtered by, and what it does not name may stand within, as in
// and, or, not. Within a field that answers objects stand the names of theirs; within any other its comparisons.
func (w *filterWalk) inputField(p filterPlace, name string, objects []*object) {
	var unnamed, related []*object
	for _, x := range objects {
		f := x.namedBy(name)
		if f == nil {
			unnamed = append(unnamed, x)
			continue
		}
		w.hold(p, p.coordinate, x, f)
		if f.answers != nil {
			related = append(related, f.answers.listed()...)
		}
	}
	if len(unnamed) > 0 {
		w.value(p, unnamed)
	}
	if len(related) > 0 {
		w.value(p, distinct(related))
	}
}

// hold looks for rules of the field that do not hold on the way.
func (w *filterWalk) hold(p filterPlace, what string, x *object, f *field) {
	left := unimplied(slices.Concat(x.rules, f.rules), p.given, false)
	if len(left) == 0 {
		return
	}
	verb := "filters"
	if w.orders {
		verb = "orders"
	}
	where := w.list.coordinate
	if !slices.ContainsFunc(left, func(r rule) bool { _, recent := r.(*recentSignIn); return recent }) {
		where = p.coordinate + " or on " + where
	}
	w.add(p.at, "%s: %s %s by %s, which %s can hide from whoever may ask this: write %s on %s",
		what, w.argument, verb, f.coordinate, listed(left), listed(withoutOwner(left)), where)
}

// withoutOwner are the rules as an argument can have them: whose the objects are is not known before they are found.
func withoutOwner(rules []rule) []rule {
	all := slices.Clone(rules)
	for i, r := range all {
		if h, ok := r.(*hasRole); ok && h.orOwner {
			all[i] = &hasRole{roles: h.roles}
		}
	}
	return all
}

// namedBy is the object's field that an input field or an enum's value names: with the words of the field's name it
// begins, and of several such fields it is the longest. It is nil where there is none.
func (o *object) namedBy(name string) *field {
	all := words(name)
	var found *field
	longest := 0
	for _, def := range ownFields(o.def) {
		joined := strings.Join(words(def.Name), "")
		if len(joined) > longest && beginsWith(all, joined) {
			found, longest = o.fields[def.Name], len(joined)
		}
	}
	return found
}

// beginsWith reports whether the first of the words, joined, are the name; one of the two may be the other's plural.
func beginsWith(words []string, name string) bool {
	joined := ""
	for _, w := range words {
		joined += w
		if strings.TrimSuffix(joined, "s") == strings.TrimSuffix(name, "s") {
			return true
		}
	}
	return false
}

// words are those of a name in lower case: createdAt_GT2 has created, at, gt and 2.
func words(name string) []string {
	var all []string
	begun := 0
	for i := range len(name) {
		if begun < i && begins(name, i) {
			all = append(all, name[begun:i])
			begun = i
		}
		if name[i] == '_' {
			begun = i + 1
		}
	}
	if begun < len(name) {
		all = append(all, name[begun:])
	}
	for i, w := range all {
		all[i] = strings.ToLower(w)
	}
	return all
}

// begins reports whether a word ends before the letter at i: at an underscore, at digits, at a capital behind a small
// letter or a digit, and at the last of several capitals, as in HTMLText.
func begins(name string, i int) bool {
	before, at := name[i-1], name[i]
	switch {
	case at == '_':
		return true
	case isDigit(at):
		return !isDigit(before)
	case isCapital(at):
		return !isCapital(before) || i+1 < len(name) && isSmall(name[i+1])
	default:
		return false
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

func isSmall(c byte) bool { return c >= 'a' && c <= 'z' }

func named(objects []*object) string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.name
	}
	return strings.Join(names, ",")
}
