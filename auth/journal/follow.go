package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Subscriber takes in what happens, here and in all other processes on the same store.
type Subscriber struct {
	// Load reads what the subscriber needs of the past, anew: before the first event; where the journal is not the one
	// that was followed so far, since the database was put back to an older state; and where the clock was set back,
	// since what was forgotten while it was ahead counts again. What is committed after Load has begun is handed to
	// Take, and what comes before may be. It may be nil.
	Load func(ctx context.Context) error
	// Take is handed events in the order of their numbers, each once. It must not block, nor call the follower: one
	// that is slow keeps a queue of its own.
	Take func(events ...auth.Event)
}

const (
	// pollEvery is how often the journal is read.
	pollEvery = 500 * time.Millisecond
	// lostAfter is how long each half of a poll may take, and how old the last good one may be.
	lostAfter = 5 * time.Second
	// setBack is by how much a clock may be set back without a word.
	setBack = time.Second
)

// ErrNotFollowing says that the journal could not be read for a while: what other processes did since is not known.
var ErrNotFollowing = errors.New("the journal could not be followed for a while")

// Follower numbers and reads the journal twice a second, and hands to its subscribers what happened.
type Follower struct {
	journal *Journal
	cursor  Head      // of Load and Run alone, which do not run at the same time
	latest  time.Time // likewise: the furthest that the clock has come since subscribers have loaded

	mu          sync.Mutex
	subscribers []*Subscriber
	polled      time.Time // when the last good poll began; zero before Load
}

// NewFollower makes a follower that has read nothing yet: Load comes before Run.
func NewFollower(j *Journal, subscribers ...Subscriber) *Follower {
	f := &Follower{journal: j}
	for _, s := range subscribers {
		f.Subscribe(s)
	}
	return f
}

// Subscribe hands to s what is read from now on. After cancel has returned nothing is handed to it any more.
func (f *Follower) Subscribe(s Subscriber) (cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subscribers = append(f.subscribers, &s)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.subscribers = slices.DeleteFunc(f.subscribers, func(other *Subscriber) bool { return other == &s })
	}
}

// Load has all subscribers load, and goes on from the journal's head. Call it before the first request.
func (f *Follower) Load(ctx context.Context) error {
	at := f.journal.now()
	if err := f.load(ctx); err != nil {
		return err
	}
	f.latest = wall(at)
	f.note(at)
	return nil
}

// load notes the head before anything is read: what is committed later is not numbered yet, and so comes after it.
func (f *Follower) load(ctx context.Context) error {
	head, err := f.journal.Head(ctx)
	if err != nil {
		return err
	}
	if err := f.reload(ctx); err != nil {
		return err
	}
	f.cursor = head
	return nil
}

func (f *Follower) reload(ctx context.Context) error {
	for _, s := range f.current() {
		if s.Load == nil {
			continue
		}
		if err := s.Load(ctx); err != nil {
			return fmt.Errorf("load from the journal: %w", err)
		}
	}
	return nil
}

// Run polls until ctx ends. A poll that fails is told to failed, and repeated; nothing is lost by it.
func (f *Follower) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		at := f.journal.now()
		more, err := f.poll(ctx, at)
		switch {
		case err == nil:
			f.note(at)
		case ctx.Err() == nil:
			failed(err)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Ready is ErrNotFollowing where the last good poll is too long ago. What is known by then goes on being known.
func (f *Follower) Ready() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.polled.IsZero() || f.journal.now().Sub(f.polled) > lostAfter {
		return ErrNotFollowing
	}
	return nil
}

// poll numbers a batch and reads what has a number, so that a great many events without one hold up nobody: then there
// is more to do at once. What others have numbered is read also where numbering fails.
func (f *Follower) poll(ctx context.Context, at time.Time) (more bool, err error) {
	numbering, cancel := context.WithTimeout(ctx, lostAfter)
	defer cancel()
	numbered, failed := f.journal.Number(numbering)
	reading, cancel := context.WithTimeout(ctx, lostAfter)
	defer cancel()
	if err := f.read(reading, wall(at)); err != nil || failed != nil {
		return false, errors.Join(failed, err)
	}
	return numbered == Batch, nil
}

// read catches up, and has the subscribers load anew where the clock was set back since they did.
func (f *Follower) read(ctx context.Context, at time.Time) error {
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	if at.Before(f.latest.Add(-setBack)) {
		if err := f.reload(ctx); err != nil {
			return err
		}
		f.latest = at
	}
	if at.After(f.latest) {
		f.latest = at
	}
	return nil
}

// wall is the time without the reading of the monotonic clock, which is never set back.
func wall(at time.Time) time.Time { return at.Round(0) }

// catchUp reads from the cursor to the head.
func (f *Follower) catchUp(ctx context.Context) error {
	for {
		head, err := f.journal.Head(ctx)
		switch {
		case err != nil:
			return err
		case head == f.cursor:
			return nil
		}
		events, last, err := f.journal.after(ctx, f.cursor)
		switch {
		case errors.Is(err, errOther):
			return f.load(ctx)
		case err != nil:
			return err
		}
		f.hand(events)
		f.cursor = last
	}
}

// errOther says that a journal is not the one that a cursor comes from.
var errOther = errors.New("another journal")

// after reads on from the cursor. It reads the cursor's own event too: where that is another, or is gone and was not
// pruned, or the next does not come right after it, the journal is another one.
func (j *Journal) after(ctx context.Context, cursor Head) (events []auth.Event, last Head, err error) {
	entries, err := j.store.Entries(ctx, cursor.Number, Batch+1)
	if err != nil {
		return nil, Head{}, fmt.Errorf("read the journal: %w", err)
	}
	if len(entries) > 0 && entries[0].Link.Number == cursor.Number {
		last, entries = entries[0].head(), entries[1:]
	} else {
		begins, err := j.store.Checkpoint(ctx)
		if err != nil {
			return nil, Head{}, fmt.Errorf("read the journal's checkpoint: %w", err)
		}
		last = begins.Head
	}
	if last != cursor || len(entries) == 0 || entries[0].Link.Number != cursor.Number+1 {
		return nil, Head{}, errOther
	}
	for _, e := range entries {
		events = append(events, e.Event)
	}
	return events, entries[len(entries)-1].head(), nil
}

func (e Entry) head() Head { return Head{Number: e.Link.Number, Hash: e.Link.Hash} }

func (f *Follower) hand(events []auth.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.subscribers {
		s.Take(events...)
	}
}

func (f *Follower) current() []*Subscriber {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.subscribers)
}

func (f *Follower) note(at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.polled = at
}
