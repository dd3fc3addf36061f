package graphiql_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/chromedp/chromedp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph"
	"github.com/fieldward/fieldward/web/graphiql"
)

// roleTokens takes the name of a role for the token of someone who has it.
type roleTokens struct{}

func (roleTokens) Verify(_ context.Context, token string) (auth.Claims, error) {
	return auth.Claims{Subject: "usr_someone", Roles: []auth.Role{auth.Role(token)}}, nil
}

// newGuarded is a server of the page and of the real schema behind its guard, with nothing behind that.
func newGuarded(t *testing.T) *httptest.Server {
	t.Helper()
	schema, keeper, err := graph.New(graph.Domain{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	api := handler.New(schema)
	api.AddTransport(transport.POST{})
	api.Use(extension.Introspection{})
	api.Use(keeper)
	mux := http.NewServeMux()
	mux.Handle(graphiql.PagePattern, graphiql.Handler())
	mux.Handle(graphiql.AssetsPattern, graphiql.Handler())
	mux.Handle("POST /graphql", auth.Identify(roleTokens{}, api))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

const (
	docs       = ".graphiql-doc-explorer"
	refusal    = `Cannot query field "users"`
	complaints = `__MONACO.editor.getModelMarkers({}).map((m) => m.message).join()`
)

func TestTheDocumentationIsThatOfWhoseTokenIsSet(t *testing.T) {
	server := newGuarded(t)
	page := open(t, server.URL)
	page.waitFor("the welcome", textOf(queryEditor)+`.includes("To sign in")`)
	page.do(chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)))
	page.waitFor("the root types", textOf(docs)+`.includes("Root Types")`)
	page.do(chromedp.Click(chromedp.CSS(docs + " a.graphiql-doc-explorer-type-name")))
	page.waitFor("what nobody can read", textOf(docs)+`.includes("permissions")`)
	if page.holds(textOf(docs) + `.includes("node(")`) {
		t.Error("the documentation shows nobody what only a signed-in caller is shown")
	}
	page.write(queryEditor, "{ users { totalCount } }")

	page.write(headersEditor, `{"Authorization": "Bearer USER"}`)
	page.waitFor("a user's documentation", textOf(docs)+`.includes("node(")`)
	page.waitFor("the editor's complaint", complaints+`.includes('`+refusal+`')`)
	if page.holds(textOf(docs) + `.includes("users(")`) {
		t.Error("the documentation shows a user the field users")
	}
	page.screenshot("user.png")

	page.write(headersEditor, `{"Authorization": "Bearer ADMIN"}`)
	page.waitFor("an administrator's documentation", textOf(docs)+`.includes("users(")`)
	page.waitFor("the end of the editor's complaint", `!`+complaints+`.includes('`+refusal+`')`)
	page.screenshot("admin.png")

	page.write(headersEditor, "")
	page.waitFor("nobody's documentation", `!`+textOf(docs)+`.includes("node(")`)
	page.wantNothingRefused(server.URL)
}

func TestTheSchemaIsFetchedAgainAfterAMutation(t *testing.T) {
	server := newEndpoint(t, answer)
	page := open(t, server.URL)
	page.waitFor("the welcome", textOf(queryEditor)+`.includes("To sign in")`)
	page.write(queryEditor, "{ greeting }")
	page.do(chromedp.Click(chromedp.CSS(runButton)))
	page.waitFor("the answer", textOf(responseEditor)+`.includes("Hello from the test")`)
	before := server.introspections()
	page.write(queryEditor, "mutation { greet }")
	page.do(chromedp.Click(chromedp.CSS(runButton)))
	deadline := time.Now().Add(patience)
	for server.introspections() == before && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	if after := server.introspections(); before != 1 || after != 2 {
		t.Errorf("the schema was fetched %d times before the mutation, and %d times after it", before, after)
	}
}

// introspections is how often the schema was asked for.
func (e *endpoint) introspections() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, q := range e.queries {
		if strings.Contains(q, "IntrospectionQuery") {
			n++
		}
	}
	return n
}
