package dbtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func changeSentences() sentences {
	return sentences{
		"a change without its event does not happen":            changesWithEventOnly,
		"a request that was cut off before has changed nothing": cutBefore,
		"a request that is cut off on the way changes nothing":  cutOnTheWay,
		"a panic on the way changes nothing, and blocks nobody": panicOnTheWay,
		"whoever waits too long is told to come back":           lateIsUnavailable,
		"a store answers": answers,
	}
}

// everyChange is each way to change what s holds, with an event of its own. Each fails, or the test does.
func everyChange(t *testing.T, s *db.Store, call func(name string, change func(ctx context.Context, e auth.Event) error)) {
	t.Helper()
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon())
	want := stateOf(t, s, n, opened)
	bob := someone("bob@example.org")

	call("AddUser", func(ctx context.Context, e auth.Event) error {
		bob.Events = []auth.Event{e}
		return s.AddUser(ctx, bob)
	})
	call("AddUsers", func(ctx context.Context, e auth.Event) error {
		bob.Events = []auth.Event{e}
		added, err := s.AddUsers(ctx, []account.NewUser{bob})
		same(t, "how many it says that it added", added, 0)
		return err
	})
	call("Open", func(ctx context.Context, e auth.Event) error {
		o := opening(n, noon().Add(time.Hour))
		o.Event, o.Limit, o.Rehashed = e, 1, "a better hash"
		_, err := s.Open(ctx, o)
		return err
	})
	call("Advance", func(ctx context.Context, e auth.Event) error {
		a := step(opened.ID, 0, 1)
		a.Event = &e
		return s.Advance(ctx, a)
	})
	call("End", func(ctx context.Context, e auth.Event) error {
		ended, err := s.End(ctx, opened.ID, e)
		same(t, "whether it says that it ended", ended, false)
		return err
	})
	call("EndAll", func(ctx context.Context, e auth.Event) error {
		all, err := s.EndAll(ctx, n.User.ID, e)
		same(t, "what it says that it ended", all, session.EndedAll{})
		return err
	})

	same(t, "what the store holds", stateOf(t, s, n, opened), want)
	nobody, err := s.User(ask(), bob.User.ID)
	isNothing(t, "the second user", nobody, err)
}

// state is what the changes could have touched.
type state struct {
	User    auth.User
	Hash    string
	Session auth.Session
	Users   int
	Events  int
}

func stateOf(t *testing.T, s *db.Store, n account.NewUser, opened auth.Session) state {
	t.Helper()
	user, hash, err := s.Credentials(ask(), n.User.Email.Key())
	must(t, err)
	users, err := s.CountUsers(ask(), auth.UserFilter{})
	must(t, err)
	return state{user, hash, sessionIs(t, s, opened.ID), users, len(events(t, s))}
}

func changesWithEventOnly(t *testing.T, s *db.Store) {
	taken := event(auth.SignedUp, auth.Session{}, noon())
	must(t, s.Record(ask(), taken))
	everyChange(t, s, func(name string, change func(ctx context.Context, e auth.Event) error) {
		if err := change(ask(), taken); err == nil {
			t.Errorf("%s succeeds with an event that is there already", name)
		}
		unwritable := seen(event(auth.SignedOut, auth.Session{}, noon()))
		unwritable.Details = map[string]any{"what": make(chan int)}
		if err := change(ask(), unwritable); err == nil {
			t.Errorf("%s succeeds with an event that cannot be written", name)
		}
	})
}

func cutBefore(t *testing.T, s *db.Store) {
	everyChange(t, s, func(name string, change func(ctx context.Context, e auth.Event) error) {
		fails(t, name, change(cut(), seen(event(auth.SignedUp, auth.Session{}, noon()))), context.Canceled)
	})
	fails(t, "Record", s.Record(cut(), seen(event(auth.SignedUp, auth.Session{}, noon()))), context.Canceled)
	fails(t, "AddSigningKey", s.AddSigningKey(cut(), sealedKey(1)), context.Canceled)
	fails(t, "AddSecret", s.AddSecret(cut(), sealedSecret("refresh", 1)), context.Canceled)
	same(t, "how many events there are", len(events(t, s)), 0)
}

// crowding is the opening of a second session where one is allowed: onTheWay is called after the first has ended.
func crowding(n account.NewUser, onTheWay func()) session.Opening {
	o := opening(n, noon().Add(time.Hour))
	o.Limit, o.Rehashed = 1, "a better hash"
	crowdedOut := o.CrowdedOut
	o.CrowdedOut = func(id auth.ID) auth.Event {
		onTheWay()
		return crowdedOut(id)
	}
	return o
}

func cutOnTheWay(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon())
	want := stateOf(t, s, n, opened)
	ctx, cancel := context.WithCancel(ask())
	o := crowding(n, cancel)
	_, err := s.Open(ctx, o)
	fails(t, "the opening", err, context.Canceled)
	same(t, "what the store holds", stateOf(t, s, n, opened), want)
	nothing, _, err := s.Session(ask(), o.Session.ID)
	isNothing(t, "the session", nothing, err)
}

func panicOnTheWay(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon())
	want := stateOf(t, s, n, opened)
	func() {
		defer func() { same[any](t, "the panic", recover(), "on the way") }()
		_, _ = s.Open(ask(), crowding(n, func() { panic("on the way") }))
	}()
	same(t, "what the store holds", stateOf(t, s, n, opened), want)
	open(t, s, n, noon())
}

func lateIsUnavailable(t *testing.T, s *db.Store) {
	late, cancel := context.WithDeadline(ask(), noon().AddDate(-26, 0, 0))
	defer cancel()
	_, reading := s.User(late, auth.NewID(auth.UserPrefix, noon()))
	for what, err := range map[string]error{
		"a change": s.AddUser(late, someone("ada@example.org")), "a query": reading, "asking": s.Ping(late),
	} {
		if shown, ok := errors.AsType[*auth.Error](err); !ok || shown.Code != auth.Unavailable || shown.RetryAfter <= 0 {
			t.Errorf("%s: got the error %v, want one of the code UNAVAILABLE", what, err)
		}
		fails(t, what, err, context.DeadlineExceeded)
	}
}

func answers(t *testing.T, s *db.Store) {
	must(t, s.Ping(ask()))
	fails(t, "asking without patience", s.Ping(cut()), context.Canceled)
}
