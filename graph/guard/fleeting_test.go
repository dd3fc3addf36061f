package guard_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/generated"
)

func TestAFleetingDocumentIsNotKept(t *testing.T) {
	for name, test := range map[string]struct {
		fleeting bool
		want     int
	}{"one that is fleeting": {true, 0}, "another": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			schema := testserver.Schema(&testserver.Calls{})
			g, err := guard.New(schema.Schema(), generated.Objects, testserver.Noon,
				guard.WithoutPlansFor(func(*ast.QueryDocument) bool { return test.fleeting }))
			if err != nil {
				t.Fatal(err)
			}
			h := testserver.Handler(schema, g)
			for range 2 {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"query": "{ __typename }"}`))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if !strings.Contains(w.Body.String(), `"Query"`) {
					t.Fatalf("answered %s", w.Body)
				}
			}
			if kept := g.PlansKept(); kept != test.want {
				t.Errorf("%d plans are kept, want %d", kept, test.want)
			}
		})
	}
}
