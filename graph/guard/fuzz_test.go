package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// FuzzGuard runs every document that passes validation, with variables in JSON, as several callers: the guard never
// panics, takes no more than linear work, and what only some may see or supply reaches nobody else.
func FuzzGuard(f *testing.F) {
	for _, query := range []string{
		`{ me { name email salary letters { nodes { text } } } }`,
		`{ nodes { __typename id ... on Letter { text draft } ...p } } fragment p on Person { email boss { ...q } } fragment q on Node { id }`,
		`query($s: Boolean = true) { hits { ... on Priced { price } ... on Safe @skip(if: $s) { code } ... @include(if: $s) { __typename } } }`,
		`{ viewer { query { t: __typename ...r } open { viewer { query { __typename } } } mutation { signOut } } } fragment r on Query { open }`,
		`{ me { name ... @defer { salary boss { pension } } } grid { text } }`,
		`mutation { signIn(name: "ada") { person { email } query { __typename me { id } } } signOut }`,
		`mutation { a: touch(id: "bob") { person { email } } fire(id: "bob") { person { id } } }`,
		`subscription { ticks { number cost letter { text } } }`,
		`{ salaries(first: 100) vault(first: 100) { code } people { friends(first: 2) { email } } }`,
		`query A { open } query B { __schema { types { name } } }`,
	} {
		f.Add(query, "{}")
	}
	for _, document := range hostile() {
		query, variables := document(5)
		text, err := json.Marshal(variables)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(query, string(text))
	}
	for query, variables := range map[string]string{
		`{ me { diary vote will perk club rating(by: "a") again: rating } rated(id: "ada") { rating(by: null) } }`:                 `{}`,
		`query($f: Filter, $m: [Filter!] = {salaryAbove: 1}) { search(filter: $f, anyOf: $m) people { poem(about: "x") } }`:        `{"f":{"and":[{"not":{"team":{"secret":null}}}]}}`,
		`query($f: Filter!, $n: Int) { search(grid: [[$f, {salaryAbove: $n}]], limit: 3) viewer { ask(as: "x") { __typename } } }`: `{"f":{"and":{"salaryAbove":1}},"n":null}`,
		`mutation($in: HireInput!) { hire(input: $in) { person { name } } praise(id: "a", times: 1) { person { id } } vow }`:       `{"in":{"name":"x","notes":{"text":"y","secret":true}}}`,
		`subscription { secrets(filter: {salaryAbove: 1}) { ballot } }`:                                                            `{}`,
	} {
		f.Add(query, variables)
	}
	schema := testserver.Schema(&testserver.Calls{})
	g, err := testserver.Guard(schema)
	if err != nil {
		f.Fatal(err)
	}
	e := executor.New(schema)
	e.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	e.SetParserTokenLimit(1000)
	e.Use(g)
	f.Fuzz(func(t *testing.T, query, variables string) {
		var given map[string]any
		if json.Unmarshal([]byte(variables), &given) != nil {
			return
		}
		e.SetRecoverFunc(func(_ context.Context, v any) error {
			t.Errorf("panic: %v", v)
			return errors.New("panic")
		})
		for _, caller := range []string{"", "ada", "bob CLERK", "cy BOSS CLERK ago:0s", "? ada"} {
			answer, oc := runAll(t, e, caller, &graphql.RawParams{Query: query, Variables: maps.Clone(given)})
			if oc == nil {
				return
			}
			planned, looked, walked := g.Work(oc, testserver.Caller(caller))
			if most := stepsPerToken * (tokens(t, query) + len(variables)); planned+looked+walked > most {
				t.Errorf("%d steps to plan, %d through variables, %d to list: more than %d for %s", planned, looked, walked, most, query)
			}
			if op := oc.Operation.Operation; op != ast.Mutation { // a mutation can sign in as anyone
				keeps(t, caller, answer)
			}
		}
	})
}

// stepsPerToken is how many sets of types one and the same fragment can meet in this schema, and how many types those
// have: whatever the document, there are no more.
const stepsPerToken = 100

func tokens(t *testing.T, query string) int {
	t.Helper()
	lex := lexer.New(&ast.Source{Input: query})
	for n := 0; ; n++ {
		token, err := lex.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		if token.Kind == lexer.EOF {
			return n
		}
	}
}

// runAll is everything that comes of an operation, as text; nil and empty where the document does not pass.
func runAll(t *testing.T, e *executor.Executor, caller string, asked *graphql.RawParams) (string, *graphql.OperationContext) {
	ctx, cancel := context.WithTimeout(auth.WithCaller(t.Context(), testserver.Caller(caller)), 10*time.Second)
	defer cancel()
	oc, errs := e.CreateOperationContext(graphql.StartOperationTrace(ctx), asked)
	if len(errs) > 0 {
		return "", nil
	}
	respond, ctx := e.DispatchOperation(ctx, oc)
	var all strings.Builder
	for resp := respond(ctx); resp != nil; resp = respond(ctx) {
		fmt.Fprintf(&all, "%s %v\n", resp.Data, resp.Errors)
	}
	return all.String(), oc
}

// keeps looks for values that no query of the caller can hold.
func keeps(t *testing.T, caller, answer string) {
	t.Helper()
	others := map[string][]string{
		"":          {"@office.test", "Dear ", "Ada", "Dr ", "secret rows", "limit true", "will of "},
		"ada":       {"bob@office.test", "Dear bob", "Dr ", "draft of to-bob", "limit true", "will of "},
		"bob CLERK": {"draft of to-ada", "will of "},
		"? ada":     {"fragile", "@office.test", "Dear ", "Ada", "{"},
	}
	i := slices.IndexFunc(others[caller], func(s string) bool { return strings.Contains(answer, s) })
	if i >= 0 {
		t.Errorf("%q sees %q: %s", caller, others[caller][i], answer)
	}
}
