package guard_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/generated"
)

// reports are what a trial has reported, as "CODE coordinate".
type reports struct {
	mu  sync.Mutex
	all []string
}

func (r *reports) report(_ context.Context, coordinate string, code auth.Code) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, string(code)+" "+coordinate)
}

func (r *reports) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

// trying is the test server with another schema's rules on trial.
func trying(t testing.TB, trial *ast.Schema, report func(context.Context, string, auth.Code)) office {
	t.Helper()
	calls := &testserver.Calls{}
	schema := testserver.Schema(calls)
	g, err := guard.New(schema.Schema(), generated.Objects, testserver.Noon,
		guard.WithoutIdentity("Mutation.signOut"), guard.Trial(trial, report))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(testserver.Handler(schema, g))
	t.Cleanup(srv.Close)
	return office{srv.URL, calls}
}

// narrower is the test server's schema with rules that are narrower in places, and wider in one.
func narrower(t testing.TB) *ast.Schema {
	t.Helper()
	return changed(t,
		"open: String @public", "open: String @authenticated",
		"people(count: Int): [Person]! @public", "people(count: Int @hasRole(role: CLERK)): [Person] @public",
		"name: String!\n  title: String\n", "name: String @hasRole(role: CLERK)\n  title: String\n",
		"salary: Int @hasRole(role: BOSS)", "salary: Int @hasRole(role: CLERK)",
		"diary: String @requires", "diary: String @recentSignIn(within: \"PT1M\") @requires",
		"pension: Int @hasRole(role: [CLERK, BOSS]) @hasRole(role: BOSS)", "pension: Int @hasRole(role: CLERK)",
		"type Letter implements Node @hasRole(role: CLERK, orOwner: true)", "type Letter implements Node @hasRole(role: CLERK)",
		"type Parcel implements Priced & Rated @public", "type Parcel implements Priced & Rated @hasRole(role: BOSS)",
		"name: String\n  query: Query @hasRole(role: BOSS)", "name: String\n  query: Query @public",
		"touch(id: ID!): PersonPayload @authenticated", "touch(id: ID!): PersonPayload @hasRole(role: BOSS)",
		"team: TeamFilter\n", "team: TeamFilter @hasRole(role: BOSS)\n",
		"alarms: Tick! @hasRole(role: BOSS)", "alarms: Tick! @hasRole(role: BOSS) @recentSignIn(within: \"PT5M\")",
	)
}

func TestATrialReportsWhatItWouldDenyAndChangesNothing(t *testing.T) {
	tests := map[string]struct {
		question
		want []string
	}{
		"a field": {question{query: `{ open }`}, []string{"UNAUTHENTICATED Query.open"}},
		"a field that is open by both": {
			question{caller: "ada CLERK", query: `{ open me { name } }`}, nil,
		},
		"what is denied today already is not reported, nor what stands below it": {
			question{query: `{ me { name } letters { text } }`}, nil,
		},
		"what stands below a place that the trial opens is not reached today": {
			question{query: `{ viewer { query { open } } }`}, nil,
		},
		"what stands below a new null is not reported": {
			question{caller: "ada", query: `{ people(count: 1) { name } }`}, []string{"FORBIDDEN Query.people(count:)"},
		},
		"what the trial opens is not reported": {question{caller: "ada CLERK", query: `{ me { salary } }`}, nil},
		"each coordinate once": {
			question{caller: "ada", query: `{ me { name again: name ...f } } fragment f on Node { ... on Person { name } }`},
			[]string{"FORBIDDEN Person.name"},
		},
		"a fragment that stands below a denied place first": {
			question{caller: "ada", query: `{ a: me { safe { ...f } } me { boss { ...f } } } fragment f on Node { ... on Person { name } id }`},
			[]string{"FORBIDDEN Person.name"},
		},
		"a sign-in that would be too long ago": {
			question{caller: "ada ago:2m", query: `{ me { diary } }`}, []string{"RECENT_SIGN_IN_REQUIRED Person.diary"},
		},
		"what the object was asked for, and claims alone would decide": {
			question{caller: "ada", query: `{ letters { text } }`}, []string{"FORBIDDEN Letter"},
		},
		"what only the object decides counts as not denied": {
			question{caller: "bob ago:1m", query: `{ me { email will } hits { ... on Parcel { label } } }`}, nil,
		},
		"what @skip leaves out": {
			question{caller: "ada", query: `query($no: Boolean!) { open me { name @skip(if: true) id @skip(if: $no) ... @include(if: $no) { name } } }`, variables: map[string]any{"no": false}},
			nil,
		},
		"an input field, in a variable": {
			question{caller: "ada", query: `query($f: Filter) { search(filter: $f) }`, variables: map[string]any{"f": map[string]any{"and": []any{map[string]any{"team": nil}}}}},
			[]string{"FORBIDDEN Filter.team"},
		},
		"an input field that is not supplied": {question{caller: "ada", query: `query($f: Filter) { search(filter: $f) }`}, nil},
		"all that a mutation would be refused for": {
			question{caller: "ada", query: `mutation { touch(id: "ada") { person { name id } } }`},
			[]string{"FORBIDDEN Mutation.touch", "FORBIDDEN Person.name"},
		},
		"a mutation that is refused today": {
			question{caller: "ada", query: `mutation { touch(id: "ada") { person { name } } fire(id: "ada") { person { name } } }`}, nil,
		},
		"what stands below a @signsIn field counts as not denied": {
			question{caller: "ada", query: `mutation { signIn(name: "bob") { person { name } } touch(id: "ada") { __typename } }`},
			[]string{"FORBIDDEN Mutation.touch"},
		},
		"a token that does not verify":                              {question{caller: "?", query: `{ open }`}, nil},
		"an operation that is refused as a whole for its root type": {question{query: `{ __typename }`}, nil},
		"a subscription, when it begins": {
			question{caller: "ada BOSS ago:6m", query: `subscription { alarms { number } }`}, []string{"RECENT_SIGN_IN_REQUIRED Subscription.alarms"},
		},
	}
	r := &reports{}
	plain, tried := newOffice(t), trying(t, narrower(t), r.report)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			accept := "application/json"
			if strings.HasPrefix(test.query, "subscription") {
				accept = "text/event-stream"
			}
			for range 2 { // planned anew, and kept
				with, without := string(tried.post(t, test.question, accept)), string(plain.post(t, test.question, accept))
				if diff := cmp.Diff(without, with); diff != "" && !strings.Contains(without, "errors") { // which come in no order
					t.Errorf("the answer differs (-without a trial +with one):\n%s", diff)
				}
				if diff := cmp.Diff(test.want, r.take(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("reports differ (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestATrialOfARuleOnARootTypeReportsItAlone(t *testing.T) {
	r := &reports{}
	o := trying(t, changed(t, "type Query {", "type Query @hasRole(role: BOSS) {", "open: String @public", "open: String @hasRole(role: CLERK)"), r.report)
	for caller, want := range map[string][]string{
		"":         {"UNAUTHENTICATED Query"},
		"ada":      {"FORBIDDEN Query"},
		"ada BOSS": {"FORBIDDEN Query.open"},
	} {
		o.post(t, question{caller: caller, query: `{ open }`}, "application/json")
		if diff := cmp.Diff(want, r.take()); diff != "" {
			t.Errorf("reports of %q differ (-want +got):\n%s", caller, diff)
		}
	}
}

func TestATrialOfTheRulesInForceReportsNothing(t *testing.T) {
	r := &reports{}
	schema := testserver.Schema(nil).Schema()
	o := trying(t, changed(t), r.report)
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt, schema: schema}
		q := question{query: w.plain(w.document()), operation: "Main", caller: w.caller(), variables: w.variables()}
		o.post(t, q, "application/json")
		if got := r.take(); len(got) > 0 {
			rt.Fatalf("reported %v of\n%s", got, q.query)
		}
	})
}

// What a trial reports is denied by its rules and not by those in force; and what a server under its rules would deny at
// the first occurrence, by claims alone, is reported where it has been reached.
func TestATrialReportsWhatItsRulesDeny(t *testing.T) {
	schema := testserver.Schema(nil)
	inForce, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	trial := narrower(t)
	then, err := guard.NewWithoutObjects(trial, testserver.Noon)
	if err != nil {
		t.Fatal(err)
	}
	r := &reports{}
	o := trying(t, trial, r.report)
	reported := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt, schema: schema.Schema()}
		q := question{query: w.plain(w.document()), operation: "Main", caller: w.caller(), variables: w.variables()}
		o.post(t, q, "application/json")
		before, after := short(judge(t, inForce, schema.Schema(), q).verdicts), short(judge(t, then, trial, q).verdicts)
		for _, got := range r.take() {
			reported++
			code, coordinate, _ := strings.Cut(got, " ")
			if !slices.Contains(after, coordinate+" "+code) || slices.Contains(before, coordinate+" "+code) {
				rt.Fatalf("reported %s; the verdicts are %v in force and %v in the trial of\n%s", got, before, after, q.query)
			}
		}
	})
	if reported == 0 {
		t.Error("nothing was ever reported")
	}
}

func TestATrialSchemaWithLessDecidesLess(t *testing.T) {
	trial := schemaOf(t, `type Query { open: String @authenticated me: Person @hasRole(role: BOSS) people: [Person] @public hit: Person @public }
		type Person @authenticated { name: String salary: Int @hasRole(role: CLERK) @hasRole(role: BOSS) }
		interface Letter @public { id: ID }`)
	r := &reports{}
	o := trying(t, trial, r.report)
	for query, want := range map[string][]string{
		`{ open letters { text } nodes { id } }`:                     nil,
		`{ me { id } }`:                                              {"FORBIDDEN Query.me"},
		`{ people(count: 1) { salary email safe { code } } }`:        {"FORBIDDEN Person.salary"},
		`{ hit(id: "ada") { ... on Person { salary } __typename } }`: {"FORBIDDEN Person.salary"},
		`mutation { touch(id: "ada") { person { name } } }`:          nil,
	} {
		o.post(t, question{caller: "ada BOSS", query: query}, "application/json")
		if query == `{ me { id } }` {
			r.take()
			o.post(t, question{caller: "ada CLERK", query: query}, "application/json")
		}
		if diff := cmp.Diff(want, r.take(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("reports of %s differ (-want +got):\n%s", query, diff)
		}
	}
}

func TestDifferencesOfATrialSchema(t *testing.T) {
	inForce := schemaOf(t, `type Query { a(x: Int, y: Int): String @public b: Owned @public c: U @public gone: Int @public }
		interface I @public { i: Int }
		interface J @public { i: Int }
		type T implements I @public { i: Int }
		type Gone @public { a: Int }
		union U = T | Staff
		input In { a: Int b: Int }
		scalar Lost
		type Turned @public { a: Int }`)
	trial := schemaOf(t, `type Query { a(x: String): Int @public b: Owned! @public c: U @public more: Int @public }
		interface I @public { i: Int } interface J @public { i: Int } type T implements J @public { i: Int } union U = T | Staff input In { a: Int! }
		interface Turned @public { a: Int }`)
	want := []string{
		"schema.graphqls:1: Query.a(x:): it is Int here and String in the trial schema",
		"schema.graphqls:1: Query.a(y:): the trial schema lacks it, and does not decide it",
		"schema.graphqls:1: Query.a: it is String here and Int in the trial schema",
		"schema.graphqls:1: Query.gone: the trial schema lacks it, and does not decide it",
		"schema.graphqls:4: T: it implements I here and not in the trial schema, and has its rules in the trial",
		"schema.graphqls:4: T: it implements J in the trial schema and not here, and has none of its rules in the trial",
		"schema.graphqls:5: Gone: the trial schema lacks it, and does not decide it",
		"schema.graphqls:7: In.b: the trial schema lacks it, and does not decide it",
		"schema.graphqls:9: Turned: it is an object here and an interface in the trial schema",
	}
	if diff := cmp.Diff(want, lines(guard.Differences(inForce, trial))); diff != "" {
		t.Errorf("differences differ (-want +got):\n%s", diff)
	}
	if same := guard.Differences(inForce, inForce); len(same) > 0 {
		t.Errorf("a schema differs from itself: %v", same)
	}
}

func TestATrialSchemaWithProblemsIsRefused(t *testing.T) {
	trial := changed(t, "open: String @public", "open: String", "salary: Int @hasRole(role: BOSS)", "salary: Int! @hasRole(role: COOK)")
	schema := testserver.Schema(nil)
	_, err := guard.New(schema.Schema(), generated.Objects, testserver.Noon, guard.Trial(trial, (&reports{}).report))
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, want := range []string{
		"hold the trial schema against the guard:\n", "schema.graphqls:21: Query.open: no rule", "Person.salary: unknown role COOK", "Person.salary: @hasRole(role: [COOK]) can deny it",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestATrialThatPanicsDisturbsNothing(t *testing.T) {
	r := &reports{}
	o := trying(t, narrower(t), func(ctx context.Context, coordinate string, code auth.Code) {
		r.report(ctx, coordinate, code)
		panic("of the report")
	})
	got := o.ask(t, question{query: `{ open }`})
	reply{`{"open":"open"}`, nil, []string{"Query.open"}}.is(t, got)
	if diff := cmp.Diff([]string{"UNAUTHENTICATED Query.open", "INTERNAL "}, r.take()); diff != "" {
		t.Errorf("reports differ (-want +got):\n%s", diff)
	}
}

// FuzzTrial decides every document that passes validation by the rules in force, by those of a trial and as a table of
// verdicts: none of them panics.
func FuzzTrial(f *testing.F) {
	for _, query := range []string{
		`{ open me { name salary letters { nodes { text } } } nodes { id ...p } } fragment p on Person { boss { ...p2 } } fragment p2 on Node { id }`,
		`query($s: Boolean = true, $f: Filter) { search(filter: $f, grid: [[{salaryAbove: 1}]]) hits { ... on Safe @skip(if: $s) { code } } }`,
		`mutation { signIn(name: "ada") { person { name } query { me { id } } } touch(id: "a") { person { name } } praise(id: "a", times: 1) { query { open } } }`,
		`subscription { alarms { number cost letter { text } } }`,
		`{ viewer { query { viewer { ask(as: "x") { open } } } mutation { signOut } } __schema { types { name } } }`,
	} {
		f.Add(query, `{"f":{"and":[{"team":{"secret":null}}]}}`)
	}
	schema := testserver.Schema(nil)
	var failed atomic.Bool
	g, err := guard.New(schema.Schema(), generated.Objects, testserver.Noon,
		guard.Trial(narrower(f), func(_ context.Context, _ string, code auth.Code) {
			failed.Store(failed.Load() || code == auth.Internal)
		}))
	if err != nil {
		f.Fatal(err)
	}
	e := executor.New(schema)
	e.SetParserTokenLimit(1000)
	nothing := func(context.Context) graphql.ResponseHandler { return nil }
	f.Fuzz(func(t *testing.T, query, variables string) {
		var given map[string]any
		if json.Unmarshal([]byte(variables), &given) != nil {
			return
		}
		for _, caller := range []string{"", "ada", "cy BOSS CLERK ago:0s", "? ada"} {
			c := testserver.Caller(caller)
			ctx := graphql.StartOperationTrace(auth.WithCaller(t.Context(), c))
			oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: maps.Clone(given)})
			if len(errs) > 0 {
				return
			}
			verdicts := g.Verdicts(oc.Doc, oc.Operation, oc.Variables, c)
			told, _ := g.Refusal(oc.Doc, oc.Operation, oc.Variables, c)
			for _, d := range told {
				if !slices.ContainsFunc(verdicts, func(v guard.Verdict) bool { return v.Coordinate == d.Coordinate && v.Outcome == guard.Denied }) {
					t.Errorf("%q is refused for %s, of which the verdicts %v do not tell", caller, d.Coordinate, verdicts)
				}
			}
			g.InterceptOperation(graphql.WithOperationContext(ctx, oc), nothing)
			if failed.Load() {
				t.Fatal("the trial panics")
			}
		}
	})
}

func TestATrialThatAllowsCostsNoAllocation(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := guard.New(schema.Schema(), generated.Objects, testserver.Noon, guard.Trial(changed(t), (&reports{}).report))
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, "ada CLERK BOSS", guardedFields(1000))
	next := func(context.Context) graphql.ResponseHandler { return nil }
	g.InterceptOperation(p.ctx, next) // plans
	if n := testing.AllocsPerRun(100, func() { g.InterceptOperation(p.ctx, next) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkTrial is what the guard takes for an operation that it allows, with a trial that allows it, and with one that
// would deny a field.
func BenchmarkTrial(b *testing.B) {
	for name, trial := range map[string]*ast.Schema{"allows": changed(b), "would deny": narrower(b)} {
		b.Run(name, func(b *testing.B) {
			g, err := guard.New(testserver.Schema(nil).Schema(), generated.Objects, testserver.Noon,
				guard.Trial(trial, func(context.Context, string, auth.Code) {}))
			if err != nil {
				b.Fatal(err)
			}
			p := prepare(b, "ada CLERK BOSS", "{ open me { id name email salary diary boss { name } } }")
			next := func(context.Context) graphql.ResponseHandler { return nil }
			b.ReportAllocs()
			for b.Loop() {
				g.InterceptOperation(p.ctx, next)
			}
		})
	}
}
