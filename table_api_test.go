package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/graph"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/web"
	"github.com/fieldward/fieldward/web/document"
)

// Each field of the contract by each kind of token, on each way on which it is asked, as a plain reading of the contract
// has it.
func TestEveryFieldByEveryToken(t *testing.T) {
	b := newBoard(t, contract(t))
	asked := b.operations()
	cases := 0
	for name, state := range states() {
		for _, method := range []string{http.MethodPost, http.MethodGet, byEvents, bySocket} {
			t.Run(name+" by "+method, func(t *testing.T) {
				p := b.bearer(t, state)
				for _, op := range asked {
					if !op.isAskedBy(method) {
						continue
					}
					cases++
					if op.subscription {
						b.trySubscription(t, method, p, op)
						continue
					}
					b.try(t, method, p, op)
					if state.verifies && strings.HasPrefix(op.steps[0].field.Name, "signOut") {
						p = b.bearer(t, state) // that one's session has ended
					}
				}
			})
		}
	}
	if len(asked) < 100 {
		t.Errorf("only %d operations were made of the contract", len(asked))
	}
	t.Logf("%d operations, %d cases", len(asked), cases)
}

// contract is the schema as it is written.
func contract(t testing.TB) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// tokenKind is a kind of token.
type tokenKind struct {
	verifies bool
	roles    []auth.Role
	scopes   []string // nil where it is not limited
	stale    bool     // the sign-in is 16 minutes ago
	make     func(t testing.TB, a *api, o session.Opened) string
}

func states() map[string]tokenKind {
	const user, support, admin = auth.RoleUser, auth.RoleSupport, auth.RoleAdmin
	altered := func(change func(claims map[string]any)) func(testing.TB, *api, session.Opened) string {
		return func(t testing.TB, a *api, o session.Opened) string { return a.altered(t, o.Tokens.Access, change) }
	}
	all := []auth.Role{user, support, admin}
	return map[string]tokenKind{
		"no token": {make: func(testing.TB, *api, session.Opened) string { return "-" }},
		"an expired token": {roles: all, make: altered(func(c map[string]any) {
			c["iat"], c["exp"] = time.Now().Add(-2*time.Hour).Unix(), time.Now().Add(-2*time.Hour+10*time.Minute).Unix()
		})},
		"a token for another audience":                   {roles: all, make: altered(func(c map[string]any) { c["aud"] = []string{"https://other.example"} })},
		"a token that says itself what it is limited to": {roles: all, make: altered(func(c map[string]any) { c["scope"] = "users:read" })},
		"a revoked token": {roles: all, make: func(t testing.TB, a *api, o session.Opened) string {
			if status, got := a.ask(t, o.Tokens.Access, `mutation { signOutEverywhere { endedSessions } }`, nil); status != http.StatusOK {
				t.Fatal(status, got)
			}
			return o.Tokens.Access
		}},
		"a token that is signed otherwise": {roles: all, make: func(_ testing.TB, _ *api, o session.Opened) string {
			signature := strings.LastIndexByte(o.Tokens.Access, '.') + 1
			return o.Tokens.Access[:signature] + strings.Repeat("A", len(o.Tokens.Access)-signature)
		}},
		"no role":                       {verifies: true},
		"USER":                          {verifies: true, roles: []auth.Role{user}},
		"SUPPORT":                       {verifies: true, roles: []auth.Role{support}},
		"ADMIN":                         {verifies: true, roles: []auth.Role{admin}},
		"every role":                    {verifies: true, roles: all},
		"USER, limited to users:read":   {verifies: true, roles: []auth.Role{user}, scopes: []string{"users:read"}},
		"ADMIN, limited to users:read":  {verifies: true, roles: []auth.Role{admin}, scopes: []string{"users:read"}},
		"ADMIN, limited to some scopes": {verifies: true, roles: []auth.Role{admin}, scopes: []string{"account:write", "sessions:read", "audit:read"}},
		"ADMIN, limited to no scope":    {verifies: true, roles: []auth.Role{admin}, scopes: []string{}},
		"USER, signed in long ago":      {verifies: true, roles: []auth.Role{user}, stale: true},
		"ADMIN, signed in long ago":     {verifies: true, roles: []auth.Role{admin}, stale: true},
	}
}

// board is the server, and someone else on it.
type board struct {
	*api
	schema *ast.Schema
	limits *limits
	other  session.Opened
	event  auth.ID

	sockets map[string]*sock // by token
}

// bearer is someone with a token.
type bearer struct {
	session.Opened
	tokenKind
	token string
}

// limits is a verifier that also knows of tokens which are limited to scopes, as those of machines will be.
type limits struct {
	auth.Verifier
	mu     sync.Mutex
	scopes map[string][]string
}

func (l *limits) Verify(ctx context.Context, token string) (auth.Claims, error) {
	c, err := l.Verifier.Verify(ctx, token)
	l.mu.Lock()
	defer l.mu.Unlock()
	if scopes, limited := l.scopes[token]; limited {
		c.Scopes = scopes
	}
	return c, err
}

func newBoard(t *testing.T, schema *ast.Schema) *board {
	t.Helper()
	a := newAPI(t)
	b := &board{api: a, schema: schema, limits: &limits{Verifier: a.verifier, scopes: map[string][]string{}}, sockets: map[string]*sock{}}
	executable, keeper, err := graph.New(graph.Domain{
		Accounts: a.accounts, Sessions: a.sessions, Journal: a.journal, Keys: a.keys, Feed: a.feed,
		CursorKey: a.keys.Secret(keyring.CursorSecret).Bytes,
	}, time.Now, guard.WithoutPlansFor(document.HoldsSecret))
	if err != nil {
		t.Fatal(err)
	}
	handler, err := web.New(web.Config{
		Verifier: b.limits, Cookies: web.Cookies{Opens: a.sessions.Opens}, Log: slog.New(slog.DiscardHandler),
		GraphQL: web.GraphQL{
			Documents: document.Settings{Limits: document.DefaultLimits()}, MaxBody: 64 << 10,
			Schema: executable, Extensions: []graphql.HandlerExtension{keeper}, Recover: graph.Recover, Introspection: true,
			Present: keeper.Present(graph.Present(slog.New(slog.DiscardHandler))),
		},
		Ready: func(context.Context) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	a.url = server.URL
	b.other = a.person(t, auth.RoleUser)
	admin := a.person(t, auth.RoleAdmin)
	if _, got := a.ask(t, admin.Tokens.Access, fmt.Sprintf(`mutation { revokeUserTokens(input: {userId: %q}) { user { id } } }`, b.other.User.ID), nil); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	_, got := a.ask(t, admin.Tokens.Access, `{ auditEvents(first: 1) { nodes { id } } }`, nil)
	b.event = auth.ID(fmt.Sprint(got.at("auditEvents.nodes").([]any)[0].(map[string]any)["id"]))
	return b
}

func (b *board) bearer(t testing.TB, s tokenKind) bearer {
	t.Helper()
	p := bearer{b.person(t, s.roles...), s, ""}
	switch {
	case s.make != nil:
		p.token = s.make(t, b.api, p.Opened)
	case s.stale:
		p.token = b.altered(t, p.Tokens.Access, func(c map[string]any) { c["auth_time"] = time.Now().Add(-16 * time.Minute).Unix() })
	default:
		p.token = p.Tokens.Access
	}
	if s.scopes != nil {
		b.limits.mu.Lock()
		defer b.limits.mu.Unlock()
		b.limits.scopes[p.token] = s.scopes
	}
	return p
}

// altered is a token with other claims, signed as the server signs.
func (a *api) altered(t testing.TB, token string, change func(claims map[string]any)) string {
	t.Helper()
	parts := strings.Split(token, ".")
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		t.Fatal(err)
	}
	for _, date := range []string{"iat", "exp", "auth_time", "gen"} {
		claims[date] = int64(claims[date].(float64))
	}
	change(claims)
	if body, err = json.Marshal(claims); err != nil {
		t.Fatal(err)
	}
	text := parts[0] + "." + base64.RawURLEncoding.EncodeToString(body)
	signature, err := a.keys.Signing().Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// What signing in answers is answered to whom it signs in, whatever the token that asks.
func TestSigningInAnswersWhomItSignsIn(t *testing.T) {
	b := newBoard(t, contract(t))
	into := bearer{b.other, tokenKind{verifies: true, roles: []auth.Role{auth.RoleUser}}, ""}
	query := fmt.Sprintf("mutation { signIn(input: {email: %q, password: %q}) {", b.other.User.Email, goodPassword)
	want := map[string]bool{}
	for name, on := range map[string]string{"user": "User", "session": "Session"} {
		query += " " + name + " {"
		def := b.schema.Types[on]
		for _, f := range def.Fields {
			if !b.schema.Types[f.Type.Name()].IsLeafType() {
				continue
			}
			query += " " + f.Name
			if code := b.judgeField(into, true, step{def, f, nil}); code > 0 {
				want[fmt.Sprintf("%s %s.%s signIn.%s.%s", codes[code], on, f.Name, name, f.Name)] = true
			}
		}
		query += " }"
	}
	for _, name := range []string{"no token", "an expired token", "a revoked token", "USER", "ADMIN", "ADMIN, limited to no scope"} {
		t.Run(name, func(t *testing.T) {
			_, answered := b.ask(t, b.bearer(t, states()[name]).token, query+" accessToken refreshToken expiresAt } }", nil)
			got := map[string]bool{}
			for _, e := range answered.Errors {
				got[fmt.Sprint(e.Extensions["code"], " ", e.Extensions["coordinate"], " ", names(e.Path))] = true
			}
			if diff := cmp.Diff(want, got); diff != "" || answered.at("signIn.user.id") != string(b.other.User.ID) {
				t.Errorf("%v: denied otherwise (-contract +guard):\n%s", answered.at("signIn.user.id"), diff)
			}
		})
	}
}
