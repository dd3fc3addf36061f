package guard_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/introspection"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// BenchmarkView is what it takes to make a view, to find one that is kept, and to print one.
func BenchmarkView(b *testing.B) {
	views := guard.NewViews(changed(b))
	clerk := testserver.Caller("ada CLERK")
	b.Run("made", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			views.Forget()
			views.Of(clerk)
		}
	})
	b.Run("kept", func(b *testing.B) {
		views.Of(clerk)
		b.ReportAllocs()
		for b.Loop() {
			views.Of(clerk)
		}
	})
	b.Run("made and printed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			views.Forget()
			views.Of(clerk).SDL(false)
		}
	})
}

// BenchmarkIntrospection is the full introspection query through the executor.
func BenchmarkIntrospection(b *testing.B) {
	for name, server := range map[string]func(testing.TB) *executor.Executor{"no guard": unguarded, "guard": guarded} {
		b.Run(name, func(b *testing.B) {
			e := server(b)
			e.Use(extension.Introspection{})
			ctx := auth.WithCaller(b.Context(), testserver.Caller("ada CLERK"))
			b.ReportAllocs()
			for b.Loop() {
				execute(ctx, b, e, introspection.Query)
			}
		})
	}
}
