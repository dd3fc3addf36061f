package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// desk answers operations in this process, without HTTP.
type desk struct {
	executor *executor.Executor
	calls    *testserver.Calls
}

// guardedDesk is behind the guard of its own rules.
func guardedDesk(schema graphql.ExecutableSchema, calls *testserver.Calls, g *guard.Guard) desk {
	e := executor.New(schema)
	e.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	e.Use(g)
	return desk{e, calls}
}

// openDesk has no guard, and no rule holds. Whom a @signsIn field signs in asks what is below it, all the same.
func openDesk(schema graphql.ExecutableSchema, calls *testserver.Calls, g *guard.Guard) desk {
	e := executor.New(schema)
	e.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		fc := graphql.GetFieldContext(ctx)
		if fc.Object == "Mutation" && fc.Field.Definition.Directives.ForName("signsIn") != nil {
			ctx = g.WithSignIn(ctx)
		}
		return next(ctx)
	})
	return desk{e, calls}
}

// outcome is an answer, or one event of a stream.
type outcome struct {
	data   map[string]any // nil for null, and where there is none
	errors []string       // as in a reply
}

// ask returns all that comes of an operation, and the resolvers that ran.
func (d desk) ask(t testing.TB, c auth.Caller, q question) (all []outcome, ran []string) {
	t.Helper()
	d.calls.Take()
	ctx, cancel := context.WithTimeout(graphql.StartOperationTrace(auth.WithCaller(t.Context(), c)), 30*time.Second)
	defer cancel()
	asked := &graphql.RawParams{Query: q.query, OperationName: q.operation, Variables: sent(t, q.variables)}
	oc, errs := d.executor.CreateOperationContext(ctx, asked)
	if len(errs) > 0 {
		t.Fatalf("the operation does not begin: %v\n%s", errs, q.query)
	}
	respond, ctx := d.executor.DispatchOperation(ctx, oc)
	for resp := respond(ctx); resp != nil; resp = respond(ctx) {
		text, err := json.Marshal(resp)
		if err != nil {
			t.Fatalf("encode %s: %v", resp.Data, err)
		}
		var o struct{ Data map[string]any }
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatalf("decode %s: %v", text, err)
		}
		all = append(all, outcome{o.Data, errorsOf(t, text)})
	}
	return all, d.calls.Take()
}

// sent is what arrives of a request's variables: a copy, since gqlgen changes them.
func sent(t testing.TB, variables map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	var arrived map[string]any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if err := numbers.Decode(&arrived); err != nil {
		t.Fatal(err)
	}
	return arrived
}
