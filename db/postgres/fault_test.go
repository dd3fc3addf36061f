package postgres_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/postgres"
)

func noon() time.Time { return ada().User.CreatedAt }

func event(of account.NewUser) auth.Event {
	return auth.Event{ID: auth.NewID(auth.EventPrefix, noon()), At: noon(), Action: auth.TokensRevoked, SubjectID: &of.User.ID, Generation: new(int64(1))}
}

func opening(of account.NewUser) session.Opening {
	return session.Opening{
		Session: auth.Session{
			ID: auth.NewID(auth.SessionPrefix, noon()), UserID: of.User.ID, AuthTime: noon(), CreatedAt: noon(), RenewedAt: noon(),
			ExpiresAt: noon().AddDate(0, 0, 1),
		},
		Event: event(of), PasswordHash: of.PasswordHash, Generation: of.User.Generation, Limit: 50,
	}
}

// house is a store with a user and a session of theirs, behind a proxy.
type house struct {
	*db.Store
	proxy  *proxy
	user   account.NewUser
	opened auth.Session
}

func newHouse(t *testing.T, parameters ...string) house {
	t.Helper()
	p := newProxy(t, server(t).Database(t))
	for i := 0; i < len(parameters); i += 2 {
		p.url = parameter(t, p.url, parameters[i], parameters[i+1])
	}
	h := house{Store: open(t, p.url), proxy: p, user: ada()}
	must(t, h.AddUser(t.Context(), h.user))
	o := opening(h.user)
	_, err := h.Open(t.Context(), o)
	must(t, err)
	h.opened = o.Session
	return h
}

// change is one of the ways to change what a store holds.
type change struct {
	// cutAt is where the connection is cut.
	cutAt func(sent []byte) bool
	do    func(ctx context.Context, h house) error
	// events is how many more it leaves of those that revoke.
	events int
}

func changes() map[string]change {
	other := ada()
	other.User.Email = "bob@example.org"
	return map[string]change{
		"a new user": {commits, func(ctx context.Context, h house) error {
			other.Events = []auth.Event{event(other)}
			return h.AddUser(ctx, other)
		}, 1},
		"an opening": {commits, func(ctx context.Context, h house) error {
			_, err := h.Open(ctx, opening(h.user))
			return err
		}, 1},
		"a change": {commits, func(ctx context.Context, h house) error {
			changed, err := h.Change(ctx, account.Change{
				UserID: h.user.User.ID, At: noon(), Event: event(h.user), Set: account.Fields{Name: new("Other")}, Revokes: true,
			})
			if err == nil && (changed.User.Name != "Other" || changed.User.Generation != 1) {
				return errors.New("it was made more or less than once")
			}
			return err
		}, 1},
		"an end": {commits, func(ctx context.Context, h house) error {
			ended, err := h.End(ctx, h.opened.ID, event(h.user))
			if err == nil && !ended {
				return errors.New("it ended nothing")
			}
			return err
		}, 1},
		"an end of all": {commits, func(ctx context.Context, h house) error {
			all, err := h.EndAll(ctx, h.user.User.ID, event(h.user))
			if err == nil && all != (session.EndedAll{Sessions: 1, Generation: 1}) {
				return errors.New("it was made more or less than once")
			}
			return err
		}, 1},
		"a refresh": {executes, func(ctx context.Context, h house) error {
			return h.Advance(ctx, session.Advance{SessionID: h.opened.ID, From: 0, To: 1, At: noon().Add(time.Hour)})
		}, 0},
		"a refresh on record": {commits, func(ctx context.Context, h house) error {
			e := event(h.user)
			return h.Advance(ctx, session.Advance{SessionID: h.opened.ID, From: 0, To: 1, At: noon().Add(time.Hour), Event: &e})
		}, 1},
		"a record": {executes, func(ctx context.Context, h house) error { return h.Record(ctx, event(h.user)) }, 1},
		"a secret": {executes, func(ctx context.Context, h house) error {
			return h.AddSecret(ctx, keyring.SealedSecret{Kind: "refresh", Version: 1, Sealed: []byte{1}, CreatedAt: noon()})
		}, 0},
	}
}

func eventsIn(t *testing.T, h house) int {
	t.Helper()
	all := 0
	must(t, h.RevokedSince(t.Context(), noon().AddDate(-1, 0, 0), func(session.Revoked) { all++ }))
	return all
}

// TestChangeWhoseAnswerIsLostIsMadeOnce cuts the connection right before a commit, or right after it: in both cases the
// change has succeeded, and has been made once.
func TestChangeWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	for where, how := range map[string]cut{"before the commit": before, "after the commit": after} {
		for name, c := range changes() {
			t.Run(name+", cut "+where, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t)
				had := eventsIn(t, h)
				h.proxy.cutOnce(how, c.cutAt)
				must(t, c.do(t.Context(), h))
				if h.proxy.at != nil {
					t.Fatal("nothing was cut")
				}
				if got := eventsIn(t, h) - had; got != c.events {
					t.Errorf("there are %d more events, want %d", got, c.events)
				}
			})
		}
	}
}

// TestChangeThatNobodyCanTellOfIsNotReportedAsFailed cuts the connection after a commit, and lets nobody look.
func TestChangeThatNobodyCanTellOfIsNotReportedAsFailed(t *testing.T) {
	for name, c := range changes() {
		if name == "a secret" {
			continue // it is the same when it is made twice, and is begun anew
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			had := eventsIn(t, h)
			h.proxy.cutOnce(after, c.cutAt)
			h.proxy.block(true)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			err := c.do(ctx, h)
			isUnavailable(t, err, "It is not known whether this was done.")
			h.proxy.block(false)
			if got := eventsIn(t, h) - had; got != c.events {
				t.Errorf("there are %d more events, want %d: it was made", got, c.events)
			}
		})
	}
}

// isUnavailable asks that a caller is told to come back, and reads nothing of what the database said.
func isUnavailable(t *testing.T, err error, message string) {
	t.Helper()
	shown, ok := errors.AsType[*auth.Error](err)
	if !ok || shown.Code != auth.Unavailable || shown.RetryAfter <= 0 || !strings.HasPrefix(shown.Message, message) {
		t.Fatalf("got the error %v, want one of the code UNAVAILABLE that says %q", err, message)
	}
}

func TestConnectionThatEndsInTheMiddleOfAChangeLeavesNothing(t *testing.T) {
	h := newHouse(t)
	had := eventsIn(t, h)
	o := opening(h.user)
	o.Limit = 1
	o.CrowdedOut = func(auth.ID) auth.Event {
		h.proxy.block(true)
		return event(h.user)
	}
	_, err := h.Open(t.Context(), o)
	isUnavailable(t, err, "The server is busy.")
	isUnavailable(t, h.Ping(t.Context()), "The server is busy.")
	h.proxy.block(false)
	if got := eventsIn(t, h); got != had {
		t.Errorf("there are %d events, want %d", got, had)
	}
	if _, _, err := h.Session(t.Context(), o.Session.ID); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("reading the session: %v", err)
	}
}

func TestChangeThatADeadlockEndsIsBegunAnew(t *testing.T) {
	h := newHouse(t, "deadlock_timeout", "1s") // it looks before the other, who is patient
	tx, err := raw(t, h.proxy.url+"&deadlock_timeout=1min").BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.Exec(`UPDATE sessions SET counter = counter WHERE id = $1`, string(h.opened.ID))
	must(t, err)
	ended := make(chan error)
	go func() { // takes the user, and waits for the session
		_, err := h.EndAll(t.Context(), h.user.User.ID, event(h.user))
		ended <- err
	}()
	waitForWaiters(t, h)
	_, err = tx.Exec(`UPDATE users SET name = 'Other' WHERE id = $1`, string(h.user.User.ID))
	must(t, err)
	must(t, tx.Commit())
	must(t, <-ended)
	u, err := h.User(t.Context(), h.user.User.ID)
	must(t, err)
	if u.Generation != 1 || u.Name != "Other" {
		t.Errorf("the user is %+v", u)
	}
}

// waitForWaiters waits until a transaction in the database waits for another.
func waitForWaiters(t *testing.T, h house) {
	t.Helper()
	pool := raw(t, h.proxy.url)
	for range 1000 {
		var waiting int
		must(t, pool.QueryRow(`SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&waiting))
		if waiting > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nobody waits")
}

func TestStatementThatWaitsTooLongIsUnavailable(t *testing.T) {
	h := newHouse(t, "statement_timeout", "100ms")
	tx, err := raw(t, h.proxy.url).BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.Exec(`UPDATE users SET name = 'Other' WHERE id = $1`, string(h.user.User.ID))
	must(t, err)
	_, err = h.EndAll(t.Context(), h.user.User.ID, event(h.user))
	isUnavailable(t, err, "The server is busy.")
	must(t, tx.Rollback())
	_, err = h.EndAll(t.Context(), h.user.User.ID, event(h.user))
	must(t, err)
}

func TestConnectionsThatDiedAreReplaced(t *testing.T) {
	h := newHouse(t)
	h.proxy.block(true)
	isUnavailable(t, h.Ping(t.Context()), "The server is busy.")
	_, err := h.User(t.Context(), h.user.User.ID)
	isUnavailable(t, err, "The server is busy.")
	h.proxy.block(false)
	must(t, h.Ping(t.Context()))
	_, err = h.EndAll(t.Context(), h.user.User.ID, event(h.user))
	must(t, err)
}

func TestMistakesAreNotTakenForLostAnswers(t *testing.T) {
	h := newHouse(t)
	o := opening(h.user)
	o.Session.CreatedAt = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	begin := time.Now()
	_, err := h.Open(t.Context(), o)
	if _, shown := errors.AsType[*auth.Error](err); err == nil || shown || time.Since(begin) > 4*time.Second {
		t.Errorf("a time that cannot be written: %v", err)
	}
	if postgres.IsUnanswered(errors.New("encode an argument")) || !postgres.IsUnanswered(io.ErrUnexpectedEOF) {
		t.Error("an error of ours is taken for one of the connection, or the other way round")
	}
}
