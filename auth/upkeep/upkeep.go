// Package upkeep clears away what says nothing any more, so that tables grow with what is in use and not with the years.
//
// One instance does it at a time, in batches that are each a short transaction of their own, with pauses between them:
// no request waits for it. It knows nothing of what is cleared: whoever does says what may go. It refuses to touch what
// happened: of the journal nothing is cleared here.
package upkeep

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"time"
)

// Store remembers who is at it.
type Store interface {
	// TakeLease gives the lease to its holder until l.Until, and reports whether it did: where it is the holder's
	// already, and where it is free. Of parallel callers one gets it.
	TakeLease(ctx context.Context, l Lease) (taken bool, err error)
}

// Lease is the right to do alone what it names. It is free where it was never taken, where it has run out by At, and
// where it runs until after Longest: nobody takes it for so long, so that was by a clock that has been set since.
// The clocks are the holders' own. Where they disagree two may hold it for a while, and both do what one would.
type Lease struct {
	Name, Holder       string
	At, Until, Longest time.Time
}

// Chore is something to clear.
type Chore struct {
	// Name says what, for errors.
	Name string
	// Clear removes up to limit of what may go, in one transaction, and returns how many: fewer mean that nothing is
	// left. To be called twice at once must do no harm.
	Clear func(ctx context.Context, limit int) (cleared int, err error)
}

// Keeper does chores.
type Keeper struct {
	store  Store
	chores []Chore
	holder string
	now    func() time.Time
}

// New makes a keeper that is one of any number on the same store.
func New(store Store, chores []Chore, now func() time.Time) *Keeper {
	return &Keeper{store: store, chores: chores, holder: rand.Text(), now: now}
}

const (
	leaseName = "upkeep"
	// every is how long the instances together rest between two rounds.
	every = 10 * time.Minute
	// held is how long a lease outlives its holder.
	held = time.Minute
	// Batch is how much is cleared in one transaction.
	Batch = 500
	// batches is how many there are of a chore in one round at the most. What is left then comes next after a minute.
	batches = 1000
	// A batch is followed by a pause that is so many times as long as it took, within these bounds.
	pauses       = 4
	leastPause   = 10 * time.Millisecond
	longestPause = held / 4
)

// Run does the chores about every ten minutes, until ctx ends. What fails is told to failed, and tried again the next
// time.
func (k *Keeper) Run(ctx context.Context, failed func(error)) {
	// A server that is restarted again and again comes to it nevertheless.
	for rest := mathrand.N(every); sleep(ctx, rest); {
		more := k.round(ctx, func(err error) {
			if ctx.Err() == nil {
				failed(err)
			}
		})
		rest = jittered(every)
		if more {
			rest = jittered(held)
		}
	}
}

// round does the chores if nobody else is at them, and reports whether something was left.
func (k *Keeper) round(ctx context.Context, failed func(error)) (more bool) {
	until, mine, err := k.take(ctx, held)
	if err != nil {
		failed(err)
	}
	if !mine {
		return false
	}
	r := round{keeper: k, until: until}
	for _, c := range k.chores {
		left, err := r.do(ctx, c)
		if err != nil {
			failed(fmt.Errorf("clear %s: %w", c.Name, err))
		}
		if r.overtaken || ctx.Err() != nil {
			return false
		}
		more = more || left
	}
	rest := every
	if more {
		rest = 0
	}
	// Until then nobody comes to it.
	if _, _, err := k.take(ctx, rest); err != nil {
		failed(err)
	}
	return more
}

// take takes the lease, or holds on to it.
func (k *Keeper) take(ctx context.Context, d time.Duration) (until time.Time, mine bool, err error) {
	at := k.now()
	until = at.Add(d)
	mine, err = k.store.TakeLease(ctx, Lease{
		Name: leaseName, Holder: k.holder, At: at, Until: until, Longest: at.Add(2 * every),
	})
	if err != nil {
		return until, false, fmt.Errorf("take the lease on clearing: %w", err)
	}
	return until, mine, nil
}

// round is one in progress.
type round struct {
	keeper    *Keeper
	until     time.Time // when the lease runs out
	overtaken bool      // whether it is another's now
}

// do does one chore, and reports whether something may be left.
func (r *round) do(ctx context.Context, c Chore) (more bool, err error) {
	for range batches {
		if err := r.holdOn(ctx); err != nil || r.overtaken {
			return false, err
		}
		began := r.keeper.now()
		cleared, err := c.Clear(ctx, Batch)
		if err != nil || cleared < Batch {
			return false, err
		}
		pause := pauses * r.keeper.now().Sub(began)
		if !sleep(ctx, min(max(pause, leastPause), longestPause)) {
			return false, nil
		}
	}
	return true, nil
}

// holdOn renews the lease in time. A holder that stood still for too long finds it another's.
func (r *round) holdOn(ctx context.Context) error {
	if r.keeper.now().Before(r.until.Add(-held / 2)) {
		return nil
	}
	until, mine, err := r.keeper.take(ctx, held)
	if err != nil {
		return err
	}
	r.until, r.overtaken = until, !mine
	return nil
}

// jittered is d, a tenth more or less.
func jittered(d time.Duration) time.Duration { return d - d/10 + mathrand.N(d/5) }

// sleep reports whether it was not cut short.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
