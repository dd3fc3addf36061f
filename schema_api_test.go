package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/graph"
)

// sdl is what was answered for the schema's text.
type sdl struct {
	status int
	header http.Header
	length int64 // as the head tells
	text   string
}

func get(t testing.TB, method, url, token string) sdl {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+"/schema.graphqls", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return sdl{resp.StatusCode, resp.Header, resp.ContentLength, string(body)}
}

func (p sdl) wantHeaders(t testing.TB, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := p.header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestTheSchemasTextIsTheCallersOwn(t *testing.T) {
	a := newAPI(t)
	shown := func(rules bool, roles ...string) string {
		text, err := graph.SDL(roles, rules)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, test := range map[string]struct{ token, want string }{
		"a user's":                         {a.token(t, "u@example.com", auth.RoleUser), shown(false, "USER")},
		"support's":                        {a.token(t, "s@example.com", auth.RoleUser, auth.RoleSupport), shown(false, "SUPPORT")},
		"an administrator's has the rules": {a.token(t, "a@example.com", auth.RoleAdmin), shown(true, "ADMIN")},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(t, http.MethodGet, a.url, test.token)
			if got.status != http.StatusOK {
				t.Fatalf("it is answered with %d %s", got.status, got.text)
			}
			if diff := cmp.Diff(test.want, got.text); diff != "" {
				t.Errorf("the text differs (-want +got):\n%s", diff)
			}
			got.wantHeaders(t, map[string]string{
				"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "Vary": "Authorization, Cookie", "X-Content-Type-Options": "nosniff",
			})
			head := get(t, http.MethodHead, a.url, test.token)
			if head.status != http.StatusOK || head.text != "" || head.length != int64(len(got.text)) {
				t.Errorf("its head is %d, %d bytes long, with the body %q", head.status, head.length, head.text)
			}
		})
	}
}

func TestNobodyIsShownWhatSigningInAnswers(t *testing.T) {
	got := get(t, http.MethodGet, newAPI(t).url, "")
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "nobody.graphqls", Input: got.text})
	if got.status != http.StatusOK || err != nil {
		t.Fatalf("%d %v", got.status, err)
	}
	if schema.Types["SessionPayload"].Fields.ForName("user") == nil || schema.Types["User"].Fields.ForName("email") == nil {
		t.Errorf("what signing in answers is not shown:\n%s", got.text)
	}
	var fields []string
	for _, f := range schema.Query.Fields {
		fields = append(fields, f.Name)
	}
	if diff := cmp.Diff([]string{"permissions", "__schema", "__type"}, fields); diff != "" {
		t.Errorf("nobody can read more, or less (-want +got):\n%s", diff)
	}
	for _, hidden := range []string{"AuditEvent", "Claims", "UserConnection", "createUser", "disabledReason", "@"} {
		if strings.Contains(strings.ReplaceAll(got.text, `@specifiedBy`, ""), hidden) {
			t.Errorf("nobody is told of %s", hidden)
		}
	}
}

func TestTheSchemasTextIsRefused(t *testing.T) {
	a := newAPI(t)
	refused := get(t, http.MethodGet, a.url, "not.a.token")
	if refused.status != http.StatusUnauthorized || strings.Contains(refused.text, "type") {
		t.Errorf("a token that does not verify is answered with %d %s", refused.status, refused.text)
	}
	refused.wantHeaders(t, map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`, "Cache-Control": "no-store", "Vary": "Authorization, Cookie"})
	if posted := get(t, http.MethodPost, a.url, ""); posted.status != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", posted.status)
	}
}

func TestWithIntrospectionOffThereIsNoTextEither(t *testing.T) {
	a := newAPI(t)
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.Introspection = false
	handler, err := a.handler(settings, &atomic.Bool{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	if got := get(t, http.MethodGet, server.URL, ""); got.status != http.StatusNotFound || strings.Contains(got.text, "type ") {
		t.Errorf("it is answered with %d %s", got.status, got.text)
	}
}

func TestEachCallerIntrospectsTheirOwnSchema(t *testing.T) {
	a := newAPI(t)
	const query = `{ __schema { queryType { fields { name } } } audit: __type(name: "AuditEvent") { name } }`
	for name, test := range map[string]struct{ token, shown, hidden string }{
		"nobody":           {"-", "permissions", "me users auditEvents AuditEvent"},
		"a user":           {a.token(t, "u@example.com", auth.RoleUser), "permissions me claims node", "user users auditEvents AuditEvent"},
		"support":          {a.token(t, "s@example.com", auth.RoleSupport), "permissions me user users", "auditEvents AuditEvent"},
		"an administrator": {a.token(t, "a@example.com", auth.RoleAdmin), "permissions me user users auditEvents AuditEvent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := a.ask(t, test.token, query, nil)
			names := fmt.Sprint(got.Data)
			for _, n := range strings.Fields(test.shown) {
				if !strings.Contains(names, "name:"+n+"]") {
					t.Errorf("%s is not shown: %s", n, names)
				}
			}
			for _, n := range strings.Fields(test.hidden) {
				if strings.Contains(names, "name:"+n+"]") {
					t.Errorf("%s is shown: %s", n, names)
				}
			}
		})
	}
}
