package upkeep_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth/upkeep"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

// inBubble runs a test whose clock is the bubble's, on a store that is opened and closed in it.
func inBubble(t *testing.T, test func(t *testing.T, s *db.Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	migrated, err := sqlite.Open(t.Context(), path)
	must(t, err)
	must(t, migrated.Migrate(t.Context()))
	must(t, migrated.Close())
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), path)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		test(t, s)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// batch is one that was cleared.
type batch struct {
	by    string
	began time.Time
	limit int
}

// heap is something to clear.
type heap struct {
	mu      sync.Mutex
	left    int
	takes   time.Duration // to clear a batch
	failing error
	batches []batch
	atOnce  bool // whether two were at it
	busy    bool
}

// chore is the clearing of the heap by someone.
func (h *heap) chore(by string) []upkeep.Chore {
	return []upkeep.Chore{{Name: "the heap", Clear: func(ctx context.Context, limit int) (int, error) {
		h.begin(batch{by, time.Now(), limit})
		select {
		case <-ctx.Done():
		case <-time.After(h.takes):
		}
		return h.end(ctx, limit)
	}}}
}

func (h *heap) begin(b batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.atOnce = h.atOnce || h.busy
	h.busy = true
	h.batches = append(h.batches, b)
}

func (h *heap) end(ctx context.Context, limit int) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = false
	if err := errors.Join(h.failing, ctx.Err()); err != nil {
		return 0, err
	}
	n := min(limit, h.left)
	h.left -= n
	return n, nil
}

// rounds are the batches, one round apart from the next by more than a minute's half.
func (h *heap) rounds() [][]batch {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all [][]batch
	for i, b := range h.batches {
		if i == 0 || b.began.Sub(h.batches[i-1].began) > 30*time.Second {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], b)
	}
	return all
}

// run runs a keeper of the chores until it is stopped, which is where its errors are.
func run(t *testing.T, s upkeep.Store, chores []upkeep.Chore) (stop func() []error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var errs []error
	var running sync.WaitGroup
	running.Go(func() {
		upkeep.New(s, chores, time.Now).Run(ctx, func(err error) { errs = append(errs, err) })
	})
	return sync.OnceValue(func() []error {
		cancel()
		running.Wait()
		return errs
	})
}

func stopped(t *testing.T, stops ...func() []error) {
	t.Helper()
	for _, stop := range stops {
		if errs := stop(); len(errs) > 0 {
			t.Errorf("it failed: %v", errs)
		}
	}
}

func TestRoundsComeAboutEveryTenMinutes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		var h heap
		began := time.Now()
		stop := run(t, s, h.chore("ada"))
		time.Sleep(10 * time.Hour)
		stopped(t, stop)
		rounds := h.rounds()
		if len(rounds) < 54 || len(rounds) > 67 {
			t.Errorf("there are %d rounds in ten hours", len(rounds))
		}
		if first := rounds[0][0].began.Sub(began); first > 10*time.Minute {
			t.Errorf("the first comes after %s", first)
		}
		for i := range rounds[1:] {
			if gap := rounds[i+1][0].began.Sub(rounds[i][0].began); gap < 9*time.Minute || gap > 11*time.Minute {
				t.Errorf("after round %d the next comes after %s", i, gap)
			}
		}
	})
}

func TestOfManyInstancesOneClearsAtATime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		h := heap{takes: 5 * time.Second}
		var stops []func() []error
		names := []string{"ada", "bob", "cleo", "dan", "eve"}
		for _, name := range names {
			stops = append(stops, run(t, s, h.chore(name)))
		}
		for range 60 {
			h.mu.Lock()
			h.left += 4 * upkeep.Batch // which takes two minutes, and a lease lives one
			h.mu.Unlock()
			time.Sleep(10 * time.Minute)
		}
		stopped(t, stops...)
		rounds, seen := h.rounds(), map[string]bool{}
		for _, r := range rounds {
			for _, b := range r {
				seen[b.by] = true
				if b.by != r[0].by {
					t.Errorf("%s goes on in the middle of the round of %s", b.by, r[0].by)
				}
			}
		}
		if h.atOnce {
			t.Error("two are at it at once")
		}
		if len(rounds) < 40 || len(rounds) > 61 || len(seen) < 2 || h.left > 4*upkeep.Batch {
			t.Errorf("in ten hours there are %d rounds of %d instances, and %d are left", len(rounds), len(seen), h.left)
		}
	})
}

func TestBatchesAreSmallAndLeaveOthersTheirTurn(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		h := heap{left: 2*upkeep.Batch + 1, takes: time.Second}
		stop := run(t, s, h.chore("ada"))
		time.Sleep(11 * time.Minute)
		stopped(t, stop)
		if h.left != 0 || len(h.batches) < 3 {
			t.Fatalf("%d are left after %d batches", h.left, len(h.batches))
		}
		for i, b := range h.batches[:3] {
			if b.limit > 500 {
				t.Errorf("a batch is of up to %d", b.limit)
			}
			if i > 0 && b.began.Sub(h.batches[i-1].began) != 5*time.Second {
				t.Errorf("a batch of a second is followed by the next after %s", b.began.Sub(h.batches[i-1].began))
			}
		}
	})
}

func TestRoundEndsAndTheRestComesSoon(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		const most = 1000 * upkeep.Batch
		h := heap{left: most + 10*upkeep.Batch}
		var other heap
		stop := run(t, s, append(h.chore("ada"), other.chore("ada")...))
		time.Sleep(13 * time.Minute)
		stopped(t, stop)
		rounds := h.rounds()
		if len(rounds) < 2 || len(rounds[0]) != 1000 || h.left != 0 {
			t.Fatalf("%d rounds leave %d", len(rounds), h.left)
		}
		if gap := rounds[1][0].began.Sub(rounds[0][999].began); gap > 67*time.Second {
			t.Errorf("the rest comes after %s", gap)
		}
		if len(other.batches) < 2 {
			t.Error("what comes after it never has its turn")
		}
	})
}

func TestAnotherTakesOverWhereTheHolderDied(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		h := heap{left: 3 * upkeep.Batch, takes: 10 * time.Second}
		ctx, die := context.WithCancel(t.Context())
		var dying sync.WaitGroup
		dying.Go(func() {
			upkeep.New(s, h.chore("ada"), time.Now).Round(ctx, func(err error) { t.Error(err) })
		})
		time.Sleep(15 * time.Second) // in the pause after the first batch
		die()
		dying.Wait()
		early := upkeep.New(s, h.chore("bob"), time.Now)
		if early.Round(t.Context(), func(err error) { t.Error(err) }); len(h.batches) != 1 {
			t.Errorf("another is at it while the lease runs")
		}
		stop := run(t, s, h.chore("bob"))
		time.Sleep(12 * time.Minute)
		stopped(t, stop)
		if h.left != 0 || h.batches[1].by != "bob" {
			t.Errorf("%d are left after %v", h.left, h.batches)
		}
	})
}

func TestHolderThatStoodStillLeavesTheRestToWhoTookOver(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		h := heap{left: 5 * upkeep.Batch, takes: 5 * time.Minute} // longer than a lease lives
		var first sync.WaitGroup
		first.Go(func() { upkeep.New(s, h.chore("ada"), time.Now).Round(t.Context(), func(err error) { t.Error(err) }) })
		time.Sleep(2 * time.Minute)
		taken, err := s.TakeLease(t.Context(), upkeep.Lease{
			Name: "upkeep", Holder: "bob", At: time.Now(), Until: time.Now().Add(15 * time.Minute), Longest: time.Now().Add(20 * time.Minute),
		})
		must(t, err)
		first.Wait()
		if !taken || len(h.batches) != 1 {
			t.Errorf("another took over: %t, and the first clears %d batches", taken, len(h.batches))
		}
	})
}

func TestFailureIsToldAndTriedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, s *db.Store) {
		h := heap{left: 1, failing: errors.New("the disk is full")}
		var other heap
		stop := run(t, s, append(h.chore("ada"), other.chore("ada")...))
		time.Sleep(11 * time.Minute)
		h.mu.Lock()
		h.failing = nil
		h.mu.Unlock()
		time.Sleep(11 * time.Minute)
		errs := stop()
		if len(errs) == 0 || !slices.ContainsFunc(errs, func(err error) bool { return strings.Contains(err.Error(), "clear the heap: the disk is full") }) {
			t.Errorf("the errors are %v", errs)
		}
		if h.left != 0 || len(other.batches) < len(errs)+1 {
			t.Errorf("%d are left, and the next chore had its turn %d times", h.left, len(other.batches))
		}
	})
}

// unreachable is a store that does not answer.
type unreachable struct{}

func (unreachable) TakeLease(context.Context, upkeep.Lease) (bool, error) {
	return false, errors.New("out of reach")
}

func TestWithoutALeaseNothingIsCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := heap{left: 1}
		stop := run(t, unreachable{}, h.chore("ada"))
		time.Sleep(time.Hour)
		if errs := stop(); len(errs) < 5 || len(errs) > 7 || len(h.batches) > 0 {
			t.Errorf("%d times it failed, and %d batches were cleared", len(errs), len(h.batches))
		}
	})
}
