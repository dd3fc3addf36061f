package dbtest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

// noon is when the tests begin. The store has no clock of its own.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC) }

// someone is a user to be, with the address and the role USER.
func someone(email auth.EmailAddress) account.NewUser {
	return account.NewUser{
		User: auth.User{
			ID: auth.NewID(auth.UserPrefix, noon()), Name: "Someone", Email: email, Roles: []auth.Role{auth.RoleUser},
			CreatedAt: noon(), UpdatedAt: noon(), Generation: 1,
		},
		PasswordHash: "hash of " + string(email),
	}
}

// add adds someone, and returns what was added.
func add(t *testing.T, s *db.Store, email auth.EmailAddress) account.NewUser {
	t.Helper()
	n := someone(email)
	must(t, s.AddUser(ask(), n))
	return n
}

// sessionOf is a session of the user that begins at a time and lives for a day.
func sessionOf(userID auth.ID, at time.Time) auth.Session {
	return auth.Session{
		ID: auth.NewID(auth.SessionPrefix, at), UserID: userID, AuthTime: at, CreatedAt: at, RenewedAt: at,
		ExpiresAt: at.Add(24 * time.Hour), Delivery: auth.InBody,
		Client: auth.Client{IPAddress: new("192.0.2.7"), UserAgent: new("Browser/1")},
	}
}

// opening is a session of n to be, of which n may have 50.
func opening(n account.NewUser, at time.Time) session.Opening {
	opened := sessionOf(n.User.ID, at)
	return session.Opening{
		Session: opened, Event: event(auth.SignedIn, opened, at),
		PasswordHash: n.PasswordHash, Generation: n.User.Generation, Limit: 50,
		CrowdedOut: func(id auth.ID) auth.Event {
			return event(auth.SessionRevoked, auth.Session{ID: id, UserID: n.User.ID}, at)
		},
	}
}

// open opens a session of n.
func open(t *testing.T, s *db.Store, n account.NewUser, at time.Time) auth.Session {
	t.Helper()
	o := opening(n, at)
	_, err := s.Open(ask(), o)
	must(t, err)
	return o.Session
}

// event happens to a session and its user.
func event(what auth.Action, of auth.Session, at time.Time) auth.Event {
	return auth.Event{
		ID: auth.NewID(auth.EventPrefix, at), At: at, Action: what,
		ActorID: &of.UserID, SubjectID: &of.UserID, SessionID: &of.ID,
	}
}

// seen makes an event one of those that events answers, whatever it is of.
func seen(e auth.Event) auth.Event {
	e.Generation = new(int64(1))
	return e
}

// events are all those that revoke, oldest first.
func events(t *testing.T, s *db.Store) []auth.Event {
	t.Helper()
	var revoking []auth.Event
	for _, e := range everything(t, s) {
		if e.Generation != nil || e.Action.EndsSession() {
			revoking = append(revoking, e)
		}
	}
	return oldestFirst(revoking)
}

// everything is what happened, in the order in which the store has it: the least ID first.
func everything(t *testing.T, s *db.Store) []auth.Event {
	t.Helper()
	var all []auth.Event
	page := auth.Page{Limit: 100, Backward: true}
	for {
		got, err := s.Events(ask(), auth.EventFilter{}, page)
		must(t, err)
		for _, e := range slices.Backward(got.Items) {
			all = append(all, e)
		}
		if !got.HasPrevious {
			return all
		}
		page.Beyond = all[len(all)-1].ID
	}
}

// sessionIs reads a session as it is now.
func sessionIs(t *testing.T, s *db.Store, id auth.ID) auth.Session {
	t.Helper()
	read, _, err := s.Session(ask(), id)
	must(t, err)
	return read
}

// live are those of the sessions that have not ended.
func live(t *testing.T, s *db.Store, ids []auth.ID) []auth.ID {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(ids), func(id auth.ID) bool { return sessionIs(t, s, id).EndedAt != nil })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

// fails asks for an error that is, or wraps, the wanted one.
func fails(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got the error %v, want %v", what, err, want)
	}
}

// isNothing asks that there is no such object.
func isNothing[T any](t *testing.T, what string, _ T, err error) {
	t.Helper()
	fails(t, what, err, auth.ErrNotFound)
}

const parallel = 20

// inParallel calls do for 0 to 19 at once, and returns what each said.
func inParallel(do func(i int) error) []error {
	errs := make([]error, parallel)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// meeting is where so many wait for each other. Where a store does one thing after the other, they do not wait long.
func meeting(of int32) (meet func()) {
	var arrived atomic.Int32
	all := make(chan struct{})
	begin := sync.OnceFunc(func() { close(all) })
	return func() {
		if arrived.Add(1) == of {
			begin()
		}
		select {
		case <-all:
		case <-time.After(3 * time.Second):
			begin()
		}
	}
}

// oneSucceeds asks that one of the errors is nil, and each of the others is as wanted. It returns which is nil.
func oneSucceeds(t *testing.T, errs []error, want error) int {
	t.Helper()
	winner, winners := -1, 0
	for i, err := range errs {
		if err == nil {
			winner = i
			winners++
			continue
		}
		fails(t, "one of the losers", err, want)
	}
	if winners != 1 {
		t.Fatalf("%d of %d succeeded, want 1", winners, len(errs))
	}
	return winner
}

// cut is a context that has ended.
func cut() context.Context {
	ctx, cancel := context.WithCancel(ask())
	cancel()
	return ctx
}

// alternating writes every second letter large.
func alternating(s string, from int) string {
	letters := strings.Split(s, "")
	for i := range letters {
		if (i+from)%2 == 0 {
			letters[i] = strings.ToUpper(letters[i])
		}
	}
	return strings.Join(letters, "")
}

// oldestFirst sorts events by their times.
func oldestFirst(all []auth.Event) []auth.Event {
	return slices.SortedFunc(slices.Values(all), func(a, b auth.Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
}
