package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// forget forgets all that may go, and fails the test unless so many went.
func (w *world) forget(t *testing.T, want int) {
	t.Helper()
	n, err := w.Forget(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("%d sessions are forgotten, want %d", n, want)
	}
}

func TestSessionsAreForgottenADayAfterTheirLastTokenHasEnded(t *testing.T) {
	w := newWorld(t, grace)
	out, expiring := w.open(t), w.open(t)
	if _, err := w.End(t.Context(), out.Caller, "", desk); err != nil {
		t.Fatal(err)
	}
	w.forget(t, 0)
	w.clock.Move(24*time.Hour + accessTTL)
	w.forget(t, 0)
	if s, err := w.Session(t.Context(), out.Session.ID); err != nil || s.EndedAt == nil {
		t.Errorf("the session that ended is %v, %v", s, err)
	}
	w.clock.Move(time.Microsecond)
	w.forget(t, 1)
	if _, err := w.Session(t.Context(), out.Session.ID); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("the session that ended is still there: %v", err)
	}
	w.clock.Move(30*24*time.Hour - time.Microsecond) // all in all its life, a day, and a token's life
	w.forget(t, 0)
	w.clock.Move(time.Microsecond)
	w.forget(t, 1)
	if _, err := w.Session(t.Context(), expiring.Session.ID); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("the session that expired is still there: %v", err)
	}
}

func TestRefreshTokensOfAForgottenSessionAreAnsweredAsBefore(t *testing.T) {
	w := newWorld(t, grace)
	first := w.open(t)
	second := w.renew(t, first)
	if _, err := w.End(t.Context(), second.Caller, "", desk); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"before", "after"} {
		had := len(w.actions(t))
		w.ended(t, first.Tokens.Refresh)
		w.ended(t, second.Tokens.Refresh)
		if ended, err := w.End(t.Context(), auth.Nobody, auth.Secret(second.Tokens.Refresh), desk); err != nil || ended != 0 {
			t.Errorf("%s: to sign out again ends %d sessions: %v", when, ended, err)
		}
		if w.accepted(t, second.Tokens.Access) {
			t.Errorf("%s: its access token is accepted", when)
		}
		if now := len(w.actions(t)); now != had {
			t.Errorf("%s: there are %d more events", when, now-had)
		}
		w.clock.Move(48 * time.Hour)
		if _, err := w.Forget(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
}
