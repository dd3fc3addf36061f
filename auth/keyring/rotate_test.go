package keyring_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: start()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func openAt(t testing.TB, store keyring.Store, master keyring.MasterKey, now func() time.Time) *keyring.Keyring {
	t.Helper()
	ring, err := keyring.Open(t.Context(), store, master, now)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func rotate(t *testing.T, ring *keyring.Keyring, algorithm string) auth.SigningKey {
	t.Helper()
	k, err := ring.Rotate(t.Context(), auth.Nobody, auth.Client{}, algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASuccessorIsAnnouncedThenSignsAndTheFirstRetiresWithItsLastToken(t *testing.T) {
	c, store := newClock(), &memory{}
	ring := openAt(t, store, keyring.NewMasterKey(), c.now)
	first := ring.Signing()

	next := rotate(t, ring, "")
	if next.State != auth.KeyAnnounced || !next.SignsFrom.Equal(start().Add(time.Hour)) || next.SignsUntil != nil {
		t.Errorf("the successor is %+v", next)
	}
	if ring.Signing().KeyID != first.KeyID {
		t.Error("the successor signs at once")
	}
	timeline := []struct {
		after       time.Duration
		first, next auth.SigningKeyState
		published   int
	}{
		{time.Hour - time.Microsecond, auth.KeySigning, auth.KeyAnnounced, 2},
		{time.Hour, auth.KeyVerifying, auth.KeySigning, 2},
		{25*time.Hour + time.Minute - time.Microsecond, auth.KeyVerifying, auth.KeySigning, 2},
		{25*time.Hour + time.Minute, auth.KeyRetired, auth.KeySigning, 1},
	}
	for _, at := range timeline {
		c.mu.Lock()
		c.at = start().Add(at.after)
		c.mu.Unlock()
		a, _ := ring.State(first.KeyID)
		b, _ := ring.State(next.KeyID)
		if a != at.first || b != at.next || len(ring.Published()) != at.published {
			t.Errorf("after %s: %s, %s, %d published", at.after, a, b, len(ring.Published()))
		}
	}
	views := ring.Keys()
	if len(views) != 2 || views[0].KeyID != next.KeyID || *views[1].SignsUntil != views[0].SignsFrom ||
		*views[1].VerifiesUntil != views[0].SignsFrom.Add(keyring.MaxTokenLife+time.Minute) {
		t.Errorf("the keys are %+v", views)
	}
}

func TestWhileASuccessorIsAnnouncedRotatingAnswersThatOne(t *testing.T) {
	c, store := newClock(), &memory{}
	ring := openAt(t, store, keyring.NewMasterKey(), c.now)
	first := rotate(t, ring, "")
	c.add(59 * time.Minute)
	if again := rotate(t, ring, keyring.EdDSA); again.KeyID != first.KeyID {
		t.Error("a second successor was made")
	}
	c.add(time.Minute)
	if next := rotate(t, ring, keyring.EdDSA); next.KeyID == first.KeyID || next.Algorithm != "EdDSA" {
		t.Errorf("once it signs, rotating answers %+v", next)
	}
	if len(store.keys) != 3 {
		t.Errorf("there are %d keys", len(store.keys))
	}
}

func TestOfManyThatRotateAtOnceAllAnswerOneSuccessor(t *testing.T) {
	for range 20 {
		store, master := &memory{}, keyring.NewMasterKey()
		rings := make([]*keyring.Keyring, 10)
		for i := range rings {
			rings[i] = openNew(t, store, master)
		}
		answers := make([]auth.SigningKey, len(rings))
		var all sync.WaitGroup
		for i, ring := range rings {
			all.Go(func() {
				var err error
				if answers[i], err = ring.Rotate(context.Background(), auth.Nobody, auth.Client{}, ""); err != nil {
					t.Errorf("rotate: %v", err)
				}
			})
		}
		all.Wait()
		for _, k := range answers {
			if k.KeyID != answers[0].KeyID {
				t.Fatal("there are two successors")
			}
		}
		if len(store.keys) != 2 || len(store.told) != 1 {
			t.Fatalf("there are %d keys and %d events", len(store.keys), len(store.told))
		}
	}
}

func TestEachAlgorithmHasKeysThatSignAreSealedAndOpenAgain(t *testing.T) {
	want := map[string][]string{
		keyring.ES256: {"alg", "crv", "kid", "kty", "use", "x", "y"}, keyring.ES384: {"alg", "crv", "kid", "kty", "use", "x", "y"},
		keyring.EdDSA: {"alg", "crv", "kid", "kty", "use", "x"}, keyring.RS256: {"alg", "e", "kid", "kty", "n", "use"},
	}
	for algorithm, published := range want {
		t.Run(algorithm, func(t *testing.T) {
			store, master, c := &memory{}, keyring.NewMasterKey(), newClock()
			ring, err := keyring.OpenWith(t.Context(), store, keyring.Settings{Master: master, Algorithm: algorithm}, c.now)
			if err != nil {
				t.Fatal(err)
			}
			if k := ring.Signing(); k.Algorithm != algorithm {
				t.Errorf("the first key has %s", k.Algorithm)
			}
			sameRing(t, ring, openAt(t, store, master, c.now))
			if next := rotate(t, openAt(t, store, master, c.now), ""); string(next.Algorithm) != algorithm {
				t.Errorf("where nothing is set the next key has %s", next.Algorithm)
			}
			c.add(time.Hour)
			sameRing(t, openAt(t, store, master, c.now), openAt(t, store, master, c.now))
			text, err := ring.KeySet()
			if err != nil {
				t.Fatal(err)
			}
			var set struct{ Keys []map[string]any }
			if err := json.Unmarshal(text, &set); err != nil {
				t.Fatal(err)
			}
			var names []string
			for name := range set.Keys[0] {
				names = append(names, name)
			}
			slices.Sort(names)
			if !slices.Equal(names, published) || set.Keys[0]["alg"] != algorithm || set.Keys[0]["use"] != "sig" {
				t.Errorf("published are %q", names)
			}
		})
	}
}

func TestNoKeyHasANameThatACommandWouldTakeForAFlag(t *testing.T) {
	for range 500 { // one in 64 would
		ring := openWith(t, &memory{}, keyring.Settings{Master: keyring.NewMasterKey(), Algorithm: keyring.EdDSA}, start)
		if keyID := ring.Signing().KeyID; strings.HasPrefix(keyID, "-") {
			t.Fatalf("a key is called %s", keyID)
		}
	}
}

func TestNoKeyIsMadeForAnotherAlgorithm(t *testing.T) {
	store := &memory{}
	ring := openNew(t, store, keyring.NewMasterKey())
	for _, algorithm := range []string{"HS256", "none", "ES512", "PS256", "es256"} {
		_, err := ring.Rotate(t.Context(), auth.Nobody, auth.Client{}, algorithm)
		if known, ok := errors.AsType[*auth.Error](err); !ok || known.Code != auth.InvalidInput || known.Field != "algorithm" {
			t.Errorf("rotate to %s: %v", algorithm, err)
		}
		_, _, err = ring.Revoke(t.Context(), auth.Nobody, auth.Client{}, ring.Signing().KeyID, algorithm)
		if known, ok := errors.AsType[*auth.Error](err); !ok || known.Code != auth.InvalidInput {
			t.Errorf("revoke in favour of %s: %v", algorithm, err)
		}
		if _, err := keyring.OpenWith(t.Context(), &memory{}, keyring.Settings{Master: keyring.NewMasterKey(), Algorithm: algorithm}, start); err == nil {
			t.Errorf("opened with new keys of %s", algorithm)
		}
	}
	if len(store.keys) != 1 || store.keys[0].RevokedAt != nil {
		t.Error("something was changed")
	}
}

func TestRotatingIsOnRecordWithWhoDidIt(t *testing.T) {
	store := &memory{}
	ring := openNew(t, store, keyring.NewMasterKey())
	user, session := auth.NewID(auth.UserPrefix, start()), auth.NewID(auth.SessionPrefix, start())
	by := auth.Caller{Claims: &auth.Claims{Subject: user, SessionID: &session}}
	next, err := ring.Rotate(t.Context(), by, auth.Client{IPAddress: new("192.0.2.7")}, "")
	if err != nil {
		t.Fatal(err)
	}
	e := store.told[0]
	if len(store.told) != 1 || e.Action != auth.SigningKeyRotated || *e.SubjectID != next.ID || *e.ActorID != user ||
		*e.SessionID != session || *e.IPAddress != "192.0.2.7" || e.Details["keyId"] != next.KeyID {
		t.Errorf("the events are %+v", store.told)
	}
}

func TestAClockThatJumpedAheadDoesNotKeepKeysFromBeingRotated(t *testing.T) {
	c, store := newClock(), &memory{}
	ring := openAt(t, store, keyring.NewMasterKey(), c.now)
	first := ring.Signing()
	c.add(10 * 365 * 24 * time.Hour)
	lost := rotate(t, ring, "")
	c.add(-10 * 365 * 24 * time.Hour)
	if ring.Signing().KeyID != first.KeyID {
		t.Error("a key of the future signs")
	}
	next := rotate(t, ring, "")
	c.add(time.Hour)
	if next.KeyID == lost.KeyID || ring.Signing().KeyID != next.KeyID {
		t.Error("the key of the future is in the way")
	}
	if s, _ := ring.State(first.KeyID); s != auth.KeyVerifying {
		t.Errorf("the first key is %s", s)
	}
	c.add(keyring.MaxTokenLife + time.Minute)
	if s, _ := ring.State(first.KeyID); s != auth.KeyRetired {
		t.Errorf("when its tokens have ended the first key is %s", s)
	}
}

// follow runs Follow until the test's bubble is told to stop it, and notes what it says.
func follow(ring *keyring.Keyring) (stop func() []string) {
	ctx, cancel := context.WithCancel(context.Background())
	var said []string
	var done sync.WaitGroup
	done.Go(func() { ring.Follow(ctx, func(err error) { said = append(said, err.Error()) }) })
	return func() []string {
		cancel()
		done.Wait()
		return said
	}
}

// long ago is a clock that is behind by nearly as long as a key signs.
const (
	quarter = 90 * 24 * time.Hour
	nearly  = quarter - 3*time.Hour
)

func TestKeysAreRotatedByThemselvesEveryNinetyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, master := &memory{}, keyring.NewMasterKey()
		born := time.Now().Add(-nearly)
		openAt(t, store, master, func() time.Time { return born })
		a, b := openAt(t, store, master, time.Now), openAt(t, store, master, time.Now)
		first := a.Signing()
		stopA, stopB := follow(a), follow(b)

		time.Sleep(2*time.Hour - time.Second)
		synctest.Wait()
		if n := store.count(); n != 1 {
			t.Errorf("before its time there are %d keys", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := store.count(); n != 2 || len(a.Published()) != 2 || len(b.Published()) != 2 || a.Signing().KeyID != first.KeyID {
			t.Errorf("an hour before it signs there are %d keys, %d and %d published", n, len(a.Published()), len(b.Published()))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if k := a.Signing(); k.Generation != 2 || b.Signing().KeyID != k.KeyID || k.SignsFrom.Sub(first.SignsFrom)-quarter > time.Second {
			t.Errorf("after 90 days signs %d, from %s", k.Generation, k.SignsFrom)
		}
		if said := append(stopA(), stopB()...); len(said) > 0 {
			t.Errorf("it said %q", said)
		}
		time.Sleep(keyring.MaxTokenLife + 2*time.Minute)
		if s, _ := b.State(first.KeyID); s != auth.KeyRetired || len(store.keys) != 2 {
			t.Errorf("a day later the first is %s of %d", s, len(store.keys))
		}
		if e := store.told[0]; len(store.told) != 1 || e.ActorID != nil || e.Action != auth.SigningKeyRotated {
			t.Errorf("the events are %+v", store.told)
		}
	})
}

func TestWhatAnotherProcessDidIsFeltWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, master := &memory{}, keyring.NewMasterKey()
		server, command := openAt(t, store, master, time.Now), openAt(t, store, master, time.Now)
		leaked := server.Signing()
		stop := follow(server)
		next := rotate(t, command, "")
		time.Sleep(time.Second)
		synctest.Wait()
		if s, _ := server.State(next.KeyID); s != auth.KeyAnnounced {
			t.Errorf("what was announced is %q", s)
		}
		_, signs, err := command.Revoke(t.Context(), auth.Nobody, auth.Client{}, leaked.KeyID, "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if _, verifies := server.Verifying(leaked.KeyID); verifies || server.Signing().KeyID != signs.KeyID {
			t.Error("the revoked key still verifies, or its successor does not sign")
		}
		if said := stop(); len(said) > 0 {
			t.Errorf("it said %q", said)
		}
	})
}

func TestWhatGoesWrongIsToldOnceAndTheKeysStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		ring := openAt(t, store, keyring.NewMasterKey(), time.Now)
		key := ring.Signing()
		stop := follow(ring)
		fail := func(err error) {
			store.mu.Lock()
			store.fails = err
			store.mu.Unlock()
			time.Sleep(10 * time.Second)
			synctest.Wait()
		}
		fail(errors.New("the line is dead"))
		fail(nil)
		fail(errors.New("the line is dead"))
		store.mu.Lock()
		store.keys = nil
		store.mu.Unlock()
		fail(nil)
		if _, verifies := ring.Verifying(key.KeyID); !verifies || ring.Signing().KeyID != key.KeyID {
			t.Error("the key is gone")
		}
		said := stop()
		if len(said) != 3 || !strings.Contains(said[1], "line is dead") || !strings.Contains(said[2], "none any more") {
			t.Errorf("it said %q", said)
		}
	})
}

func TestAKeyThatDoesNotOpenIsLeftOutAndTheRevocationBesideItHolds(t *testing.T) {
	master, c := keyring.NewMasterKey(), newClock()
	store := &memory{}
	server, command := openAt(t, store, master, c.now), openAt(t, store, master, c.now)
	rotate(t, command, "")
	c.add(2 * time.Hour)
	if err := server.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, leaked := store.keys[0], store.keys[1]
	if _, _, err := command.Revoke(t.Context(), auth.Nobody, auth.Client{}, leaked.KeyID, ""); err != nil {
		t.Fatal(err)
	}
	store.keys[2].Sealed = slices.Clone(old.Sealed)

	err := server.Refresh(t.Context())

	if err == nil || !strings.Contains(err.Error(), string(store.keys[2].ID)) {
		t.Errorf("the error is %v", err)
	}
	if _, verifies := server.Verifying(leaked.KeyID); verifies {
		t.Error("the revoked key verifies")
	}
	if _, err := server.Signing().Sign("text"); err == nil {
		t.Error("a key signs that had stopped")
	}
	if _, verifies := server.Verifying(old.KeyID); !verifies {
		t.Error("the key before does not verify any more")
	}
	if _, err := server.Rotate(t.Context(), auth.Nobody, auth.Client{}, ""); err == nil || len(store.keys) != 3 {
		t.Errorf("a key is made beside what does not open: %v", err)
	}
}
