package guard_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// judged is an operation, and what the guard says of it before it runs.
type judged struct {
	verdicts []guard.Verdict
	told     []guard.Verdict
	refused  bool
}

func judge(t testing.TB, g *guard.Guard, schema *ast.Schema, q question) judged {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(schema, q.query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	op := doc.Operations.ForName(q.operation)
	variables, err := validator.VariableValues(schema, op, q.variables)
	if err != nil {
		t.Fatal(err)
	}
	c := testserver.Caller(q.caller)
	told, refused := g.Refusal(doc, op, variables, c)
	return judged{g.Verdicts(doc, op, variables, c), told, refused}
}

// short writes a verdict as "Person.email own".
func short(vs []guard.Verdict) []string {
	var all []string
	for _, v := range vs {
		word := strings.ToLower(string(v.Outcome))
		if v.Code != "" {
			word = string(v.Code)
		}
		all = append(all, v.Coordinate+" "+word)
	}
	return all
}

func TestVerdicts(t *testing.T) {
	tests := map[string]struct {
		question
		want []string
		told []string // of an operation that is refused as a whole
	}{
		"fields and types in the order of the document, each once": {
			question{caller: "ada", query: `{ me { ...f salary again: email } open } fragment f on Node { id ... on Person { name email } }`},
			[]string{
				"Query.me allowed", "Person allowed", "Person.id allowed", "Person.name allowed", "Person.email own",
				"Person.salary FORBIDDEN", "Query.open allowed",
			},
			nil,
		},
		"each type that an object may be of, with what its type's rule says of its fields": {
			question{caller: "ada", query: `{ hits { ... on Node { id } ... on Parcel { label } } }`},
			[]string{
				"Query.hits allowed", "Crate own", "Letter own", "Person allowed", "Safe FORBIDDEN", "Tool allowed",
				"Crate.id own", "Letter.id own", "Person.id allowed", "Safe.id FORBIDDEN", "Tool.id allowed", "Parcel.label allowed",
			},
			nil,
		},
		"what stands below a denied place": {
			question{query: `{ letters { text } }`},
			[]string{"Query.letters UNAUTHENTICATED", "Letter UNAUTHENTICATED", "Letter.text UNAUTHENTICATED"},
			nil,
		},
		"a sign-in that is too long ago, alone and for the owner": {
			question{caller: "ada ago:2h", query: `{ me { vote will } }`},
			[]string{"Query.me allowed", "Person allowed", "Person.vote RECENT_SIGN_IN_REQUIRED", "Person.will RECENT_SIGN_IN_REQUIRED"},
			nil,
		},
		"what @skip and @include leave out": {
			question{
				caller: "ada", query: `query($no: Boolean!) { open @include(if: $no) me @skip(if: $no) { salary @skip(if: true) ... @include(if: $no) { bonus } name } }`,
				variables: map[string]any{"no": false},
			},
			[]string{"Query.me allowed", "Person allowed", "Person.name allowed"},
			nil,
		},
		"arguments and input fields that are supplied, and that state a rule": {
			question{
				caller: "ada", query: `query($f: Filter, $l: Count, $d: [Filter!] = [{salaryAbove: 1}]) { search(text: "a", limit: $l, filter: $f, anyOf: $d, grid: {team: {secret: null}}) }`,
				variables: map[string]any{"f": map[string]any{"not": map[string]any{"team": map[string]any{"secret": 1}}}},
			},
			[]string{
				"Query.search allowed", "TeamFilter.secret allowed", "Filter.salaryAbove FORBIDDEN", "Query.search(grid:) allowed",
			},
			nil,
		},
		"a mutation of which anything is denied": {
			question{caller: "ada", query: `mutation { touch(id: "ada") { person { salary } } fire(id: "bob") { person { name } } }`},
			[]string{
				"Mutation.touch allowed", "PersonPayload allowed", "PersonPayload.person allowed", "Person allowed",
				"Person.salary FORBIDDEN", "Mutation.fire FORBIDDEN", "Person.name allowed",
			},
			[]string{"Person.salary FORBIDDEN", "Mutation.fire FORBIDDEN"},
		},
		"a mutation of which only an object could deny anything": {
			question{caller: "ada", query: `mutation { find(id: "safe") { id } }`},
			[]string{
				"Mutation.find allowed", "Crate own", "Letter own", "Person allowed", "Safe FORBIDDEN", "Tool allowed",
				"Crate.id own", "Letter.id own", "Person.id allowed", "Safe.id FORBIDDEN", "Tool.id allowed",
			},
			nil,
		},
		"below a @signsIn field, as for someone without roles who has just signed in": {
			question{query: `mutation { signIn(name: "ada") { hint person { name vote email salary } letters { stamp } greeting(in: "x") } }`},
			[]string{
				"Mutation.signIn allowed", "SignInPayload.hint FORBIDDEN", "SignInPayload.person allowed", "Person allowed",
				"Person.name allowed", "Person.vote allowed", "Person.email own", "Person.salary FORBIDDEN",
				"SignInPayload.letters allowed", "Letter own", "Letter.stamp FORBIDDEN",
				"SignInPayload.greeting allowed", "SignInPayload.greeting(in:) FORBIDDEN",
			},
			nil,
		},
		"of a place below a @signsIn field and elsewhere, the graver": {
			question{query: `mutation { signIn(name: "ada") { person { name } } sneak(name: "bob") { person { name } } }`},
			[]string{
				"Mutation.signIn allowed", "SignInPayload.person allowed", "Person UNAUTHENTICATED", "Person.name UNAUTHENTICATED",
				"Mutation.sneak allowed", "SneakPayload.person allowed",
			},
			[]string{"Person UNAUTHENTICATED"},
		},
		"a subscription": {
			question{caller: "ada", query: `subscription { ticks { number cost } }`},
			[]string{"Subscription.ticks allowed", "Tick allowed", "Tick.number allowed", "Tick.cost FORBIDDEN"},
			[]string{"Tick.cost FORBIDDEN"},
		},
		"one operation of several": {
			question{caller: "ada", query: `query A { open } query B { me { __typename } __schema { description } }`, operation: "B"},
			[]string{"Query.me allowed", "Person allowed"},
			nil,
		},
	}
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := judge(t, g, schema.Schema(), test.question)
			if diff := cmp.Diff(test.want, short(got.verdicts)); diff != "" {
				t.Errorf("verdicts differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.told, short(got.told), cmpopts.EquateEmpty()); diff != "" || got.refused != (len(test.told) > 0) {
				t.Errorf("refused is %t; what is told differs (-want +got):\n%s", got.refused, diff)
			}
		})
	}
}

func TestAVerdictStatesTheRulesThatHoldThere(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	got := judge(t, g, schema.Schema(), question{caller: "ada", query: `mutation { praise(id: "a", times: 1) { query { letters { stamp } } } }`})
	want := map[string]string{
		"Mutation.praise":         "@authenticated",
		"Mutation.praise(times:)": "@authenticated @hasRole(role: [BOSS])",
		"Letter":                  "@hasRole(role: [CLERK], orOwner: true)",
		"Letter.stamp":            "@hasRole(role: [BOSS]) @hasRole(role: [CLERK], orOwner: true)",
		"PersonPayload":           "@authenticated",
		"PersonPayload.query":     "@authenticated @hasRole(role: [CLERK])",
		"Query.letters":           "@authenticated",
	}
	rules := map[string]string{}
	for _, v := range got.verdicts {
		rules[v.Coordinate] = v.Rule
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("rules differ (-want +got):\n%s", diff)
	}
	for _, v := range got.told {
		if v.Rule != want[v.Coordinate] {
			t.Errorf("of the refusal for %s the rule is %q", v.Coordinate, v.Rule)
		}
	}
}

func TestATokenThatDoesNotVerifyIsRefusedWhereItMatters(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	for query, refused := range map[string]bool{
		`{ open }`:             true,
		`mutation { signOut }`: false,
		`mutation { signIn(name: "ada") { hint } }`:              false,
		`mutation { signOut sneak(name: "ada") { __typename } }`: true,
	} {
		got := judge(t, g, schema.Schema(), question{caller: "?", query: query})
		if got.refused != refused || len(got.told) > 0 {
			t.Errorf("%s: refused is %t, told %v", query, got.refused, got.told)
		}
	}
}

// Whatever the guard denies while an operation runs, its verdicts have said before, and of what they allow it denies nothing.
func TestVerdictsSayBeforeWhatTheGuardDoesThen(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(testserver.Handler(schema, g))
	defer srv.Close()
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt, schema: schema.Schema()}
		q := question{query: w.plain(w.document()), operation: "Main", caller: w.caller(), variables: w.variables()}
		before := judge(t, g, schema.Schema(), q)
		said := map[string]guard.Verdict{}
		for _, v := range before.verdicts {
			said[v.Coordinate] = v
		}
		for _, e := range errorsOf(t, office{srv.URL, nil}.post(t, q, "application/json")) {
			code, rest, _ := strings.Cut(e, " ")
			coordinate, _, _ := strings.Cut(rest, " ")
			if coordinate == "invalid_token" && before.refused {
				continue
			}
			v := said[coordinate]
			want := fmt.Sprint(v.Code)
			if v.Outcome == guard.Own || strings.Contains(v.Rule, "orOwner") && code == "FORBIDDEN" {
				want = "FORBIDDEN"
			}
			if v.Outcome == guard.Allowed || want != code {
				rt.Fatalf("the guard says %q, and before %+v of\n%s", e, v, q.query)
			}
		}
	})
}

func TestAGuardWithoutObjectsStandsBeforeNoExecutor(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := guard.NewWithoutObjects(schema.Schema(), testserver.Noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Validate(schema); err == nil {
		t.Error("it would decide on objects whose owners it cannot tell")
	}
}

func TestAGuardWithoutObjectsRefusesWhatNewRefuses(t *testing.T) {
	schema := schemaOf(t, "type Query { a: String }")
	_, err := guard.NewWithoutObjects(schema, testserver.Noon, guard.WithoutIdentity("Query.b"))
	want := "hold the schema against the guard:\nWithoutIdentity: there is no root field Query.b\n" +
		"schema.graphqls:1: Query.a: no rule and no @public reaches it: write @public, @authenticated or @hasRole"
	if err == nil || err.Error() != want {
		t.Errorf("it says %v", err)
	}
}
