package guard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/stock"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// BenchmarkGuard compares a list of 1,000 people with four guarded fields each: with no guard, allowed by claims
// alone, by gqlgen's own run-time directives, allowed by the object, and denied.
func BenchmarkGuard(b *testing.B) {
	const open = `{ people(count: 1000) { email salary title pension } }`
	const owned = `{ people(count: 1000) { a: email b: email c: email d: email } }`
	for _, bench := range []struct {
		name, caller, query string
		executor            func(testing.TB) *executor.Executor
	}{
		{"no guard", "ada CLERK BOSS", open, unguarded},
		{"allowed", "ada CLERK BOSS", open, guarded},
		{"gqlgen's directives", "ada CLERK BOSS", open, gqlgenAlone},
		{"no guard for owned fields", "ada", owned, unguarded},
		{"decided on the object", "ada", owned, guarded},
		{"denied", "ada", open, guarded},
	} {
		b.Run(bench.name, func(b *testing.B) {
			e := bench.executor(b)
			ctx := auth.WithCaller(b.Context(), testserver.Caller(bench.caller))
			b.ReportAllocs()
			for b.Loop() {
				execute(ctx, b, e, bench.query)
			}
		})
	}
}

// BenchmarkAllowed is one document of 4,000 guarded fields, all of them allowed. They are answered one after the other,
// so that its instructions can be counted: what the guard adds are those of one decision.
func BenchmarkAllowed(b *testing.B) {
	var q strings.Builder
	for i := range 40 {
		fmt.Fprintf(&q, "a%d: me { ", i)
		for j := range 100 {
			fmt.Fprintf(&q, "b%d: bonus ", j)
		}
		q.WriteString("} ")
	}
	for name, of := range map[string]func(testing.TB) *executor.Executor{"no guard": unguarded, "guard": guarded} {
		b.Run(name, func(b *testing.B) {
			e := of(b)
			ctx := auth.WithCaller(b.Context(), testserver.Caller("ada CLERK BOSS"))
			for b.Loop() {
				execute(ctx, b, e, "{ "+q.String()+"}")
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

// The servers that are compared. None records what ran.
func unguarded(testing.TB) *executor.Executor { return caching(testserver.Schema(nil)) }

func gqlgenAlone(testing.TB) *executor.Executor { return caching(stock.Schema(nil)) }

func guarded(t testing.TB) *executor.Executor {
	t.Helper()
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	e := caching(schema)
	e.Use(g)
	e.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	return e
}

func caching(schema graphql.ExecutableSchema) *executor.Executor {
	e := executor.New(schema)
	e.SetQueryCache(lru.New[*ast.QueryDocument](100))
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
