package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Removal is a step of a prune.
type Removal struct {
	// After is the number at which the checkpoint is so far.
	After int64
	// To is the new checkpoint: the events after the old one, up to its number, go.
	To Checkpoint
	// Events tell of it.
	Events []auth.Event
}

// Pruning says what to prune.
type Pruning struct {
	// Before is the time from which on events stay.
	Before time.Time
	// Refusing is for how long an event can refuse tokens: as long as the longest accepted token may live. Before must
	// be as long ago.
	Refusing time.Duration
}

var (
	// ErrOvertaken says that another has pruned meanwhile.
	ErrOvertaken = errors.New("another has pruned the journal meanwhile")
	// ErrStillRefusing says that the events to be pruned may be the ones that refuse a token.
	ErrStillRefusing = errors.New("events of that time can still refuse a token")
)

// Pruned is what a prune has removed.
type Pruned struct {
	// Removed is how many events went.
	Removed int64
	// Checkpoint is where the chain begins since.
	Checkpoint Checkpoint
}

// Prune removes the events from the journal's beginning up to the first that did not happen before a time, or has no
// number. All of them are held against the chain first, and nothing goes where one was tampered with: that is a
// *BrokenError.
//
// A Batch goes at a time, and the checkpoint moves with it. What is to go is told by an event of its own
// (auth.JournalPruned) in the transaction in which the first go: the numbers of the first and the last, and the last's
// hash. Where it fails, or ctx ends, as many are gone as it returns, and the rest is as it was: another goes on there.
func (j *Journal) Prune(ctx context.Context, p Pruning) (Pruned, error) {
	began := auth.Instant(j.now())
	if p.Before.After(began.Add(-p.Refusing)) {
		return Pruned{}, ErrStillRefusing
	}
	if err := j.numberAll(ctx); err != nil {
		return Pruned{}, err
	}
	run := pruning{Journal: j, before: p.Before, began: began}
	err := run.prune(ctx)
	for errors.Is(err, ErrOvertaken) || j.wasPruned(ctx, run.done.Checkpoint, err) {
		err = run.prune(ctx)
	}
	if err != nil {
		return run.done, fmt.Errorf("prune the journal: %w", err)
	}
	return run.done, j.numberAll(ctx) // what tells of it
}

// pruning is a prune under way.
type pruning struct {
	*Journal
	before, began time.Time
	done          Pruned
}

// prune removes what there is to remove after the checkpoint of now.
func (p *pruning) prune(ctx context.Context) error {
	from, err := p.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if from.At.Equal(p.began) {
		p.done.Removed = from.Removed // with a step whose answer was lost
	}
	p.done.Checkpoint = from
	last, err := p.lastBefore(ctx, from.Head)
	if err != nil {
		return err
	}
	told := []auth.Event{p.event(from.Head, last)}
	for at := from.Head; at.Number < last.Number; told = nil {
		if at, err = p.step(ctx, at, last.Number, told); err != nil {
			return err
		}
	}
	return nil
}

// lastBefore walks the chain to the last event that is to go.
func (p *pruning) lastBefore(ctx context.Context, at Head) (Head, error) {
	head, err := p.Head(ctx)
	if err != nil {
		return Head{}, err
	}
	for at.Number < head.Number {
		entries, err := p.linked(ctx, at, head.Number)
		if err != nil {
			return Head{}, err
		}
		for _, e := range entries {
			if !e.At.Before(p.before) {
				return at, nil
			}
			at = e.head()
		}
	}
	return at, nil
}

// step removes the next events up to a number, and returns the last that went.
func (p *pruning) step(ctx context.Context, at Head, to int64, told []auth.Event) (Head, error) {
	if err := ctx.Err(); err != nil {
		return at, err
	}
	entries, err := p.linked(ctx, at, to)
	if err != nil {
		return at, err
	}
	next := Checkpoint{
		Head: entries[len(entries)-1].head(), At: p.began, Removed: p.done.Removed + int64(len(entries)),
	}
	next.MAC = p.chain.checkpointMAC(next)
	if err := p.store.Prune(ctx, Removal{After: at.Number, To: next, Events: told}); err != nil {
		return at, err
	}
	p.done = Pruned{Removed: next.Removed, Checkpoint: next}
	return next.Head, nil
}

// event tells what goes.
func (p *pruning) event(from, last Head) auth.Event {
	e := auth.NewEvent(auth.JournalPruned, p.began, auth.Client{})
	e.Details = map[string]any{
		"before": p.before.UTC().Format(time.RFC3339), "first": from.Number + 1, "last": last.Number, "hash": last.Hash.String(),
	}
	return e
}

// numberAll numbers until no event waits.
func (j *Journal) numberAll(ctx context.Context) error {
	for n := Batch; n == Batch; {
		var err error
		if n, err = j.Number(ctx); err != nil {
			return err
		}
	}
	return nil
}
