package session_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/token"
)

const keep = accessTTL + 2*token.Leeway

// revoked asks about claims.
func revoked(t testing.TB, r token.Revocations, c auth.Claims) bool {
	t.Helper()
	is, err := r.Revoked(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// ends is the event of a session's end.
func ends(id auth.ID, at time.Time) auth.Event {
	return auth.Event{Action: auth.SignedOut, SessionID: &id, At: at}
}

// raises is the event of a generation that was raised.
func raises(id auth.ID, to int64, at time.Time) auth.Event {
	return auth.Event{Action: auth.TokensRevoked, SubjectID: &id, Generation: &to, At: at}
}

func TestWhatWasRevokedIsRevokedAfterARestart(t *testing.T) {
	w := newWorld(t, grace)
	out, everywhere := w.open(t), w.open(t)
	if _, err := w.End(t.Context(), out.Caller, "", desk); err != nil {
		t.Fatal(err)
	}
	if _, err := w.EndAll(t.Context(), everywhere.Caller, desk); err != nil {
		t.Fatal(err)
	}
	fresh := session.NewRevocations(keep, w.clock.Now)
	if revoked(t, fresh, *out.Caller.Claims) {
		t.Fatal("revoked before it was loaded")
	}
	if err := fresh.Load(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	if !revoked(t, fresh, *out.Caller.Claims) || !revoked(t, fresh, *everywhere.Caller.Claims) {
		t.Error("not revoked")
	}
}

func TestWhatAnotherInstanceRevokesIsFeltWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		out, kept := w.open(t), w.open(t)
		w.user = w.addUser(t, "bob@example.com")
		bob := w.open(t)
		other := session.NewRevocations(keep, w.clock.Now)
		w.follow(t, other)
		if _, err := w.End(t.Context(), out.Caller, "", desk); err != nil {
			t.Fatal(err)
		}
		if _, err := w.EndAll(t.Context(), bob.Caller, desk); err != nil {
			t.Fatal(err)
		}
		if w.accepted(t, out.Tokens.Access) || w.accepted(t, bob.Tokens.Access) {
			t.Error("not felt at once where it was made")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !revoked(t, other, *out.Caller.Claims) || !revoked(t, other, *bob.Caller.Claims) {
			t.Error("not felt elsewhere")
		}
		if revoked(t, other, *kept.Caller.Claims) {
			t.Error("what was not revoked is refused")
		}
	})
}

// follow has revocations follow the world's journal until the test ends. In a bubble, poll lets one poll happen.
func (w *world) follow(t *testing.T, r *session.Revocations) (poll func()) {
	t.Helper()
	f := journal.NewFollower(journal.New(w.store, []byte("key"), w.clock.Now), journal.Subscriber{
		Load: func(ctx context.Context) error { return r.Load(ctx, w.store) }, Take: r.Apply,
	})
	if err := f.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { f.Run(ctx, func(err error) { t.Error(err) }) })
	t.Cleanup(func() {
		stop()
		following.Wait()
	})
	synctest.Wait()
	return func() {
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
	}
}

func TestRevocationsAreForgottenWhenNoTokenIsOldEnough(t *testing.T) {
	tests := map[string]struct {
		at    time.Duration // of the event, before now
		lasts time.Duration
	}{
		"of now":                            {0, keep},
		"of a while ago":                    {3 * time.Minute, keep - 3*time.Minute},
		"by a clock that is an hour ahead":  {-time.Hour, keep},
		"of the last moment that counts":    {keep - time.Second, time.Second},
		"of so long ago that it is nothing": {keep, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clock := authtest.NewClock()
			r := session.NewRevocations(keep, clock.Now)
			id := auth.NewID(auth.SessionPrefix, clock.Now())
			session, subject := auth.Claims{SessionID: &id}, auth.Claims{Subject: "usr_1", Generation: 1}
			at := clock.Now().Add(-test.at)
			r.Apply(ends(id, at), raises("usr_1", 2, at))
			r.Apply(ends(id, at), raises("usr_1", 2, at)) // as the journal hands it after it was felt at once
			if test.lasts > 0 {
				clock.Move(test.lasts)
				r.Sweep()
				if !revoked(t, r, session) || !revoked(t, r, subject) {
					t.Error("forgotten too early")
				}
				clock.Move(time.Microsecond)
				r.Sweep()
			}
			if revoked(t, r, session) || revoked(t, r, subject) {
				t.Error("never forgotten")
			}
			if entries, ends := r.Held(); entries != 0 || ends != 0 {
				t.Errorf("%d entries and %d ends are left", entries, ends)
			}
		})
	}
}

func TestAGenerationThatIsRaisedAgainIsKeptFromThenOn(t *testing.T) {
	clock := authtest.NewClock()
	r := session.NewRevocations(keep, clock.Now)
	r.Apply(raises("usr_1", 2, clock.Now()))
	clock.Move(keep / 2)
	r.Apply(raises("usr_1", 3, clock.Now()), raises("usr_1", 2, clock.Now()))
	clock.Move(keep/2 + time.Second)
	r.Sweep()
	for generation, want := range map[int64]bool{1: true, 2: true, 3: false} {
		if got := revoked(t, r, auth.Claims{Subject: "usr_1", Generation: generation}); got != want {
			t.Errorf("generation %d is revoked: %v", generation, got)
		}
	}
	clock.Move(keep / 2)
	r.Sweep()
	if revoked(t, r, auth.Claims{Subject: "usr_1"}) {
		t.Error("never forgotten")
	}
}

func TestRevocationsAreAtMostThoseOfALifetime(t *testing.T) {
	const perSecond, seconds = 10, 5000
	clock := authtest.NewClock()
	r := session.NewRevocations(keep, clock.Now)
	most := 0
	for second := range seconds {
		for i := range perSecond {
			r.Apply(ends(auth.ID(fmt.Sprintf("ses_%d_%d", second, i)), clock.Now()))
		}
		entries, ends := r.Held()
		most = max(most, entries, ends)
		clock.Move(time.Second)
	}
	if limit := perSecond * (int(keep/time.Second) + 1); most > limit {
		t.Errorf("%d of %d are held at once, and %d would do", most, perSecond*seconds, limit)
	}
	clock.Move(keep)
	r.Sweep()
	if entries, ends := r.Held(); entries != 0 || ends != 0 {
		t.Errorf("in the end %d entries and %d ends are left", entries, ends)
	}
}

// held holds n live revocations, half of them of sessions.
func held(n int) *session.Revocations {
	clock := authtest.NewClock()
	r := session.NewRevocations(keep, clock.Now)
	for i := range n / 2 {
		r.Apply(ends(auth.NewID(auth.SessionPrefix, clock.Now()), clock.Now()), raises(auth.ID(fmt.Sprintf("usr_%026d", i)), 2, clock.Now()))
	}
	return r
}

func TestACheckAllocatesNothingHoweverMuchIsRevoked(t *testing.T) {
	id := auth.NewID(auth.SessionPrefix, time.Now())
	c := auth.Claims{SessionID: &id, Subject: auth.NewID(auth.UserPrefix, time.Now()), Generation: 1}
	for _, n := range []int{0, 100_000} {
		r := held(n)
		if entries, _ := r.Held(); entries != n {
			t.Fatalf("%d are held, not %d", entries, n)
		}
		allocations := testing.AllocsPerRun(1000, func() {
			if is, err := r.Revoked(t.Context(), c); is || err != nil {
				t.Error(is, err)
			}
		})
		if allocations != 0 {
			t.Errorf("with %d live revocations a check allocates %v times", n, allocations)
		}
	}
}

func BenchmarkRevoked(b *testing.B) {
	id := auth.NewID(auth.SessionPrefix, time.Now())
	c := auth.Claims{SessionID: &id, Subject: auth.NewID(auth.UserPrefix, time.Now()), Generation: 1}
	for _, n := range []int{0, 1, 100_000} {
		b.Run(fmt.Sprintf("of_%d", n), func(b *testing.B) {
			r := held(n)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if is, err := r.Revoked(ctx, c); is || err != nil {
					b.Fatal(is, err)
				}
			}
		})
	}
}

func TestAClockThatJumpsAheadAndBackLetsNoRevokedTokenIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		out := w.open(t)
		w.user = w.addUser(t, "bob@example.com")
		bob := w.open(t)
		poll := w.follow(t, w.revocations)
		if _, err := w.End(t.Context(), out.Caller, "", desk); err != nil {
			t.Fatal(err)
		}
		if _, err := w.EndAll(t.Context(), bob.Caller, desk); err != nil {
			t.Fatal(err)
		}
		poll()
		w.clock.Move(keep + time.Hour)
		poll()
		w.revocations.Sweep()
		w.clock.Move(-keep - time.Hour)
		poll()
		if w.accepted(t, out.Tokens.Access) || w.accepted(t, bob.Tokens.Access) {
			t.Error("what was revoked is accepted")
		}
	})
}
