package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

func anything(auth.Tokens) error { return nil }

// inCookies is the manager of a client with cookies.
func (w *world) inCookies() *session.Manager {
	return w.Delivering(session.Delivery{By: auth.InCookies, Fits: anything})
}

// inBody is one that can set cookies, and is not asked to.
func (w *world) inBody() *session.Manager { return w.Delivering(session.Delivery{Fits: anything}) }

func (w *world) openBy(t testing.TB, m *session.Manager) session.Opened {
	t.Helper()
	opened, err := m.Open(t.Context(), w.user, session.Proof{Hash: hash}, desk)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// stored is the session as the store has it.
func (w *world) stored(t testing.TB, o session.Opened) auth.Session {
	t.Helper()
	s, _, err := w.store.Session(t.Context(), o.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARefreshTokenCountsOnlyByTheWayOnWhichItWentOut(t *testing.T) {
	w := newWorld(t, grace)
	tests := map[string]struct {
		opens, comes *session.Manager
		good         bool
	}{
		"from a cookie in a cookie": {w.inCookies(), w.inCookies(), true},
		"from a body in a body":     {w.inBody(), w.inBody(), true},
		"from a cookie in a body":   {w.inCookies(), w.inBody(), false},
		"from a body in a cookie":   {w.inBody(), w.inCookies(), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			first := w.openBy(t, test.opens)
			second, err := test.opens.Renew(t.Context(), auth.Secret(first.Tokens.Refresh), desk)
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Move(time.Hour)
			before := w.stored(t, first)
			renewed, err := test.comes.Renew(t.Context(), auth.Secret(second.Tokens.Refresh), desk)
			if (err == nil) != test.good || err != nil && !errors.Is(err, auth.ErrSessionEnded) {
				t.Errorf("renewing answers %v", err)
			}
			if test.good {
				if renewed.Session.Delivery != first.Session.Delivery {
					t.Errorf("the delivery has changed to %s", renewed.Session.Delivery)
				}
				return
			}
			if _, err := test.comes.Renew(t.Context(), auth.Secret(first.Tokens.Refresh), desk); !errors.Is(err, auth.ErrSessionEnded) {
				t.Errorf("renewing with an old one answers %v", err)
			}
			if n, err := test.comes.End(t.Context(), auth.Nobody, auth.Secret(second.Tokens.Refresh), desk); n != 0 || err != nil {
				t.Errorf("it ends %d sessions, %v", n, err)
			}
			if diff := cmp.Diff(before, w.stored(t, first)); diff != "" {
				t.Errorf("the session has changed: %s", diff)
			}
		})
	}
}

func TestARefreshTokenOpensByItsMACAlone(t *testing.T) {
	w := newWorld(t, grace)
	o := w.openBy(t, w.inCookies())
	body := w.open(t).Tokens.Refresh
	other := newWorld(t, grace)
	elsewhere := other.openBy(t, other.inCookies()).Tokens.Refresh
	ended := w.openBy(t, w.inCookies())
	if _, err := w.End(t.Context(), ended.Caller, "", desk); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(o.Tokens.Refresh, ".")
	bob := w.addUser(t, "bob@example.com")
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	with := func(i int, part string) string {
		changed := append([]string(nil), parts...)
		changed[i] = part
		return strings.Join(changed, ".")
	}
	tests := map[string]struct {
		token string
		opens bool
	}{
		"the token":            {o.Tokens.Refresh, true},
		"of an ended session":  {ended.Tokens.Refresh, true},
		"one from a body":      {body, false},
		"another server's":     {elsewhere, false},
		"the access token":     {o.Tokens.Access, false},
		"nothing":              {"", false},
		"of another user":      {with(1, string(bob.ID)), false},
		"of a session as user": {with(1, parts[2]), false},
		"of another session":   {with(2, string(ended.Session.ID)), false},
		"with another counter": {with(3, "1"), false},
		"without its MAC":      {with(4, ""), false},
		"of another version":   {with(0, "fwr_2"), false},
		"with one part more":   {o.Tokens.Refresh + "." + parts[4], false},
		"with one part less":   {strings.Join(parts[:4], "."), false},
		"without its user":     {strings.Join(append(parts[:1:1], parts[2:]...), "."), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if w.Opens(auth.Secret(test.token)) != test.opens {
				t.Errorf("it opens: %v", !test.opens)
			}
		})
	}
}

func TestWhatFailsBeforeTheStepHasMovedNothing(t *testing.T) {
	errHook := errors.New("the hook is down")
	errCookies := errors.New("the cookie is too large")
	reauthenticate := func(t *testing.T, w *world, m *session.Manager, o session.Opened) error {
		_, _, err := m.Reauthenticated(t.Context(), w.user, o.Session.ID, desk)
		return err
	}
	renew := func(t *testing.T, _ *world, m *session.Manager, o session.Opened) error {
		_, err := m.Renew(t.Context(), auth.Secret(o.Tokens.Refresh), desk)
		return err
	}
	open := func(t *testing.T, w *world, m *session.Manager, _ session.Opened) error {
		_, err := m.Open(t.Context(), w.user, session.Proof{Hash: hash}, desk)
		return err
	}
	failures := map[string]func(*world) *session.Manager{
		"the claims hook": func(w *world) *session.Manager {
			w.hook = func() (map[string]any, error) { return nil, errHook }
			return w.inCookies()
		},
		"what the hook adds": func(w *world) *session.Manager {
			w.hook = func() (map[string]any, error) { return map[string]any{"sub": "someone else"}, nil }
			return w.inCookies()
		},
		"a token that is too long": func(w *world) *session.Manager {
			w.hook = func() (map[string]any, error) { return map[string]any{"x": strings.Repeat("x", 8<<10)}, nil }
			return w.inCookies()
		},
		"a cookie that is too large": func(w *world) *session.Manager {
			return w.Delivering(session.Delivery{By: auth.InCookies, Fits: func(auth.Tokens) error { return errCookies }})
		},
		"a client without cookies": func(w *world) *session.Manager {
			return w.Delivering(session.Delivery{By: auth.InCookies})
		},
	}
	for failure, ruin := range failures {
		for name, act := range map[string]func(*testing.T, *world, *session.Manager, session.Opened) error{
			"opening": open, "renewing": renew, "proving again": reauthenticate, "repeating a lost answer": renew,
		} {
			t.Run(name+" fails by "+failure, func(t *testing.T) {
				w := newWorld(t, grace)
				o := w.openBy(t, w.inCookies())
				last := o
				if name == "repeating a lost answer" {
					last = w.renewIn(t, w.inCookies(), o)
				}
				before, events := w.stored(t, o), w.events(t)
				_, user, err := w.store.Session(t.Context(), o.Session.ID)
				if err != nil {
					t.Fatal(err)
				}
				w.clock.Move(time.Second)
				if err := act(t, w, ruin(w), o); err == nil || errors.Is(err, auth.ErrSessionEnded) {
					t.Errorf("it answers %v", err)
				}
				_, userAfter, err := w.store.Session(t.Context(), o.Session.ID)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, w.stored(t, o)) + cmp.Diff(events, w.events(t)) + cmp.Diff(user, userAfter); diff != "" {
					t.Errorf("something has moved: %s", diff)
				}
				w.hook = nil
				w.renewIn(t, w.inCookies(), last)
			})
		}
	}
}

func (w *world) renewIn(t testing.TB, m *session.Manager, o session.Opened) session.Opened {
	t.Helper()
	renewed, err := m.Renew(t.Context(), auth.Secret(o.Tokens.Refresh), desk)
	if err != nil {
		t.Fatalf("renew: %v", err)
	}
	return renewed
}

// events are all that is on record, the newest first.
func (w *world) events(t testing.TB) []auth.Event {
	t.Helper()
	all, err := w.store.Events(t.Context(), auth.EventFilter{}, auth.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return all.Items
}

func TestARefreshTokensEndDoesNotTellWhenItsSessionWasRenewed(t *testing.T) {
	w := newWorld(t, grace)
	first := w.openBy(t, w.inCookies())
	w.clock.Move(time.Hour)
	w.renewIn(t, w.inCookies(), first)
	w.clock.Move(grace / 2)
	again := w.renewIn(t, w.inCookies(), first)
	if want := w.clock.Now().Add(14 * 24 * time.Hour); !again.Tokens.RefreshExpiresAt.Equal(want) {
		t.Errorf("it ends at %s, not at %s", again.Tokens.RefreshExpiresAt, want)
	}
	for last := again; ; {
		w.clock.Move(10 * 24 * time.Hour)
		if !w.clock.Now().Before(first.Session.ExpiresAt) {
			break
		}
		last = w.renewIn(t, w.inCookies(), last)
		if last.Tokens.RefreshExpiresAt.After(first.Session.ExpiresAt) {
			t.Errorf("the token ends at %s, and its session at %s", last.Tokens.RefreshExpiresAt, first.Session.ExpiresAt)
		}
	}
}
