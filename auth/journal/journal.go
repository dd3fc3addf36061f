// Package journal puts what happened into one order, proves that nothing of it was changed since, and hands it on.
//
// It writes no event: that is done in the transaction of what the event tells of, without a number. A second, short
// transaction gives the next numbers to all that have none (Number). So no event gets a number before it is committed,
// and who reads on from a number misses none; a reader that went on from a time or an ID would, since transactions are
// not committed in the order in which they begin. It refuses to follow a journal that is not the one it has read so far,
// and to prune events that were tampered with, or that can still refuse a token.
package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Store remembers events.
type Store interface {
	// Events returns a slice of the events that the filter lets through, newest first by ID.
	Events(ctx context.Context, f auth.EventFilter, p auth.Page) (auth.Slice[auth.Event], error)
	// Event returns the event, or auth.ErrNotFound.
	Event(ctx context.Context, id auth.ID) (auth.Event, error)
	// Number gives numbers as n says, in one transaction, and returns to how many events. Of callers at the same time
	// each goes on where the one before has ended. Where no event waits nothing is written, and no writer is kept
	// waiting.
	Number(ctx context.Context, n Numbering) (numbered int, err error)
	// Head returns the last number that was given, and its hash: the zero Head where none was, or it is not there.
	Head(ctx context.Context) (Head, error)
	// Entries returns up to limit of the numbered events from a number on, that one too, in the order of their
	// numbers.
	Entries(ctx context.Context, from int64, limit int) ([]Entry, error)
	// Waiting returns how many events have no number.
	Waiting(ctx context.Context) (int64, error)
	// Checkpoint returns what the last Prune has kept, or the zero Checkpoint. What was tampered with is read as far as
	// it can be.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Prune removes events from the beginning of the journal, and keeps the checkpoint and the events that tell of it,
	// in one transaction. It fails with ErrOvertaken where the checkpoint is not at r.After any more, and where there
	// are not as many events to remove as there must be; then nothing has changed.
	Prune(ctx context.Context, r Removal) error
}

// Numbering is how events get their numbers.
type Numbering struct {
	// Limit is how many events get one at once. They are taken in the order of their IDs.
	Limit int
	// Whole is the time before which the events that stand for several (CountFailure) do not grow any more. Those from
	// then on wait. One that is taken never grows again, whoever counts.
	Whole time.Time
	// Link is handed the head and the events, sets the link of each, and returns the new head. It may be called anew.
	Link func(head Head, events []Entry) Head
}

// Journal is what happened.
type Journal struct {
	store Store
	chain chain
	now   func() time.Time
}

// New makes a journal whose events are linked with the key: 32 random bytes, the same for all instances. Without a key
// anybody could write the chain anew, so it panics.
func New(store Store, key []byte, now func() time.Time) *Journal {
	if len(key) == 0 {
		panic("journal: a chain needs a key")
	}
	return &Journal{store: store, chain: chain{key}, now: now}
}

// Events returns a slice of the events that the filter lets through, newest first.
func (j *Journal) Events(ctx context.Context, f auth.EventFilter, p auth.Page) (auth.Slice[auth.Event], error) {
	events, err := j.store.Events(ctx, f, p)
	if err != nil {
		return auth.Slice[auth.Event]{}, fmt.Errorf("list events: %w", err)
	}
	return events, nil
}

// Event returns the event, or auth.ErrNotFound.
func (j *Journal) Event(ctx context.Context, id auth.ID) (auth.Event, error) {
	e, err := j.store.Event(ctx, id)
	if err != nil {
		return auth.Event{}, fmt.Errorf("read an event: %w", err)
	}
	return e, nil
}

// Head is how far the journal has come. Kept elsewhere, it proves later that nothing before it was changed or cut off:
// see Verify.
func (j *Journal) Head(ctx context.Context) (Head, error) {
	head, err := j.store.Head(ctx)
	if err != nil {
		return Head{}, fmt.Errorf("read the journal's head: %w", err)
	}
	return head, nil
}

// Waiting is how many events have no number yet: they are not in the chain, and nothing proves them.
func (j *Journal) Waiting(ctx context.Context) (int64, error) {
	n, err := j.store.Waiting(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the events without a number: %w", err)
	}
	return n, nil
}

const (
	// Batch is how many events get their numbers in one transaction, so that no other writer waits for long.
	Batch = 500
	// tallied is how long an event that stands for several grows: it is one for each minute by the clock.
	tallied = time.Minute
)

// Number gives the next numbers to events that have none, up to a Batch, and returns to how many. Fewer than a Batch
// means that none waits any more. Any number of instances may do so at once.
func (j *Journal) Number(ctx context.Context) (int, error) {
	n, err := j.store.Number(ctx, Numbering{Limit: Batch, Whole: j.now().Truncate(tallied), Link: j.chain.link})
	if err != nil {
		return 0, fmt.Errorf("number events: %w", err)
	}
	return n, nil
}
