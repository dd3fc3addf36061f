package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/graph"
	"github.com/fieldward/fieldward/web"
	"github.com/fieldward/fieldward/web/document"
)

// headFirst sends the head of the answer before anything of the operation runs, as a stream does.
type headFirst struct{}

func (headFirst) ExtensionName() string                   { return "HeadFirst" }
func (headFirst) Validate(graphql.ExecutableSchema) error { return nil }

func (headFirst) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	auth.TokenJarFrom(ctx).(http.Flusher).Flush()
	return next(ctx)
}

// streaming is the same server with answers whose heads go out first.
func (a *api) streaming(t *testing.T) *api {
	t.Helper()
	schema, keeper, err := graph.New(graph.Domain{
		Accounts: a.accounts, Sessions: a.sessions, Journal: a.journal, CursorKey: a.keys.Secret(keyring.CursorSecret).Bytes,
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(a.log, nil))
	handler, err := web.New(web.Config{
		Verifier: a.verifier, Cookies: web.Cookies{Opens: a.sessions.Opens, Plain: true}, Log: log,
		Ready: func(context.Context) error { return nil },
		GraphQL: web.GraphQL{
			Documents: document.Settings{Limits: document.DefaultLimits()}, MaxBody: 64 << 10,
			Schema: schema, Extensions: []graphql.HandlerExtension{headFirst{}, keeper},
			Present: keeper.Present(graph.Present(log)), Recover: graph.Recover,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug) // the second head is no news here
	server.Start()
	t.Cleanup(server.Close)
	return &api{house: a.house, url: server.URL, log: a.log}
}

func TestWhereTheHeadHasGoneOutNothingOfACookieSessionMoves(t *testing.T) {
	tests := map[string]struct {
		query string
		late  bool
		want  []string
	}{
		"signing in":      {signInByCookie, false, []string{"INVALID_INPUT input.delivery"}},
		"signing up":      {`mutation { signUp(input: {email: "bob@example.com", name: "Bob", password: "correct horse battery", delivery: COOKIE}) { expiresAt } }`, false, []string{"INVALID_INPUT input.delivery"}},
		"refreshing":      {refreshCookies, false, []string{"INVALID_INPUT"}},
		"refreshing late": {refreshCookies, true, []string{"INVALID_INPUT"}},
		"proving again":   {`mutation { reauthenticate(input: {password: "correct horse battery"}) { expiresAt } }`, false, []string{"INVALID_INPUT"}},
		"a new password":  {`mutation { changePassword(input: {currentPassword: "correct horse battery", newPassword: "a better horse battery"}) { expiresAt } }`, false, []string{"INVALID_INPUT"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t)
			b := a.signedIn(t)
			claims, err := a.verifier.Verify(t.Context(), b.pot.Values["fieldward-access"])
			if err != nil {
				t.Fatal(err)
			}
			before := a.snapshot(t, *claims.SessionID)
			stream := &browser{a.streaming(t), b.pot}
			access := b.pot.Values["fieldward-access"]
			if test.late {
				delete(b.pot.Values, "fieldward-access")
			}
			got := stream.send(t, test.query, nil)
			if !slices.Equal(got.faults(), test.want) || len(got.set) != 0 {
				t.Errorf("answered %s, sets %v", got.body, got.set)
			}
			if diff := cmp.Diff(before, a.snapshot(t, *claims.SessionID)); diff != "" {
				t.Errorf("something has moved: %s", diff)
			}
			b.pot.Values["fieldward-access"] = access
			if got := b.send(t, refreshCookies, nil); !slices.Equal(got.set, bothSet) {
				t.Errorf("by a plain POST it is answered %s", got.body)
			}
		})
	}
	t.Run("what needs no cookie runs", func(t *testing.T) {
		a := newAPI(t)
		b := a.signedIn(t)
		stream := &browser{a.streaming(t), b.pot}
		if got := stream.send(t, `mutation { signOut { endedSessions } }`, nil); got.at("signOut.endedSessions") != 1.0 || len(got.set) != 0 {
			t.Errorf("answered %s, sets %v", got.body, got.set)
		}
	})
}

// state is all that a request on a session could move.
type state struct {
	Session auth.Session
	User    auth.User
	Users   int
	Events  []auth.Event
}

func (a *api) snapshot(t *testing.T, id auth.ID) state {
	t.Helper()
	s, u, err := a.store.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	n, err := a.accounts.CountUsers(t.Context(), auth.UserFilter{})
	if err != nil {
		t.Fatal(err)
	}
	events, err := a.store.Events(t.Context(), auth.EventFilter{}, auth.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i := range events.Items {
		events.Items[i].Number, events.Items[i].Hash = nil, nil // these come by themselves, shortly after
	}
	return state{s, u, n, events.Items}
}
