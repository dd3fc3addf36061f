package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/web"
	"github.com/fieldward/fieldward/web/document"
)

func TestAMutationWhoseTimeIsUpIsNotCalledUndone(t *testing.T) {
	endless := &graphql.ExecutableSchemaMock{
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return func(ctx context.Context) *graphql.Response {
				<-ctx.Done()
				return nil
			}
		},
		SchemaFunc: func() *ast.Schema {
			return gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { a: Int } type Mutation { a: Int }`})
		},
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) { return 0, false },
	}
	for query, want := range map[string]*auth.Error{`{ a }`: auth.Busy(0), `mutation { a }`: auth.Unsure(0)} {
		synctest.Test(t, func(t *testing.T) {
			handler, err := web.New(web.Config{
				Log: slog.New(slog.DiscardHandler),
				GraphQL: web.GraphQL{
					Documents: document.Settings{Limits: document.DefaultLimits()}, MaxBody: 64 << 10,
					Schema: endless, Present: graphql.DefaultErrorPresenter, Recover: graphql.DefaultRecover,
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(`{"query": "`+query+`"}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/graphql-response+json")
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), want.Message) || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%s: answered %d, %s", query, w.Code, w.Body)
			}
		})
	}
}
