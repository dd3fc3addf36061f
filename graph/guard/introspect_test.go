package guard_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

func TestIntrospectionAnswersFromTheViewOfWhoAsks(t *testing.T) {
	o := newOffice(t)
	const safe = `__type(name: "Safe") { name possibleTypes { name } } `
	const priced = `__type(name: "Priced") { possibleTypes { name } } `
	hidden, shown := `{"__type":null}`, `{"__type":{"name":"Safe","possibleTypes":[]}}`
	tests := map[string]story{
		"a hidden type is null":       {question{caller: "ada", query: `{ ` + safe + `}`}, reply{hidden, nil, nil}},
		"as one that there is not":    {question{caller: "ada", query: `{ __type(name: "Nonsense") { name } }`}, reply{hidden, nil, nil}},
		"a type that is open is told": {question{caller: "ada BOSS", query: `{ ` + safe + `}`}, reply{shown, nil, nil}},
		"an interface's possible types are those that are open": {
			question{caller: "ada BOSS", query: `{ ` + priced + `node: __type(name: "Node") { possibleTypes { name } } }`},
			reply{`{"__type":{"possibleTypes":[{"name":"Parcel"},{"name":"Safe"}]},"node":{"possibleTypes":[{"name":"Crate"},{"name":"Letter"},{"name":"Person"},{"name":"Safe"},{"name":"Tool"}]}}`, nil, nil},
		},
		"and of an interface that is not there are none": {
			question{caller: "ada CLERK", query: `{ ` + priced + `node: __type(name: "Node") { possibleTypes { name } } }`},
			reply{`{"__type":null,"node":{"possibleTypes":[{"name":"Crate"},{"name":"Letter"},{"name":"Person"},{"name":"Tool"}]}}`, nil, nil},
		},
		"an object's interfaces are those that are open": {
			question{caller: "ada", query: `{ __type(name: "Parcel") { interfaces { name } fields { name args { name } } } }`},
			reply{`{"__type":{"interfaces":[{"name":"Rated"}],"fields":[{"name":"label","args":[]},{"name":"rating","args":[]}]}}`, nil, nil},
		},
		"the guard's own directives are none of a client's": {
			question{caller: "ada BOSS", query: `{ __schema { directives { name } } }`},
			reply{`{"__schema":{"directives":[{"name":"defer"},{"name":"deprecated"},{"name":"include"},{"name":"oneOf"},{"name":"skip"},{"name":"specifiedBy"}]}}`, nil, nil},
		},
		"beneath a field that answers Query": {
			question{caller: "ada BOSS", query: `{ viewer { query { ` + safe + `} open { ` + safe + `} } }`},
			reply{`{"viewer":{"query":` + shown + `,"open":` + shown + `}}`, nil, []string{"Query.viewer"}},
		},
		"beneath a field that answers Query, hidden": {
			question{caller: "ada", query: `{ viewer { open { ` + safe + `__typename } ask { private { query { ` + safe + `} } } } }`},
			reply{
				`{"viewer":{"open":{"__type":null,"__typename":"Query"},"ask":{"private":{"query":{"__type":null}}}}}`, nil,
				[]string{"Query.private", "Query.viewer"},
			},
		},
		"in fragments and under other names": {
			question{caller: "ada", query: `query($n: String!) { ...f ... on Query { a: __type(name: $n) { name } } } fragment f on Query { b: __type(name: $n) { name } }`, variables: map[string]any{"n": "Safe"}},
			reply{`{"b":null,"a":null}`, nil, nil},
		},
		"beneath a mutation's payload": {
			question{caller: "ada CLERK", query: `mutation { touch(id: "ada") { query { ` + safe + `letter: __type(name: "Letter") { name } } } }`},
			reply{`{"touch":{"query":{"__type":null,"letter":{"name":"Letter"}}}}`, nil, []string{"Mutation.touch"}},
		},
		"below a sign-in, from the view of whom it has signed in": {
			question{query: `mutation { signIn(name: "ada BOSS") { query { ` + safe + `} } }`},
			reply{`{"signIn":{"query":` + shown + `}}`, nil, []string{"Mutation.signIn"}},
		},
		"and not from that of who asked to sign in": {
			question{caller: "ada BOSS", query: `mutation { signIn(name: "cy") { query { ` + safe + `} } }`},
			reply{`{"signIn":{"query":` + hidden + `}}`, nil, []string{"Mutation.signIn"}},
		},
		"a query that is denied as a whole tells nothing": {
			question{caller: "ada", query: `{ viewer { query { ` + safe + `} } }`},
			reply{`{"viewer":{"query":null}}`, []string{"FORBIDDEN Viewer.query viewer.query"}, []string{"Query.viewer"}},
		},
		"whose token does not verify is told nothing": {
			question{caller: "? ada", query: `{ ` + safe + `}`},
			reply{"", []string{"UNAUTHENTICATED invalid_token The access token is not valid, or no longer. Refresh it and repeat."}, nil},
		},
		"beside what is denied": {
			question{caller: "ada", query: `{ __schema { queryType { name } } safe { code } }`},
			reply{`{"__schema":{"queryType":{"name":"Query"}},"safe":null}`, []string{"FORBIDDEN Safe safe"}, nil},
		},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) { s.want.is(t, o.ask(t, s.question)) })
	}
}

func TestIntrospectionStaysOffWhereItIsOff(t *testing.T) {
	for _, query := range []string{`{ __schema { queryType { name } } }`, `{ open __type(name: "Person") { name } }`, `{ viewer { open { __type(name: "Person") { name } } } }`} {
		p := prepare(t, "ada BOSS", query) // an executor without the extension
		respond, ctx := p.executor.DispatchOperation(p.ctx, p.oc)
		resp := respond(ctx)
		if len(resp.Errors) != 1 || resp.Errors[0].Message != "introspection disabled" || strings.Contains(string(resp.Data), "name") {
			t.Errorf("%s is answered with %s %v", query, resp.Data, resp.Errors)
		}
	}
}

func TestAnIntrospectionQueryIsTheViewAndTheViewIsItsText(t *testing.T) {
	o := newOffice(t)
	views := guard.NewViews(changed(t))
	for _, caller := range []string{"", "ada", "ada CLERK", "ada BOSS", "ada scope:all", "ada CLERK BOSS org.tier=gold"} {
		view := views.Of(testserver.Caller(caller))
		asked := o.introspect(t, caller).lines()
		if diff := cmp.Diff(withoutDefer(introspected(t, view.Schema())), withoutDefer(asked)); diff != "" {
			t.Errorf("%q: introspection differs from the view:\n%s", caller, diff)
		}
		if diff := cmp.Diff(withoutDefer(introspected(t, wantSchema(t, view.SDL(false)))), withoutDefer(asked)); diff != "" {
			t.Errorf("%q: the view's text reads as another schema:\n%s", caller, diff)
		}
	}
}

// withoutDefer leaves out a directive that gqlgen and gqlparser describe in two ways.
func withoutDefer(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, "@defer") })
}

// Whatever can be read of a schema tells nobody the name of what is hidden from them.
func TestNoNameThatIsHiddenIsFoundInAnythingThatIsTold(t *testing.T) {
	const hush = `
		type Query { a(i: In = {visible: 1, hushField: 2}, hushArgument: HushEnum @hasRole(role: BOSS)): Any @public
			"See hushField, ` + "`quiet`" + `, Owned.quiet, Chief.id and HushType(hushArgument:); quiet is a word, and so is HUSH."
			old: Int @public @deprecated(reason: "Use quiet or HushType.hushField.")
			"@hushDirective is not for you, nor ` + "`HUSH`" + `."
			hushField: HushType @public }
		type Mutation { hushMutation(i: HushInput): Int @hasRole(role: BOSS) }
		type Subscription { hushSubscription: HushType @authenticated }
		union Any = Owned | HushType
		interface HushInterface @hasRole(role: BOSS) { hushField: Int }
		interface Node @public { id: ID! quiet: Int @hasRole(role: BOSS) by(hushArgument: Int @hasRole(role: BOSS)): Int }
		extend type Owned implements Node { quiet: Int by(hushArgument: Int): Int }
		type HushType implements HushInterface @hasRole(role: BOSS) { hushField: Int }
		input In { visible: Int = 1 hushField: Int @hasRole(role: BOSS) "Not hushField." hushNot: HushInput }
		input HushInput { hushField: Int! @hasRole(role: BOSS) visible: HushEnum }
		enum HushEnum { HUSH LOUD }
		scalar HushScalar
		directive @hushDirective(hushArgument: HushScalar) on FIELD_DEFINITION`
	hushed := regexp.MustCompile(`(?i)hush|quiet|loud|chief|role|boss`)
	views := guard.NewViews(schemaOf(t, strings.ReplaceAll(hush, "hushField: HushType @public", "loud: HushType @public")))
	view := views.Of(testserver.Caller("ada"))
	told := map[string]string{
		"the text":                   view.SDL(false),
		"introspection":              strings.Join(introspected(t, view.Schema()), "\n"),
		"what has the rules, to few": strings.NewReplacer("BOSS", "", "Role", "", "hasRole", "", "role", "").Replace(view.SDL(true)),
	}
	const words = "quiet is a word, and so is HUSH."
	for what, text := range told {
		if !strings.Contains(text, words) {
			t.Errorf("%s does not have the description's words:\n%s", what, text)
		}
		if found := hushed.FindAllString(strings.ReplaceAll(text, words, ""), -1); len(found) > 0 {
			t.Errorf("%s tells %q:\n%s", what, found, text)
		}
	}
}

func TestAHiddenTypeOfAnObjectIsNotToldByTypename(t *testing.T) {
	o := newOffice(t)
	for _, query := range []string{
		`{ node(id: "safe") { __typename } }`, `{ hit(id: "safe") { t: __typename } }`, `{ nodes { __typename } }`, `{ hits { ... on Node { __typename } } }`,
	} {
		body := string(o.post(t, question{caller: "ada CLERK", query: query}, "application/json"))
		var r struct{ Data json.RawMessage }
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(r.Data), "Safe") {
			t.Errorf("%s answers %s", query, r.Data)
		}
	}
}

// Introspection of many at once makes each view once, and is safe.
func TestManyCallersIntrospectAtOnce(t *testing.T) {
	o := newOffice(t)
	callers := []string{"", "ada", "ada CLERK", "ada BOSS"}
	want := map[string][]string{}
	for _, c := range callers {
		want[c] = newOffice(t).introspect(t, c).lines()
	}
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			c := callers[i%len(callers)]
			if diff := cmp.Diff(want[c], o.introspect(t, c).lines()); diff != "" {
				t.Errorf("%q is shown another schema:\n%s", c, diff)
			}
		})
	}
	all.Wait()
}

func TestTheViewsThatAreKeptAreBounded(t *testing.T) {
	views := guard.NewViews(schemaOf(t, manyScopes(10)))
	for i := range 1 << 10 {
		caller := "ada"
		for bit := range 10 {
			if i&(1<<bit) != 0 {
				caller += " scope:" + string(rune('a'+bit))
			}
		}
		views.Of(testserver.Caller(caller + " scope:z"))
	}
	if kept, bound := views.Kept(); kept > bound {
		t.Errorf("views of the weight %d are kept, more than %d", kept, bound)
	}
}

// manyScopes is a wide schema with as many views as there are sets of scopes.
func manyScopes(n int) string {
	var b strings.Builder
	b.WriteString("type Query { a: T0 @public } ")
	for i := range n {
		fmt.Fprintf(&b, "type T%d @public { x: Int next: T%d ", i, (i+1)%n)
		for f := range 20 {
			fmt.Fprintf(&b, `f%d: Int @requiresScopes(scopes: [["%c"]]) `, f, 'a'+i)
		}
		b.WriteString("} ")
	}
	return b.String()
}
