package guard_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/generated"
)

// The same holds whatever the rules are.
func TestTheGuardDecidesRandomRulesAsAPlainInterpreterDoes(t *testing.T) {
	for range 5 { // rules are many, and a case is soon decided
		rapid.Check(t, func(rt *rapid.T) {
			law := changed(t, "", "")
			queries := []string{draft(rt, law), draft(rt, law)}
			legislate(rt, law, touched(rt, law, queries))
			c := newCourt(t, law)
			for _, query := range queries {
				for range 5 {
					c.hear(t, rt, query)
				}
			}
		})
	}
}

// touched are the elements of a schema that the operations could have to do with, by coordinate.
func touched(rt *rapid.T, law *ast.Schema, queries []string) []string {
	all := map[string]bool{}
	for _, query := range queries {
		doc := parsed(rt, law, marks.Replace(query))
		events := &validator.Events{}
		events.OnField(func(_ *validator.Walker, f *ast.Field) {
			for _, t := range law.GetPossibleTypes(f.ObjectDefinition) {
				for _, name := range append([]string{t.Name}, t.Interfaces...) {
					all[name], all[name+"."+f.Name] = true, true
					for _, a := range f.Arguments {
						all[name+"."+f.Name+"("+a.Name+":)"] = true
					}
				}
			}
		})
		events.OnValue(func(_ *validator.Walker, v *ast.Value) {
			for _, c := range v.Children {
				all[v.Definition.Name+"."+c.Name] = true
			}
		})
		validator.Walk(law, doc, events)
		for _, v := range doc.Operations.ForName("Main").VariableDefinitions {
			held(law, v.Definition, all)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// held adds the fields of an input type, and of those that it leads to.
func held(law *ast.Schema, def *ast.Definition, all map[string]bool) {
	if def.Kind != ast.InputObject {
		return
	}
	for _, f := range def.Fields {
		if at := def.Name + "." + f.Name; !all[at] {
			all[at] = true
			held(law, law.Types[f.Type.Name()], all)
		}
	}
}

// legislate puts random rules in the place of those that a schema has, such that the guard takes it: most of them on
// elements that matter.
func legislate(rt *rapid.T, law *ast.Schema, matter []string) {
	l := &legislator{rt: rt, law: law, elements: map[string]*element{}}
	l.abolish()
	names := slices.Sorted(maps.Keys(l.elements))
	matter = slices.DeleteFunc(matter, func(at string) bool { return l.elements[at] == nil })
	for range rapid.SampledFrom([]int{2, 4, 8, 30}).Draw(rt, "laws") {
		of := matter
		if rapid.IntRange(1, 4).Draw(rt, "elsewhere") == 1 {
			of = names
		}
		at := rapid.SampledFrom(of).Draw(rt, "element")
		l.elements[at].state(l.rules(l.elements[at]))
		if above := l.elements[above(at)]; above != nil && rapid.Bool().Draw(rt, "related") {
			kind := rapid.SampledFrom([]string{"hasRole", "requiresScopes", "hasClaim", "recentSignIn"}).Draw(rt, "kind")
			l.elements[at].state(l.oneOf(kind, l.elements[at]))
			above.state(l.oneOf(kind, above))
		}
	}
	for range 200 {
		problems := guard.Check(law, func(name string) bool { return generated.Objects.Owners[name] != nil })
		if len(problems) == 0 {
			return
		}
		for _, p := range problems {
			l.amend(p.What)
		}
	}
	rt.Fatalf("the schema cannot be amended:\n%s", guard.Check(law, nil))
}

// above is the field of an argument, or the type of a field: what holds there can imply what holds below.
func above(at string) string {
	if field, _, isArgument := strings.Cut(at, "("); isArgument {
		return field
	}
	object, _, _ := strings.Cut(at, ".")
	return object
}

type legislator struct {
	rt       *rapid.T
	law      *ast.Schema
	elements map[string]*element // by coordinate
	amended  int
}

// element is what can carry a rule.
type element struct {
	law        *ast.Schema
	directives *ast.DirectiveList
	object     bool // without a rule it is @public, so that every field is decided
	supplied   bool // by the client: an argument or an input field
	keep       ast.DirectiveList
}

// state puts the rules, as they are written in a schema, in the place of those that there are.
func (e *element) state(rules []string) {
	if e.object && len(rules) == 0 {
		rules = []string{"@public"}
	}
	*e.directives = slices.Clone(e.keep)
	for _, text := range rules {
		doc, err := parser.ParseSchema(&ast.Source{Input: "scalar X " + text})
		if err != nil {
			panic(err)
		}
		d := doc.Definitions[0].Directives[0]
		d.Definition = e.law.Directives[d.Name]
		*e.directives = append(*e.directives, d)
	}
}

// ruled are the directives without those that are no rules.
func (e *element) ruled() ast.DirectiveList {
	return slices.DeleteFunc(slices.Clone(*e.directives), func(d *ast.Directive) bool {
		return slices.Contains([]string{"public", "signsIn", "cached"}, d.Name)
	})
}

// abolish takes all rules away, and finds what can carry one.
func (l *legislator) abolish() {
	add := func(at string, ds *ast.DirectiveList, object, supplied bool) {
		e := &element{law: l.law, directives: ds, object: object, supplied: supplied}
		for _, d := range *ds {
			if d.Name == "signsIn" || d.Name == "cached" {
				e.keep = append(e.keep, d)
			}
		}
		e.state(nil)
		l.elements[at] = e
	}
	for name, def := range l.law.Types {
		if def.BuiltIn || def.Kind != ast.Object && def.Kind != ast.Interface && def.Kind != ast.InputObject {
			continue
		}
		if def.Kind != ast.InputObject {
			add(name, &def.Directives, def.Kind == ast.Object, false)
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			add(name+"."+f.Name, &f.Directives, false, def.Kind == ast.InputObject)
			for _, a := range f.Arguments {
				add(name+"."+f.Name+"("+a.Name+":)", &a.Directives, false, true)
			}
		}
	}
}

// rules are those of one element: one most of the time, none, or some of which all must hold.
func (l *legislator) rules(e *element) []string {
	rules := rapid.SliceOfN(rapid.SampledFrom(rulesFor(e)), 0, 3).Draw(l.rt, "rules")
	if len(rules) > 1 {
		rules = slices.DeleteFunc(rules, func(r string) bool { return r == "@public" })
	}
	return rules
}

// oneOf is one rule of a kind, none where the element can have none of it.
func (l *legislator) oneOf(kind string, e *element) []string {
	of := slices.DeleteFunc(rulesFor(e), func(r string) bool { return !strings.HasPrefix(r, "@"+kind) })
	if len(of) == 0 {
		return nil
	}
	return []string{rapid.SampledFrom(of).Draw(l.rt, kind)}
}

func rulesFor(e *element) []string {
	of := []string{
		"@authenticated",
		"@hasRole(role: BOSS)", "@hasRole(role: [CLERK])", "@hasRole(role: [BOSS, CLERK])",
		`@requiresScopes(scopes: "all")`, `@requiresScopes(scopes: [["diary:read", "people:read"], ["all"]])`,
		`@requiresScopes(scopes: [["diary:read"]])`, `@requiresScopes(scopes: [["teams:read"]])`,
		`@hasClaim(name: "org.tier", in: "gold")`, `@hasClaim(name: "org.tier", in: ["gold", "iron"])`, `@hasClaim(name: "sub", in: ["ada", "cy"])`,
		`@hasClaim(name: "org.level", in: ["gold"])`, `@hasClaim(name: "roles", in: ["CLERK"])`,
	}
	if e.supplied {
		return of
	}
	return append(of,
		"@public",
		"@hasRole(role: BOSS, orOwner: true)", "@hasRole(role: [CLERK, BOSS], orOwner: true)", "@hasRole(role: CLERK, orOwner: true)",
		`@recentSignIn(within: "PT15M")`, `@recentSignIn(within: "PT1H")`, `@recentSignIn(within: "P1D")`)
}

// What a problem says of the places that it is about.
var (
	hidden     = regexp.MustCompile(`^(\S+): answers (\w+), which .* can hide`)
	undecided  = regexp.MustCompile(`^(\S+): answers (\w+), whose .* cannot be decided on an event`)
	ownedEvent = regexp.MustCompile(`^\S+: answers \w+, and orOwner of (\S+) cannot be decided`)
	suppliable = regexp.MustCompile(`^\S+: .* of (\S+) can deny it where`)
	deniable   = regexp.MustCompile(`^((\w+)\.\S+): .* can deny it where`)
	ownerless  = regexp.MustCompile(`^(\S+): orOwner`)
)

// amend does away with a problem: most of the time it takes rules away, and else it states them further up as well.
func (l *legislator) amend(problem string) {
	l.amended++
	lift := l.amended < 20 && rapid.Bool().Draw(l.rt, "lift")
	switch {
	case hidden.MatchString(problem):
		m := hidden.FindStringSubmatch(problem)
		if field, object := l.elements[m[1]], l.elements[m[2]]; lift && field != nil {
			field.also(object)
		} else {
			object.state(nil)
		}
	case undecided.MatchString(problem):
		l.elements[undecided.FindStringSubmatch(problem)[2]].state(nil)
	case ownedEvent.MatchString(problem):
		l.eachOf(ownedEvent.FindStringSubmatch(problem)[1], (*element).disown)
	case suppliable.MatchString(problem):
		l.eachOf(suppliable.FindStringSubmatch(problem)[1], func(e *element) { e.state(nil) })
	case deniable.MatchString(problem):
		m := deniable.FindStringSubmatch(problem)
		if field, object := l.elements[m[1]], l.elements[m[2]]; lift && len(field.ruled()) > 0 {
			object.also(field)
		} else {
			l.eachOf(m[1], func(e *element) { e.state(nil) })
		}
	case ownerless.MatchString(problem):
		l.disown(ownerless.FindStringSubmatch(problem)[1])
	default:
		l.rt.Fatalf("a problem of another kind: %s", problem)
	}
}

// also adds the rules of another element.
func (e *element) also(other *element) {
	if e.object && len(e.ruled()) == 0 {
		*e.directives = slices.Clone(e.keep)
	}
	*e.directives = append(slices.DeleteFunc(*e.directives, func(d *ast.Directive) bool { return d.Name == "public" }), other.ruled()...)
}

// disown takes the rules away that ask for an owner.
func (e *element) disown() {
	*e.directives = slices.DeleteFunc(*e.directives, func(d *ast.Directive) bool { return d.Arguments.ForName("orOwner") != nil })
	if e.object && len(e.ruled()) == 0 {
		e.state(nil)
	}
}

// disown does so for a field of a root type and that type, or for another type and all of its fields.
func (l *legislator) disown(at string) {
	l.eachOf(at, (*element).disown)
	if root, _, isField := strings.Cut(at, "."); isField {
		if slices.Contains([]string{"Query", "Mutation", "Subscription"}, root) {
			l.elements[root].disown()
		}
		return
	}
	for _, f := range l.law.Types[at].Fields {
		if l.elements[at+"."+f.Name] != nil {
			l.eachOf(at+"."+f.Name, (*element).disown)
		}
	}
}

// eachOf acts on an element, and on those of the interfaces whose rules it has too.
func (l *legislator) eachOf(at string, act func(*element)) {
	act(l.elements[at])
	object, rest, _ := strings.Cut(at, ".")
	for _, i := range l.law.Types[object].Interfaces {
		if declared := l.elements[i+"."+rest]; declared != nil {
			act(declared)
			act(l.elements[i])
		}
	}
}
