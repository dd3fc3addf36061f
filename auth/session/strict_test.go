package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

// byOthers are changes that another process makes: they reach the store, and nothing in this process.
func byOthers() map[string]func(ctx context.Context, s *db.Store, o session.Opened, at time.Time) error {
	change := func(c account.Change) func(context.Context, *db.Store, session.Opened, time.Time) error {
		return func(ctx context.Context, s *db.Store, o session.Opened, at time.Time) error {
			c.UserID, c.At, c.Generation = o.User.ID, at, o.User.Generation
			c.Event = session.Event(auth.AccountDisabled, o.Session, desk, at)
			if c.Set.Disabled != nil {
				c.Set.Disabled.At = &at
			}
			_, err := s.Change(ctx, c)
			return err
		}
	}
	return map[string]func(context.Context, *db.Store, session.Opened, time.Time) error{
		"the session ends": func(ctx context.Context, s *db.Store, o session.Opened, at time.Time) error {
			_, err := s.End(ctx, o.Session.ID, session.Event(auth.SignedOut, o.Session, desk, at))
			return err
		},
		"all sessions end": func(ctx context.Context, s *db.Store, o session.Opened, at time.Time) error {
			_, err := s.EndAll(ctx, o.User.ID, session.Event(auth.TokensRevoked, o.Session, desk, at))
			return err
		},
		"the generation is raised, and no session ends": change(account.Change{Revokes: true}),
		"the user is disabled, and nothing else":        change(account.Change{Set: account.Fields{Disabled: &account.Disabled{}}}),
		"the user is deleted":                           change(account.Change{Deletes: true}),
	}
}

func TestStrictRefusesAtOnceWhatAnotherProcessHasRevoked(t *testing.T) {
	for name, revoke := range byOthers() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, grace)
			strict := session.NewStrict(w.revocations, w.store)
			o := w.open(t)
			w.user = w.addUser(t, "bob@example.com")
			bystander := w.open(t)
			if revoked(t, strict, *o.Caller.Claims) {
				t.Fatal("revoked before")
			}
			if err := revoke(t.Context(), w.store, o, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
			if !revoked(t, strict, *o.Caller.Claims) {
				t.Error("not revoked")
			}
			if revoked(t, w.revocations, *o.Caller.Claims) {
				t.Error("it has reached this process some other way")
			}
			if revoked(t, strict, *bystander.Caller.Claims) {
				t.Error("another user is revoked too")
			}
		})
	}
}

func TestStrictRefusesWhatIsKnownAlreadyAndWhatItCannotAskAbout(t *testing.T) {
	w := newWorld(t, grace)
	strict := session.NewStrict(w.revocations, w.store)
	o := w.open(t)
	for name, c := range map[string]auth.Claims{
		"a token without a session":      {Subject: o.User.ID, Generation: 1},
		"a session of another user":      {Subject: "usr_1", SessionID: &o.Session.ID, Generation: 1},
		"a session that was never there": {Subject: o.User.ID, SessionID: new(auth.ID("ses_1")), Generation: 1},
	} {
		if !revoked(t, strict, c) {
			t.Errorf("%s is not refused", name)
		}
	}
	w.Revoke(ends(o.Session.ID, w.clock.Now())) // of which a database that was put back knows nothing
	if !revoked(t, strict, *o.Caller.Claims) {
		t.Error("what is known to have ended is not refused")
	}
}

// mute is a store that does not answer how a session stands until the caller has gone, or fails at once.
type mute struct {
	session.Store
	err error
}

func (m mute) Standing(ctx context.Context, _, _ auth.ID) (session.Standing, error) {
	if m.err == nil {
		<-ctx.Done()
		return session.Standing{}, ctx.Err()
	}
	return session.Standing{}, m.err
}

func TestStrictAllowsNobodyWhereTheDatabaseDoesNotAnswer(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for name, err := range map[string]error{"it fails": broken, "it hangs": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, grace)
				o := w.open(t)
				began := time.Now()
				is, got := session.NewStrict(w.revocations, mute{w.store, err}).Revoked(t.Context(), *o.Caller.Claims)
				shown, ok := errors.AsType[*auth.Error](got)
				if is || !ok || shown.Code != auth.Unavailable || shown.RetryAfter <= 0 {
					t.Errorf("revoked: %v, and the error is %v", is, got)
				}
				if err != nil && !errors.Is(got, broken) {
					t.Errorf("the cause is not in %v", got)
				}
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

func BenchmarkStrict(b *testing.B) {
	w := newWorld(b, grace)
	strict := session.NewStrict(w.revocations, w.store)
	c := *w.open(b).Caller.Claims
	b.ReportAllocs()
	for b.Loop() {
		if is, err := strict.Revoked(b.Context(), c); is || err != nil {
			b.Fatal(is, err)
		}
	}
}
