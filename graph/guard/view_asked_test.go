package guard_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// Every field, argument and input field that a view offers on the way from the root types can be asked: no claims
// refuse it. (Without sign-ins, below which other claims count.)
func TestWhatAViewOffersIsNotRefused(t *testing.T) {
	schema := testserver.SchemaOf(nil, changed(t, "@public @signsIn", "@authenticated", "[[Letter!]]", "[[Letter]]", "type SignInPayload @public", "type SignInPayload @authenticated"))
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[*guard.View]bool{} // callers share them
	rapid.Check(t, func(rt *rapid.T) {
		caller := testserver.Caller((&writer{t: rt, schema: schema.Schema()}).verified())
		if caller.Claims != nil {
			caller.Claims.AuthTime = new(testserver.Noon())
		}
		if asked[g.View(caller)] {
			return
		}
		asked[g.View(caller)] = true
		a := &asker{t: rt, guard: g, whole: schema.Schema(), view: g.View(caller).Schema(), caller: caller, seen: map[string]bool{}}
		for _, root := range []*ast.Definition{a.view.Query, a.view.Mutation, a.view.Subscription} {
			if root != nil {
				a.all(root, strings.ToLower(root.Name)+" { %s }")
			}
		}
		for name, def := range a.view.Types {
			if def.IsCompositeType() && !def.BuiltIn && !a.seen[name] {
				rt.Errorf("nothing was asked of %s", name)
			}
		}
	})
}

// What stands below a sign-in is offered to whoever asks, and answered to whom it signs in.
func TestWhatIsOfferedBelowASignInIsAnswered(t *testing.T) {
	tell(t, map[string]story{
		"to nobody": {
			question{query: `mutation { signIn(name: "ada") { person { email diary } letters { text } query { me { id } } greeting(filter: {team: {secret: 1}}) } }`},
			reply{
				`{"signIn":{"person":{"email":"ada@office.test","diary":"diary"},"letters":[null,{"text":"Dear ada"}],"query":{"me":{"id":"ada"}},"greeting":"hello"}}`,
				[]string{"FORBIDDEN Letter signIn.letters.0"},
				[]string{"Mutation.signIn", "Person.diary", "Person.email", "Query.me", "SignInPayload.greeting"},
			},
		},
	})
	offered := guard.NewViews(changed(t)).Of(auth.Nobody)
	for _, coordinate := range []string{"SignInPayload.person", "Person.diary", "Letter.text", "Query.me", "TeamFilter.secret"} {
		if !offered.Shows(coordinate) {
			t.Errorf("%s is not offered", coordinate)
		}
	}
}

// asker asks for all that a view offers, one thing at a time.
type asker struct {
	t      *rapid.T
	guard  *guard.Guard
	whole  *ast.Schema
	view   *ast.Schema
	caller auth.Caller
	seen   map[string]bool
}

// all asks for each field of a type where path has its place.
func (a *asker) all(def *ast.Definition, path string) {
	if a.seen[def.Name] {
		return
	}
	a.seen[def.Name] = true
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		for i, given := range a.arguments(f) {
			a.ask(fmt.Sprintf(path, f.Name+given+a.leaf(f)))
			inner := a.view.Types[f.Type.Name()]
			if i == 0 && inner.IsCompositeType() {
				a.behind(inner, fmt.Sprintf(path, f.Name+given+" { %s }"))
			}
		}
	}
}

// behind goes on with what a field answers, and with what that can be.
func (a *asker) behind(def *ast.Definition, path string) {
	a.all(def, path)
	for _, p := range a.view.GetPossibleTypes(def) {
		if p != def {
			a.all(p, fmt.Sprintf(path, "... on "+p.Name+" { %s }"))
		}
	}
	for _, i := range def.Interfaces {
		a.all(a.view.Types[i], fmt.Sprintf(path, "... on "+i+" { %s }"))
	}
}

func (a *asker) leaf(f *ast.FieldDefinition) string {
	if a.view.Types[f.Type.Name()].IsCompositeType() {
		return " { __typename }"
	}
	return ""
}

// arguments are what the field requires, and that with each of the others.
func (a *asker) arguments(f *ast.FieldDefinition) []string {
	var required []string
	for _, arg := range f.Arguments {
		if arg.Type.NonNull && arg.DefaultValue == nil {
			required = append(required, arg.Name+": "+a.values(arg.Type, 2)[0])
		}
	}
	all := [][]string{required}
	for _, arg := range f.Arguments {
		for _, v := range a.values(arg.Type, 2) {
			others := slices.DeleteFunc(slices.Clone(required), func(r string) bool { return strings.HasPrefix(r, arg.Name+":") })
			all = append(all, append(others, arg.Name+": "+v))
		}
	}
	var texts []string
	for _, given := range all {
		if len(given) == 0 {
			texts = append(texts, "")
			continue
		}
		texts = append(texts, "("+strings.Join(given, ", ")+")")
	}
	return texts
}

// values are one value of a type, and of an input type one for each of its fields.
func (a *asker) values(t *ast.Type, depth int) []string {
	def := a.view.Types[t.Name()]
	switch {
	case def.Kind == ast.Enum:
		return []string{def.EnumValues[0].Name}
	case def.Kind == ast.InputObject:
		return a.objects(def, depth)
	case def.Name == "Boolean":
		return []string{"true"}
	case def.Name == "Int" || def.Name == "Count":
		return []string{"1"}
	default:
		return []string{`"a"`}
	}
}

func (a *asker) objects(def *ast.Definition, depth int) []string {
	var required []string
	for _, f := range def.Fields {
		if f.Type.NonNull && f.DefaultValue == nil {
			required = append(required, f.Name+": "+a.values(f.Type, 0)[0])
		}
	}
	all := []string{"{" + strings.Join(required, ", ") + "}"}
	for _, f := range def.Fields {
		if depth == 0 || f.Type.NonNull && f.DefaultValue == nil {
			continue
		}
		for _, v := range a.values(f.Type, depth-1) {
			all = append(all, "{"+strings.Join(append(slices.Clone(required), f.Name+": "+v), ", ")+"}")
		}
	}
	return all
}

// ask fails unless the whole schema and the view take the operation, and claims refuse nothing of it.
func (a *asker) ask(text string) {
	if _, errs := gqlparser.LoadQueryWithRules(a.view, text, guard.Rules()); errs != nil {
		a.t.Fatalf("the view does not take %s: %v", text, errs)
	}
	doc, errs := gqlparser.LoadQueryWithRules(a.whole, text, guard.Rules())
	if errs != nil {
		a.t.Fatalf("the schema does not take %s: %v", text, errs)
	}
	oc := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], RawQuery: text}
	if refused := a.guard.Refused(oc, a.caller); len(refused) > 0 {
		a.t.Fatalf("%v is offered %s, and refused %q", a.caller.Claims, text, refused)
	}
}
