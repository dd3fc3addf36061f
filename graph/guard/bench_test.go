package guard_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// BenchmarkGuard compares a list of 1,000 people with four guarded fields each: with no guard, allowed by claims
// alone, allowed by the object, and denied.
func BenchmarkGuard(b *testing.B) {
	const open = `{ people(count: 1000) { email salary title pension } }`
	const owned = `{ people(count: 1000) { a: email b: email c: email d: email } }`
	for _, bench := range []struct {
		name, caller, query string
		guarded             bool
	}{
		{"no guard", "ada CLERK BOSS", open, false},
		{"allowed", "ada CLERK BOSS", open, true},
		{"no guard for owned fields", "ada", owned, false},
		{"decided on the object", "ada", owned, true},
		{"denied", "ada", open, true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			e := benchExecutor(b, bench.guarded)
			ctx := auth.WithCaller(b.Context(), testserver.Caller(bench.caller))
			b.ReportAllocs()
			for b.Loop() {
				execute(ctx, b, e, bench.query)
			}
		})
	}
}

// BenchmarkDecision is what the guard adds to a request that it allows, and what it takes to plan a document.
func BenchmarkDecision(b *testing.B) {
	nothing := func(context.Context) graphql.ResponseHandler { return nil }
	p := prepare(b, "ada CLERK BOSS", guardedFields(1000))
	b.Run("planned", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.guard.InterceptOperation(p.ctx, nothing)
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			op := *p.oc.Operation // another pointer is another document
			oc := &graphql.OperationContext{Doc: p.oc.Doc, Operation: &op}
			p.guard.InterceptOperation(graphql.WithOperationContext(p.ctx, oc), nothing)
		}
	})
}

func benchExecutor(b *testing.B, guarded bool) *executor.Executor {
	b.Helper()
	schema := testserver.Schema(nil) // nothing is recorded
	e := executor.New(schema)
	e.SetQueryCache(lru.New[*ast.QueryDocument](100))
	if guarded {
		g, err := testserver.Guard(schema)
		if err != nil {
			b.Fatal(err)
		}
		e.Use(g)
		e.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	}
	return e
}

func execute(ctx context.Context, b testing.TB, e *executor.Executor, query string) {
	b.Helper()
	oc, errs := e.CreateOperationContext(graphql.StartOperationTrace(ctx), &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		b.Fatal(errs)
	}
	respond, ctx := e.DispatchOperation(ctx, oc)
	if resp := respond(ctx); resp == nil {
		b.Fatal("no answer")
	}
}
