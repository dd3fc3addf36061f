package guard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// office is the test server, guarded.
type office struct {
	url   string
	calls *testserver.Calls
}

func newOffice(t testing.TB) office {
	t.Helper()
	return newOfficeOf(t, nil)
}

// question is an operation and who asks it.
type question struct {
	caller    string // as testserver.Caller reads it
	query     string
	operation string
	variables map[string]any
}

// reply is what came of it. An error is "CODE coordinate path", or the message where there is no coordinate.
type reply struct {
	data   string // empty for null, and where there is none
	errors []string
	ran    []string // resolvers
}

func (o office) ask(t testing.TB, q question) reply {
	t.Helper()
	o.calls.Take()
	body := o.post(t, q, "application/json")
	return reply{data: dataOf(t, body), errors: errorsOf(t, body), ran: o.calls.Take()}
}

func (o office) post(t testing.TB, q question, accept string) []byte {
	t.Helper()
	asked, err := json.Marshal(map[string]any{"query": q.query, "operationName": q.operation, "variables": q.variables})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url, bytes.NewReader(asked))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	req.Header.Set("X-Caller", q.caller)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func dataOf(t testing.TB, body []byte) string {
	t.Helper()
	var r struct{ Data json.RawMessage }
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	if string(r.Data) == "null" {
		return "" // gqlgen's transports write null where there is no data
	}
	return string(r.Data)
}

type shownError struct {
	Message    string
	Path       []any
	Extensions struct{ Code, Coordinate, Reason string }
}

func (e shownError) String() string {
	if e.Extensions.Coordinate == "" {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Extensions.Code, e.Extensions.Reason, e.Message))
	}
	path := make([]string, len(e.Path))
	for i, p := range e.Path {
		path[i] = fmt.Sprint(p)
	}
	return strings.TrimSpace(e.Extensions.Code + " " + e.Extensions.Coordinate + " " + strings.Join(path, "."))
}

func errorsOf(t testing.TB, body []byte) []string {
	t.Helper()
	var r struct{ Errors []shownError }
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	var all []string
	for _, e := range r.Errors {
		all = append(all, e.String())
	}
	return all
}

// is compares replies. Errors of an answer with data come in no order, since its fields run side by side.
func (want reply) is(t *testing.T, got reply) {
	t.Helper()
	opts := []cmp.Option{cmp.AllowUnexported(reply{}), cmpopts.EquateEmpty()}
	if want.data != "" {
		opts = append(opts, cmpopts.SortSlices(strings.Compare))
	}
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		t.Errorf("reply differs (-want +got):\n%s", diff)
	}
}

type story struct {
	question
	want reply
}

func tell(t *testing.T, stories map[string]story) {
	o := newOffice(t)
	for name, s := range stories {
		t.Run(name, func(t *testing.T) { s.want.is(t, o.ask(t, s.question)) })
	}
}

// newOfficeOf is a test server with other rules.
func newOfficeOf(t testing.TB, rules *ast.Schema) office {
	t.Helper()
	return serve(t, rules, testserver.Handler)
}

// newOfficeAs is a test server with other rules, asked by one caller alone.
func newOfficeAs(t testing.TB, rules *ast.Schema, c auth.Caller) office {
	t.Helper()
	return serve(t, rules, func(schema graphql.ExecutableSchema, g *guard.Guard) http.Handler {
		return testserver.HandlerAs(schema, g, c)
	})
}

func serve(t testing.TB, rules *ast.Schema, handler func(graphql.ExecutableSchema, *guard.Guard) http.Handler) office {
	t.Helper()
	calls := &testserver.Calls{}
	schema := testserver.SchemaOf(calls, rules)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler(schema, g))
	t.Cleanup(srv.Close)
	return office{srv.URL, calls}
}

func parse(t testing.TB, query string) *ast.QueryDocument {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
