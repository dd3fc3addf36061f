package graphiql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/fieldward/fieldward/web/graphiql"
)

const (
	queryEditor    = ".graphiql-query-editor"
	headersEditor  = `.graphiql-editor-tool .graphiql-editor:not(.hidden)`
	responseEditor = ".graphiql-response"
	runButton      = ".graphiql-execute-button"
)

func TestAUserRunsAQueryInABrowser(t *testing.T) {
	server := newEndpoint(t, answer)
	page := open(t, server.URL)

	page.waitFor("the welcome", textOf(queryEditor)+`.includes("To sign in")`)
	page.waitFor("the colours of the welcome",
		`(document.querySelector(".view-line span span")?.className ?? "mtk1") !== "mtk1"`)
	page.screenshot("welcome.png")
	page.write(queryEditor, "query Greet { greeting }")
	page.do(chromedp.Click(chromedp.CSS(runButton)))
	page.waitFor("the answer", textOf(responseEditor)+`.includes("Hello from the test")`)
	page.screenshot("answer.png")

	page.write(queryEditor, "{ nonsense }")
	page.waitFor("the worker's verdict on an unknown field",
		`__MONACO.editor.getModelMarkers({}).some((m) => m.message.startsWith("Cannot query field \"nonsense\""))`)

	page.do(chromedp.Click(chromedp.CSS(`button[aria-label="Show GraphiQL Explorer"]`)))
	page.waitFor("the explorer's fields", textOf(".graphiql-plugin")+`.includes("greeting")`)
	page.screenshot("explorer.png")
	page.do(chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`)))
	page.waitFor("the documentation", textOf(".graphiql-plugin")+`.includes("Root Types")`)
	page.wantNothingRefused(server.URL)
}

func TestAPastedTokenIsSentAndNotStored(t *testing.T) {
	server := newEndpoint(t, answer)
	page := open(t, server.URL)
	const token = "not-a-real-token"

	page.waitFor("the welcome", textOf(queryEditor)+`.includes("To sign in")`)
	page.write(headersEditor, `{"Authorization": "Bearer `+token+`"}`)
	page.write(queryEditor, "{ greeting }")
	page.do(chromedp.Click(chromedp.CSS(runButton)))
	page.waitFor("the answer", textOf(responseEditor)+`.includes("Hello from the test")`)
	page.waitFor("the query to be stored", `JSON.stringify([{...sessionStorage}, {...localStorage}]).includes("greeting")`)

	if got := server.lastAuthorization(); got != "Bearer "+token {
		t.Errorf("the endpoint got Authorization %q", got)
	}
	for _, storage := range []string{"localStorage", "sessionStorage"} {
		if page.holds(`JSON.stringify({...` + storage + `}).includes("` + token + `")`) {
			t.Errorf("%s holds the token", storage)
		}
	}
	if page.holds(`localStorage.length > 0`) {
		t.Error("localStorage holds something: it outlives the tab")
	}
	page.wantNothingRefused(server.URL)
}

func TestAFailedIntrospectionIsShown(t *testing.T) {
	server := newEndpoint(t, func(w http.ResponseWriter, _ string) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"errors":[{"message":"introspection is off here"}]}`)
	})
	page := open(t, server.URL)
	page.waitFor("the error", textOf(responseEditor)+`.includes("introspection is off here")`)
	page.screenshot("error.png")
}

// endpoint is a server of the page and of a /graphql that knows two answers.
type endpoint struct {
	*httptest.Server
	mu             sync.Mutex
	authorizations []string
	queries        []string
}

func newEndpoint(t *testing.T, graphql func(w http.ResponseWriter, query string)) *endpoint {
	t.Helper()
	e := &endpoint{}
	mux := http.NewServeMux()
	mux.Handle(graphiql.PagePattern, graphiql.Handler())
	mux.Handle(graphiql.AssetsPattern, graphiql.Handler())
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Query string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		e.note(r.Header.Get("Authorization"), asked.Query)
		w.Header().Set("Content-Type", "application/graphql-response+json")
		graphql(w, asked.Query)
	})
	e.Server = httptest.NewServer(mux)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) note(authorization, query string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.authorizations = append(e.authorizations, authorization)
	e.queries = append(e.queries, query)
}

func (e *endpoint) lastAuthorization() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.authorizations[len(e.authorizations)-1]
}

func answer(w http.ResponseWriter, query string) {
	if !strings.Contains(query, "IntrospectionQuery") {
		_, _ = fmt.Fprint(w, `{"data":{"greeting":"Hello from the test"}}`)
		return
	}
	schema, err := os.ReadFile("testdata/introspection.json")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(schema)
}

// textOf is an expression: the text of the first element, its spaces as Monaco writes them made plain.
func textOf(selector string) string {
	return fmt.Sprintf(`(document.querySelector(%q)?.textContent ?? "").replaceAll("\u00a0", " ")`, selector)
}

// write replaces the text of an editor.
func (b *browser) write(selector, text string) {
	b.t.Helper()
	b.do(
		chromedp.Click(chromedp.CSS(selector+" .view-lines")),
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent("\b"),
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
			return err
		}),
	)
}

// waitFor polls from here: polling inside of the page takes eval, which its policy refuses.
func (b *browser) waitFor(what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !b.holds(expression) {
		if time.Now().After(deadline) {
			b.screenshot("missing.png")
			b.t.Fatalf("no sign of %s after %s; the browser said: %s", what, patience, b.said())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (b *browser) screenshot(name string) {
	b.t.Helper()
	image, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.t.ArtifactDir(), name), image, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// wantNothingRefused fails the test for every violation of the policy, every warning and error on the console, and
// every request to another origin.
func (b *browser) wantNothingRefused(origin string) {
	b.t.Helper()
	if said := b.said(); said != "" {
		b.t.Errorf("the browser complains:\n%s", said)
	}
	requests := b.requests()
	if len(requests) == 0 {
		b.t.Error("no request was seen")
	}
	foreign := slices.DeleteFunc(requests, func(url string) bool {
		return strings.HasPrefix(url, origin+"/") || strings.HasPrefix(url, "data:")
	})
	if len(foreign) > 0 {
		b.t.Errorf("the page asks elsewhere: %q", foreign)
	}
}
