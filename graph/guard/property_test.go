package guard_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// What a guarded server answers is what an open one does, less what the rules deny.
func TestTheGuardDecidesAsAPlainInterpreterDoes(t *testing.T) {
	c := newCourt(t, nil)
	for range 10 { // a case is soon decided
		rapid.Check(t, func(rt *rapid.T) { c.hear(t, rt, draft(rt, c.schema)) })
	}
}

// court holds a guarded server against an open one of the same rules.
type court struct {
	schema *ast.Schema
	open   desk
	closed server
}

// server answers the operations of a caller with all that comes of them, and the resolvers that ran.
type server interface {
	ask(t testing.TB, c auth.Caller, q question) (all []outcome, ran []string)
}

// newCourt is a court of the rules of a schema; nil for those that the test server has.
func newCourt(t testing.TB, law *ast.Schema) court {
	t.Helper()
	calls := &testserver.Calls{}
	schema := testserver.SchemaOf(calls, law)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	return court{schema.Schema(), openDesk(schema, calls, g), guardedDesk(schema, calls, g)}
}

// hearing is one operation by a random caller.
type hearing struct {
	court
	rt interface {
		Fatalf(format string, args ...any)
	}
	asked question
	in    *interpreter
	op    *ast.OperationDefinition
}

// draft is a random operation, with its marks.
func draft(rt *rapid.T, schema *ast.Schema) string {
	w := &writer{t: rt, schema: schema}
	return rapid.SampledFrom([]func() string{w.document, w.document, w.mutation, w.mutation, w.subscription}).Draw(rt, "operation")()
}

func parsed(t interface{ Fatalf(string, ...any) }, schema *ast.Schema, query string) *ast.QueryDocument {
	doc, errs := gqlparser.LoadQueryWithRules(schema, query, rules.NewDefaultRules())
	if errs != nil {
		t.Fatalf("the document does not pass: %v\n%s", errs, query)
	}
	return doc
}

// hear asks one operation of both, as a random caller.
func (c court) hear(t *testing.T, rt *rapid.T, query string) {
	w := &writer{t: rt, schema: c.schema}
	c.try(t, rt, w.caller(), query, w.variables())
}

// try asks one operation of both.
func (c court) try(t *testing.T, rt interface{ Fatalf(string, ...any) }, caller, query string, variables map[string]any) {
	w := &writer{schema: c.schema}
	h := hearing{court: c, rt: rt, asked: question{
		caller: caller, query: w.plain(query), operation: "Main", variables: variables,
	}}
	doc := parsed(rt, c.schema, h.asked.query)
	h.op = doc.Operations.ForName("Main")
	h.in = &interpreter{
		schema: c.schema, doc: doc, caller: testserver.Caller(h.asked.caller), variables: withDefaults(h.asked.variables),
		errors: map[string]string{}, open: map[string]bool{},
	}
	h.judge(t, w.telling(query))
}

func (h hearing) judge(t *testing.T, telling string) {
	got, ran := h.closed.ask(t, h.in.caller, h.asked)
	if h.in.caller.Refused != nil {
		if !h.in.runsAnyhow(h.op) {
			h.refused(got, ran, cmp.Diff([]string{"UNAUTHENTICATED invalid_token " + auth.ErrInvalidToken.Message}, got[0].errors))
			return
		}
		h.in.caller = auth.Nobody
	}
	if h.op.Operation != ast.Query {
		b := h.in.beforehand(h.op)
		if len(b.denied) > 0 || len(b.hidden) > 0 && isRefusal(got) {
			h.refused(got, ran, strings.Join(b.unexplained(got[0].errors), "\n"))
			return
		}
	}
	asked := h.asked
	asked.query = telling
	everything, _ := h.open.ask(t, h.in.caller, asked)
	if len(got) != len(everything) {
		h.rt.Fatalf("%d answers, the open server has %d\n%s", len(got), len(everything), h.asked.query)
	}
	for i, o := range everything {
		h.compare(o, got[i])
	}
	for _, coordinate := range ran {
		if coordinate == "@cached" {
			coordinate = "Query.cachedSalary"
		}
		if !h.in.open[coordinate] {
			h.rt.Fatalf("the resolver of %s ran for %q:\n%s", coordinate, h.asked.caller, h.asked.query)
		}
	}
}

// isRefusal reports whether errors are all that there is, none of them at a place of the answer.
func isRefusal(got []outcome) bool {
	return len(got) == 1 && got[0].data == nil && !slices.ContainsFunc(got[0].errors, func(e string) bool { return strings.Count(e, " ") != 1 })
}

// refused fails unless nothing of the operation ran, and what was told is as it should be.
func (h hearing) refused(got []outcome, ran []string, diff string) {
	if len(got) != 1 || got[0].data != nil || len(ran) > 0 || diff != "" {
		h.rt.Fatalf("%q is to be refused: got %v, ran %v, told otherwise:\n%s\n%s", h.asked.caller, got, ran, diff, h.asked.query)
	}
}

// compare holds what was answered against all that there is.
func (h hearing) compare(everything, got outcome) {
	if len(everything.errors) > 0 {
		h.rt.Fatalf("the open server has errors: %v\n%s", everything.errors, h.asked.query)
	}
	everything.data[typeAlias] = h.in.root(h.op).Name // an event cannot be asked for it
	clear(h.in.errors)
	want := h.in.object(everything.data, h.op.SelectionSet, nil)
	if want == nil {
		want = map[string]any(nil)
	}
	if diff := cmp.Diff(want, any(got.data)); diff != "" {
		h.rt.Fatalf("data for %q differs (-interpreter +guard):\n%s\n%s", h.asked.caller, diff, h.asked.query)
	}
	wanted := slices.Sorted(maps.Values(h.in.errors))
	slices.Sort(got.errors)
	if diff := cmp.Diff(wanted, got.errors, cmpopts.EquateEmpty()); diff != "" {
		h.rt.Fatalf("errors for %q differ (-interpreter +guard):\n%s\n%s", h.asked.caller, diff, h.asked.query)
	}
}
