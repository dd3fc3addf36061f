package guard_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/stock"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// trap is one question to two servers of the same rules.
type trap struct {
	question
	gqlgen reply // with gqlgen's own run-time directives
	guard  reply
}

// What gqlgen's own directives leave open, and the guard does not. The number is that of the trap in the documentation.
func TestTraps(t *testing.T) {
	calls := &testserver.Calls{}
	srv := httptest.NewServer(testserver.Handler(stock.Schema(calls), nil))
	defer srv.Close()
	theirs, ours := office{srv.URL, calls}, newOffice(t)
	for name, trap := range traps() {
		t.Run(name+", with gqlgen's directives", func(t *testing.T) { trap.gqlgen.is(t, theirs.ask(t, trap.question)) })
		t.Run(name+", with the guard", func(t *testing.T) { trap.guard.is(t, ours.ask(t, trap.question)) })
	}
	signedIn := newOfficeOf(t, changed(t, "type Query {", "type Query @authenticated {"))
	unseen := question{query: `{ __typename open }`}
	t.Run("1: a rule on the type Query, with gqlgen's directives", func(t *testing.T) {
		reply{`{"__typename":"Query","open":"open"}`, nil, []string{"Query.open"}}.is(t, theirs.ask(t, unseen))
	})
	t.Run("1: a rule on the type Query, with the guard", func(t *testing.T) {
		reply{"", []string{"UNAUTHENTICATED Query"}, nil}.is(t, signedIn.ask(t, unseen))
	})
}

func traps() map[string]trap {
	return map[string]trap{
		"1: a rule on an object, where a field returns it": {
			question{caller: "cy", query: `{ letters { text } }`},
			reply{`{"letters":null}`, []string{"access denied"}, []string{"@hasRole"}}, // here it holds
			reply{`{"letters":[null,null]}`, []string{"FORBIDDEN Letter letters.0"}, []string{"Query.letters"}},
		},
		"1: a rule on an object, through node": {
			question{caller: "cy", query: `{ node(id: "to-ada") { __typename id ... on Letter { text } } }`},
			reply{`{"node":{"__typename":"Letter","id":"to-ada","text":"Dear ada"}}`, nil, []string{"@authenticated", "Query.node"}},
			reply{`{"node":null}`, []string{"FORBIDDEN Letter node"}, []string{"Query.node"}},
		},
		"1: a rule on an object, through a union": {
			question{caller: "cy", query: `{ hit(id: "to-ada") { ... on Letter { text } } }`},
			reply{`{"hit":{"text":"Dear ada"}}`, nil, []string{"Query.hit"}},
			reply{`{"hit":null}`, []string{"FORBIDDEN Letter hit"}, []string{"Query.hit"}},
		},
		"2: a rule on an object, whose directive may stand on input objects too": {
			question{caller: "cy CLERK", query: `{ safe { code } }`},
			reply{`{"safe":{"code":1234}}`, nil, []string{"Query.safe", "Safe.code"}},
			reply{`{"safe":null}`, []string{"FORBIDDEN Safe safe"}, nil},
		},
		"3: a rule on an interface's field": {
			question{caller: "ada", query: `{ me { title } }`},
			reply{`{"me":{"title":"Dr Ada"}}`, nil, []string{"@authenticated", "Person.title", "Query.me"}},
			reply{`{"me":{"title":null}}`, []string{"FORBIDDEN Person.title me.title"}, []string{"Query.me"}},
		},
		"3: a rule on an interface": {
			question{caller: "ada", query: `{ hit(id: "parcel") { ... on Parcel { label price } } }`},
			reply{`{"hit":{"label":"fragile","price":7}}`, nil, []string{"Parcel.price", "Query.hit"}},
			reply{`{"hit":{"label":"fragile","price":null}}`, []string{"FORBIDDEN Parcel.price hit.price"}, []string{"Query.hit"}},
		},
		"4: a rule on a field that answers Query": {
			question{caller: "ada", query: `{ viewer { name query { open } } }`},
			reply{`{"viewer":{"name":"viewer","query":{"open":"open"}}}`, nil, []string{"Query.open", "Query.viewer"}},
			reply{`{"viewer":{"name":"viewer","query":null}}`, []string{"FORBIDDEN Viewer.query viewer.query"}, []string{"Query.viewer"}},
		},
		"4: a rule on a field that answers Mutation": {
			question{caller: "ada", query: `{ viewer { mutation { signOut } } }`},
			reply{`{"viewer":{"mutation":{"signOut":"out"}}}`, nil, []string{"Mutation.signOut", "Query.viewer"}},
			reply{`{"viewer":{"mutation":null}}`, []string{"FORBIDDEN Viewer.mutation viewer.mutation"}, []string{"Query.viewer"}},
		},
		"5: a cache that is written after the rule": {
			question{caller: "ada", query: `{ cachedSalary }`},
			reply{`{"cachedSalary":42}`, nil, []string{"@cached"}},
			reply{`{"cachedSalary":null}`, []string{"FORBIDDEN Query.cachedSalary cachedSalary"}, nil},
		},
		"6: what an argument's parser says of a field that is denied": {
			question{caller: "ada", query: `{ salaries(first: 100) }`},
			reply{`{"salaries":null}`, []string{"only 9 of 1234 secret rows: 100"}, nil},
			reply{`{"salaries":null}`, []string{"FORBIDDEN Query.salaries salaries"}, nil},
		},
		"6: what an argument's directive says of a field that is denied": {
			question{caller: "ada", query: `{ file(id: "two") }`},
			reply{`{"file":null}`, []string{"there is no file two"}, []string{"@exists"}},
			reply{`{"file":null}`, []string{"FORBIDDEN Query.file file"}, nil},
		},
		"7: a mutation of which one half is denied": {
			question{caller: "ada", query: `mutation { a: touch(id: "ada") { person { id } } b: fire(id: "bob") { person { id } } }`},
			reply{
				`{"a":{"person":{"id":"ada"}},"b":null}`,
				[]string{"access denied"},
				[]string{"@authenticated", "@hasRole", "Mutation.touch"},
			},
			reply{"", []string{"FORBIDDEN Mutation.fire"}, nil},
		},
	}
}

// The eighth trap is what a rule costs on every object of a list.
func TestTrap8ARuleCostsOnEveryObject(t *testing.T) {
	before := allocationsOfAField(t, unguarded(t))
	if n := allocationsOfAField(t, guarded(t)); n > before+0.05 {
		t.Errorf("the guard takes %.2f allocations a field, none takes %.2f", n, before)
	}
	if n := allocationsOfAField(t, gqlgenAlone(t)); n < before+3 {
		t.Errorf("gqlgen's directives take %.2f allocations a field, none takes %.2f", n, before)
	}
}

// allocationsOfAField are those of one field more that has a rule, which holds.
func allocationsOfAField(t *testing.T, e *executor.Executor) float64 {
	t.Helper()
	ctx := auth.WithCaller(t.Context(), testserver.Caller("ada CLERK BOSS"))
	of := func(people int) float64 {
		query := fmt.Sprintf(`{ people(count: %d) { email salary title pension } }`, people)
		return testing.AllocsPerRun(5, func() { execute(ctx, t, e, query) })
	}
	return (of(150) - of(50)) / 100 / 4
}

func TestTrapsAreOpenToWhomTheRulesOpen(t *testing.T) {
	tell(t, map[string]story{
		"an object through node": {
			question{caller: "ada", query: `{ node(id: "to-ada") { __typename id ... on Letter { text } } }`},
			reply{`{"node":{"__typename":"Letter","id":"to-ada","text":"Dear ada"}}`, nil, []string{"Query.node"}},
		},
		"an interface's field": {
			question{caller: "ada CLERK", query: `{ me { title } }`},
			reply{`{"me":{"title":"Dr Ada"}}`, nil, []string{"Person.title", "Query.me"}},
		},
		"a field that answers Query": {
			question{caller: "ada BOSS", query: `{ viewer { query { __typename open } } }`},
			reply{`{"viewer":{"query":{"__typename":"Query","open":"open"}}}`, nil, []string{"Query.open", "Query.viewer"}},
		},
		"a cache": {
			question{caller: "ada BOSS", query: `{ cachedSalary }`},
			reply{`{"cachedSalary":42}`, nil, []string{"@cached"}},
		},
		"the argument's parser": {
			question{caller: "ada BOSS", query: `{ salaries(first: 100) }`},
			reply{`{"salaries":null}`, []string{"only 9 of 1234 secret rows: 100"}, nil},
		},
	})
}
