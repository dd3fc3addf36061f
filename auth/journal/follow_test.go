package journal_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
	sqlitedb "github.com/fieldward/fieldward/db/sqlite"
)

// reader is a subscriber that notes what it is told.
type reader struct {
	mu    sync.Mutex
	seen  []auth.Event
	loads int
}

func (r *reader) subscriber() journal.Subscriber {
	return journal.Subscriber{Load: r.load, Take: r.take}
}

func (r *reader) load(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loads++
	return nil
}

func (r *reader) take(events ...auth.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, events...)
}

func (r *reader) ids() []auth.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []auth.ID
	for _, e := range r.seen {
		ids = append(ids, e.ID)
	}
	return ids
}

func (r *reader) loaded() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loads
}

// sees wants the reader to have seen these and no others, in this order.
func (r *reader) sees(t *testing.T, want []auth.ID) {
	t.Helper()
	if diff := cmp.Diff(want, r.ids()); diff != "" {
		t.Errorf("seen (+) is not what happened (-):\n%s", diff)
	}
}

// follow runs a follower until the function that it returns is called, which is where its errors are.
func follow(t *testing.T, f *journal.Follower) (stop func() []error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var errs []error
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx, func(err error) { errs = append(errs, err) }) })
	return sync.OnceValue(func() []error {
		cancel()
		running.Wait()
		return errs
	})
}

// followHere does so in a bubble, and lets the first poll end: what happens next is polled as a whole.
func followHere(t *testing.T, f *journal.Follower) (stop func() []error) {
	t.Helper()
	stop = follow(t, f)
	synctest.Wait()
	return stop
}

// inBubble runs a test whose clock is the bubble's, on a store that is opened and closed in it.
func inBubble(t *testing.T, test func(t *testing.T, path string, s *db.Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	must(t, open(t, path).Close()) // migrated outside, where nothing waits for the bubble
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlitedb.Open(t.Context(), path)
		must(t, err)
		defer func() { must(t, s.Close()) }()
		test(t, path, s)
	})
}

// poll lets one poll happen.
func poll() {
	time.Sleep(500 * time.Millisecond)
	synctest.Wait()
}

func TestEachEventIsHandedOnceInOrderAndWithinHalfASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, _ string, s *db.Store) {
		var r reader
		happen(t, s, 3) // the past is what a subscriber loads
		j := journal.New(s, key(), time.Now)
		numberAll(t, j)
		f := journal.NewFollower(j, r.subscriber())
		must(t, f.Load(t.Context()))
		stop := followHere(t, f)
		var want []auth.ID
		for i := range 6 {
			ids := happen(t, s, i)
			slices.Sort(ids)
			want = append(want, ids...)
			poll()
			r.sees(t, want)
		}
		if errs := stop(); errs != nil || r.loaded() != 1 {
			t.Errorf("it was loaded %d times, and the errors are %v", r.loaded(), errs)
		}
		for i, e := range r.seen {
			if e.Number == nil || *e.Number != int64(4+i) || e.Details == nil {
				t.Errorf("event %d is %+v", i, e)
			}
		}
	})
}

func TestAGreatManyEventsAreHandedWithoutWaitingForTheNextPoll(t *testing.T) {
	inBubble(t, func(t *testing.T, path string, s *db.Store) {
		const burst = 2*journal.Batch + 5
		var r reader
		f := journal.NewFollower(journal.New(s, key(), time.Now), r.subscriber())
		must(t, f.Load(t.Context()))
		bulk(t, path, burst)
		began := time.Now()
		stop := followHere(t, f)
		synctest.Wait()
		if n := len(r.ids()); n != burst || !time.Now().Equal(began) {
			t.Errorf("%d were handed after %s", n, time.Since(began))
		}
		if errs := stop(); errs != nil {
			t.Error(errs)
		}
	})
}

func TestWhatWasCommittedBeforeLoadingButNotNumberedIsHanded(t *testing.T) {
	inBubble(t, func(t *testing.T, _ string, s *db.Store) {
		var r reader
		want := happen(t, s, 2)
		slices.Sort(want)
		f := journal.NewFollower(journal.New(s, key(), time.Now), r.subscriber())
		must(t, f.Load(t.Context()))
		stop := followHere(t, f)
		poll()
		stop()
		r.sees(t, want)
	})
}

// faulty is a store that fails where it is told to.
type faulty struct {
	journal.Store
	head, number atomic.Bool
}

var errFault = errors.New("the disk is on fire")

func (f *faulty) Head(ctx context.Context) (journal.Head, error) {
	if f.head.Load() {
		return journal.Head{}, errFault
	}
	return f.Store.Head(ctx)
}

func (f *faulty) Number(ctx context.Context, n journal.Numbering) (int, error) {
	if f.number.Load() {
		return 0, errFault
	}
	return f.Store.Number(ctx, n)
}

func TestAPollThatFailsIsToldAndRepeatedAndAfterFiveSecondsItIsNotReady(t *testing.T) {
	tests := map[string]func(*faulty) *atomic.Bool{
		"where nothing can be read":     func(f *faulty) *atomic.Bool { return &f.head },
		"where nothing can be numbered": func(f *faulty) *atomic.Bool { return &f.number },
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ string, s *db.Store) {
				var r reader
				store := &faulty{Store: s}
				f := journal.NewFollower(journal.New(store, key(), time.Now), r.subscriber())
				if err := f.Ready(); !errors.Is(err, journal.ErrNotFollowing) {
					t.Errorf("before it has loaded: %v", err)
				}
				must(t, f.Load(t.Context()))
				must(t, f.Ready())
				stop := followHere(t, f)
				poll()
				fault(store).Store(true)
				want := happen(t, s, 1)
				for range 9 {
					poll()
					must(t, f.Ready())
				}
				for range 4 {
					poll()
				}
				if err := f.Ready(); !errors.Is(err, journal.ErrNotFollowing) {
					t.Errorf("after five seconds: %v", err)
				}
				r.sees(t, nil)
				fault(store).Store(false)
				poll()
				must(t, f.Ready())
				r.sees(t, want)
				errs := stop()
				if len(errs) != 13 || !errors.Is(errs[0], errFault) {
					t.Errorf("%d errors were told: %v", len(errs), errs)
				}
			})
		})
	}
}

func TestWhatOthersHaveNumberedIsHandedWhereThisOneCannotNumber(t *testing.T) {
	inBubble(t, func(t *testing.T, _ string, s *db.Store) {
		var r reader
		store := &faulty{Store: s}
		f := journal.NewFollower(journal.New(store, key(), time.Now), r.subscriber())
		must(t, f.Load(t.Context()))
		store.number.Store(true)
		stop := followHere(t, f)
		want := happen(t, s, 1)
		numberAll(t, journal.New(s, key(), time.Now))
		poll()
		stop()
		r.sees(t, want)
	})
}

func TestADatabaseThatWasPutBackIsLoadedAnewAndFollowedOn(t *testing.T) {
	tests := map[string]int{
		"with less in it than was read":      0,
		"with as much in it as was read":     4,
		"with more in it than was read":      9,
		"to which nothing was added by then": -1,
	}
	for name, added := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, path string, s *db.Store) {
				var r reader
				j := journal.New(s, key(), time.Now)
				happen(t, s, 2)
				numberAll(t, j)
				copied := snapshot(t, path)
				f := journal.NewFollower(j, r.subscriber())
				must(t, f.Load(t.Context()))
				stop := followHere(t, f)
				want := happen(t, s, 4)
				slices.Sort(want)
				poll()
				restore(t, path, copied)
				happen(t, s, max(added, 0)) // which loading reads
				numberAll(t, j)
				poll()
				r.sees(t, want)
				if r.loaded() != 2 {
					t.Errorf("it was loaded %d times", r.loaded())
				}
				later := happen(t, s, 1)
				poll()
				r.sees(t, append(want, later...))
				if errs := stop(); errs != nil || r.loaded() != 2 {
					t.Errorf("it was loaded %d times, and the errors are %v", r.loaded(), errs)
				}
			})
		})
	}
}

func TestLoadingAnewThatFailsIsRepeated(t *testing.T) {
	inBubble(t, func(t *testing.T, path string, s *db.Store) {
		var fails, loads atomic.Int64
		j := journal.New(s, key(), time.Now)
		copied := snapshot(t, path)
		f := journal.NewFollower(j, journal.Subscriber{Take: func(...auth.Event) {}, Load: func(context.Context) error {
			loads.Add(1)
			if fails.Add(-1) >= 0 {
				return errFault
			}
			return nil
		}})
		must(t, f.Load(t.Context()))
		happen(t, s, 1)
		stop := followHere(t, f)
		poll()
		fails.Store(2)
		restore(t, path, copied)
		for range 5 {
			poll()
		}
		if errs := stop(); len(errs) != 2 || loads.Load() != 4 {
			t.Errorf("it was loaded %d times, and the errors are %v", loads.Load(), errs)
		}
	})
}

func TestWhereTheClockWasSetBackSubscribersLoadAnewAndMissNothing(t *testing.T) {
	tests := map[string]struct {
		ahead time.Duration // of the clock for a while
		loads int
	}{
		"by an hour":               {time.Hour, 2},
		"by no more than a moment": {time.Second, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ string, s *db.Store) {
				var r reader
				var ahead atomic.Int64
				f := journal.NewFollower(journal.New(s, key(), func() time.Time {
					return time.Now().Add(time.Duration(ahead.Load()))
				}), r.subscriber())
				must(t, f.Load(t.Context()))
				stop := followHere(t, f)
				ahead.Store(int64(test.ahead))
				poll()
				want := happen(t, s, 3)
				slices.Sort(want)
				ahead.Store(0)
				poll()
				poll()
				r.sees(t, want)
				if errs := stop(); errs != nil || r.loaded() != test.loads {
					t.Errorf("it was loaded %d times, and the errors are %v", r.loaded(), errs)
				}
			})
		})
	}
}

func TestEventsThatAreGoneBehindTheCursorHoldUpNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, path string, s *db.Store) {
		var r reader
		j := journal.New(s, key(), time.Now)
		f := journal.NewFollower(j, r.subscriber())
		happen(t, s, 5)
		numberAll(t, j)
		must(t, f.Load(t.Context()))
		stop := followHere(t, f)
		_, err := raw(t, path).Exec(`DELETE FROM events`)
		must(t, err)
		happen(t, s, 1)
		poll()
		want := happen(t, s, 1)
		poll()
		stop()
		if ids := r.ids(); !slices.Contains(ids, want[0]) {
			t.Errorf("what happened later is not seen: %v", ids)
		}
	})
}

func TestWhoSubscribesLaterIsHandedWhatComesLaterUntilTheyCancel(t *testing.T) {
	inBubble(t, func(t *testing.T, _ string, s *db.Store) {
		var first, second reader
		f := journal.NewFollower(journal.New(s, key(), time.Now), first.subscriber())
		must(t, f.Load(t.Context()))
		stop := followHere(t, f)
		a := happen(t, s, 1)
		poll()
		cancel := f.Subscribe(second.subscriber())
		b := happen(t, s, 1)
		poll()
		cancel()
		cancel()
		c := happen(t, s, 1)
		poll()
		stop()
		first.sees(t, slices.Concat(a, b, c))
		second.sees(t, b)
	})
}
