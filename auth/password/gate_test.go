package password_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
)

// queue is a gate of one place, which is taken, and whoever waits at it. For use in a bubble of synctest.
type queue struct {
	t       *testing.T
	gate    password.Gate
	release func()
	entered []string // in their order
}

func newQueue(t *testing.T) *queue {
	q := &queue{t: t, gate: password.NewGate(1)}
	leave, err := q.gate.Enter(t.Context(), password.Asker{})
	if err != nil {
		t.Fatal(err)
	}
	q.release = leave
	return q
}

// join has someone wait, who leaves after a second inside, and reports whether there was a place to wait.
func (q *queue) join(ctx context.Context, name string, a password.Asker) bool {
	refused := make(chan error, 1)
	go func() {
		leave, err := q.gate.Enter(ctx, a)
		if err != nil {
			refused <- err
			return
		}
		q.entered = append(q.entered, name)
		time.Sleep(time.Second)
		leave()
	}()
	synctest.Wait()
	select {
	case err := <-refused:
		if known, ok := errors.AsType[*auth.Error](err); !ok || known.Code != auth.Unavailable || known.RetryAfter != time.Second {
			q.t.Errorf("%s is refused: %v", name, err)
		}
		return false
	default:
		return true
	}
}

// drain lets everyone in, and returns them in their order.
func (q *queue) drain() []string {
	q.t.Helper()
	q.release()
	time.Sleep(time.Hour)
	synctest.Wait()
	if !q.gate.Empty(1) {
		q.t.Error("the gate keeps something of those who have gone")
	}
	return q.entered
}

func TestNetworksTakeTurnsAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t)
		for _, name := range []string{"a1", "a2", "a3", "a4", "b1", "b2", "-1", "-2", "c1"} {
			network := name[:1]
			if network == "-" {
				network = "" // who comes from nowhere has a line of their own
			}
			if !q.join(t.Context(), name, password.Asker{Network: network}) {
				t.Errorf("%s is refused", name)
			}
		}
		want := []string{"a1", "b1", "-1", "-2", "c1", "a2", "b2", "a3", "a4"}
		if diff := cmp.Diff(want, q.drain()); diff != "" {
			t.Errorf("they enter in another order: %s", diff)
		}
	})
}

func TestANetworkHoldsFourPlacesOfTheQueue(t *testing.T) {
	for name, known := range map[string]bool{"strangers": false, "known": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(t)
				for i := range 8 {
					got := q.join(t.Context(), fmt.Sprint(i), password.Asker{Network: "a", Known: known})
					if got != (i < 4) {
						t.Errorf("number %d waits: %v", i+1, got)
					}
				}
				if !q.join(t.Context(), "other", password.Asker{Network: "b"}) {
					t.Error("another network is refused")
				}
				if diff := cmp.Diff([]string{"0", "other", "1", "2", "3"}, q.drain()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAQuarterOfTheQueueIsKeptForTheKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t)
		strangers, known := 0, 0
		for i := range 64 {
			if q.join(t.Context(), "stranger", password.Asker{Network: fmt.Sprint("s", i)}) {
				strangers++
			}
		}
		for i := range 64 {
			if q.join(t.Context(), "known", password.Asker{Network: fmt.Sprint("k", i), Known: true}) {
				known++
			}
		}
		if strangers != 24 || known != 8 {
			t.Errorf("%d strangers and %d known wait in 32 places, want 24 and 8", strangers, known)
		}
		if n := len(q.drain()); n != 32 {
			t.Errorf("%d entered", n)
		}
	})
}

func TestTheKnownMayFillTheWholeQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t)
		known := 0
		for i := range 64 {
			if q.join(t.Context(), "known", password.Asker{Network: fmt.Sprint("k", i), Known: true}) {
				known++
			}
		}
		if known != 32 || q.join(t.Context(), "stranger", password.Asker{}) {
			t.Errorf("%d known wait in 32 places, or a stranger beyond them does", known)
		}
		q.drain()
	})
}

func TestWhoGivesUpLeavesTheirPlaceToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t)
		ctx, giveUp := context.WithCancel(t.Context())
		q.join(t.Context(), "a1", password.Asker{Network: "a"})
		for _, name := range []string{"a2", "a3", "a4"} {
			q.join(ctx, name, password.Asker{Network: "a"})
		}
		q.join(ctx, "b1", password.Asker{Network: "b", Known: true})
		giveUp()
		synctest.Wait()
		for _, name := range []string{"a5", "a6", "a7"} {
			if !q.join(t.Context(), name, password.Asker{Network: "a"}) {
				t.Errorf("%s is refused a place that was left", name)
			}
		}
		if diff := cmp.Diff([]string{"a1", "a5", "a6", "a7"}, q.drain()); diff != "" {
			t.Error(diff)
		}
	})
}

// Whoever is let in at the moment of giving up must pass the place on: else the gate would close for good.
func TestWhoGivesUpAsTheirTurnComesPassesItOn(t *testing.T) {
	for range 200 {
		gate := password.NewGate(1)
		leave, err := gate.Enter(t.Context(), password.Asker{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, giveUp := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if leave, err := gate.Enter(ctx, password.Asker{Network: "a"}); err == nil {
				leave()
			}
		}()
		go giveUp()
		leave()
		<-done
		if !gate.Empty(1) {
			t.Fatal("the place is lost")
		}
	}
}

func TestOfAllWhoComeNoMoreAreInsideThanMayBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		atOnce := rapid.IntRange(1, 3).Draw(t, "at once")
		askers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) password.Asker {
			return password.Asker{Network: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "network"), Known: rapid.Bool().Draw(t, "known")}
		}), 1, 40).Draw(t, "askers")
		gate := password.NewGate(atOnce)
		var inside, most, entered, refused atomic.Int64
		done := make(chan struct{}, len(askers))
		for i, a := range askers {
			go func() {
				defer func() { done <- struct{}{} }()
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%5)*time.Millisecond)
				defer cancel()
				leave, err := gate.Enter(ctx, a)
				if err != nil {
					refused.Add(1)
					return
				}
				now := inside.Add(1)
				for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
				}
				time.Sleep(50 * time.Microsecond)
				inside.Add(-1)
				entered.Add(1)
				leave()
			}()
		}
		for range askers {
			<-done
		}
		if most.Load() > int64(atOnce) || entered.Load()+refused.Load() != int64(len(askers)) || !gate.Empty(atOnce) {
			t.Fatalf("%d were inside at once, %d entered and %d were refused of %d", most.Load(), entered.Load(), refused.Load(), len(askers))
		}
	})
}

func TestEachHashIsCounted(t *testing.T) {
	h := password.NewHasher(1)
	hash, err := h.Hash(t.Context(), password.Asker{}, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	_, failed := h.Check(t.Context(), password.Asker{}, hash, "wrong horse battery")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	gone := h.CheckNobody(ctx, password.Asker{}, "correct horse battery")
	if failed != nil || !errors.Is(gone, context.Canceled) {
		t.Fatal(failed, gone)
	}
	if n := h.Hashes(); n != 2 {
		t.Errorf("%d hashes were counted, want 2", n)
	}
}

func BenchmarkAFullGateRefuses(b *testing.B) {
	const atOnce = 32
	gate := password.NewGate(atOnce)
	for range atOnce {
		if _, err := gate.Enter(b.Context(), password.Asker{}); err != nil {
			b.Fatal(err)
		}
	}
	ctx, giveUp := context.WithCancel(b.Context())
	defer giveUp()
	for i := range atOnce * 33 { // more than there are places in the queue
		go func() { _, _ = gate.Enter(ctx, password.Asker{Network: fmt.Sprint(i), Known: true}) }()
	}
	time.Sleep(100 * time.Millisecond)
	for b.Loop() {
		if _, err := gate.Enter(ctx, password.Asker{Network: "x", Known: true}); err == nil {
			b.Fatal("entered")
		}
	}
}
