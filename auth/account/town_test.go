package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/token"
	"github.com/fieldward/fieldward/db"
)

// town is a manager with all that stands around it, and people who have signed in.
type town struct {
	*account.Manager
	store    *db.Store
	sessions *session.Manager
	verifier *token.Verifier
	hasher   *password.Hasher
}

func newTown(t *testing.T) *town {
	t.Helper()
	store, done := newStore(t)
	t.Cleanup(done)
	return newTownOn(t, store, keyring.NewMasterKey(), account.Settings{})
}

// newTownOn is an instance of the server on the store.
func newTownOn(t testing.TB, store *db.Store, master keyring.MasterKey, s account.Settings) *town {
	t.Helper()
	keys, err := keyring.Open(t.Context(), store, master, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	const issuer = "https://fieldward.example"
	tokens := token.Settings{Issuer: issuer, Audience: issuer, TokenAudience: []string{issuer}, TTL: 10 * time.Minute}
	revocations := session.NewRevocations(time.Hour, time.Now)
	w := &town{
		store: store, verifier: token.NewVerifier(keys, tokens, revocations, time.Now), hasher: password.NewHasher(2),
	}
	w.sessions = session.NewManager(store, token.NewIssuer(keys, tokens, nil, time.Now), keys, revocations, session.Settings{
		Issuer: issuer, TTL: 24 * time.Hour, IdleTTL: time.Hour, Grace: time.Minute, PerUser: 50,
	}, time.Now)
	s.Passwords = password.Policy{MinLength: 8}
	w.Manager = account.NewManager(store, w.sessions, w.hasher, s, time.Now)
	return w
}

// person adds a user with the roles, and signs them in.
func (w *town) person(t *testing.T, email string, roles ...auth.Role) session.Opened {
	t.Helper()
	_, err := w.Create(t.Context(), account.Operator, account.Details{Email: email, Name: "Someone", Password: good, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	return w.signIn(t, email, good)
}

func (w *town) signIn(t *testing.T, email string, p auth.Secret) session.Opened {
	t.Helper()
	opened, err := w.SignIn(t.Context(), email, p, desk)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func as(o session.Opened) account.Actor { return account.By(o.Caller, desk) }

func (w *town) accepts(t *testing.T, o session.Opened) bool {
	t.Helper()
	_, err := w.verifier.Verify(t.Context(), o.Tokens.Access)
	return err == nil
}

// refuses fails the test where any of the sessions, of those that were opened, is still good for something.
func (w *town) refuses(t *testing.T, whose string, opened []session.Opened) {
	t.Helper()
	for _, o := range opened {
		if o.Tokens.Access == "" {
			continue
		}
		if w.accepts(t, o) {
			t.Errorf("%s has a token that is accepted", whose)
		}
		if _, ok := w.renews(t, o); ok {
			t.Errorf("%s has a session that can be renewed", whose)
		}
	}
}

func (w *town) renews(t *testing.T, o session.Opened) (session.Opened, bool) {
	t.Helper()
	renewed, err := w.sessions.Renew(t.Context(), auth.Secret(o.Tokens.Refresh), desk)
	if err != nil && !errors.Is(err, auth.ErrSessionEnded) {
		t.Fatal(err)
	}
	return renewed, err == nil
}

// events are what happened to the user, the newest first.
func (w *town) events(t *testing.T, id auth.ID) []auth.Action {
	t.Helper()
	events, err := w.store.Events(t.Context(), auth.EventFilter{SubjectID: &id}, auth.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var actions []auth.Action
	for _, e := range events.Items {
		actions = append(actions, e.Action)
	}
	return actions
}

// code is that of err, empty where there is none.
func code(err error) auth.Code {
	if err == nil {
		return ""
	}
	if known, ok := errors.AsType[*auth.Error](err); ok {
		return known.Code
	}
	return auth.Internal
}
