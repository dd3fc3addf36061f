package journal

import (
	"context"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Feed hands on what happens to many readers, each of which has a queue of its own. It waits for none of them: a reader
// whose queue is full is cut off, since what it missed by then nobody could tell it any more.
type Feed struct {
	mu      sync.Mutex
	readers map[auth.ID]map[*reader]struct{} // by whose events they want; those who want everybody's under the empty ID
}

// Queue is how many events may wait for a reader.
const Queue = 256

// ErrCutOff tells a reader that it has missed events: too many were waiting for it, or the database was put back to an
// older state.
var ErrCutOff = &auth.Error{
	Code: auth.Unavailable, RetryAfter: time.Second,
	Message: "Events were missed here. Subscribe again, and read what has changed since.",
}

// Interest is which events a reader wants.
type Interest struct {
	// Subject is whose; everybody's where it is empty.
	Subject auth.ID
	// Wants picks those among them; all where it is nil. It is called while others wait, and must be quick.
	Wants func(auth.Event) bool
}

func (i Interest) in(e auth.Event) bool { return i.Wants == nil || i.Wants(e) }

type reader struct {
	interest Interest
	queue    chan auth.Event
	cut      error // set before queue is closed
}

// NewFeed makes a feed with no readers.
func NewFeed() *Feed { return &Feed{readers: map[auth.ID]map[*reader]struct{}{}} }

// Subscriber is the feed as the follower's.
func (f *Feed) Subscriber() Subscriber {
	return Subscriber{Load: func(context.Context) error { f.cutAll(); return nil }, Take: f.take}
}

// Read hands the events of interest to each, in the order of their numbers, from now on until ctx ends, each fails or
// the reader is cut off. Ready is called once nothing is missed any more; it may be nil.
func (f *Feed) Read(ctx context.Context, i Interest, ready func(), each func(auth.Event) error) error {
	r := &reader{interest: i, queue: make(chan auth.Event, Queue)}
	f.add(r)
	defer f.remove(r)
	if ready != nil {
		ready()
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, open := <-r.queue:
			if !open {
				return r.cut
			}
			if err := each(e); err != nil {
				return err
			}
		}
	}
}

// Readers is how many there are.
func (f *Feed) Readers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, some := range f.readers {
		n += len(some)
	}
	return n
}

func (f *Feed) add(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := r.interest.Subject
	if f.readers[of] == nil {
		f.readers[of] = map[*reader]struct{}{}
	}
	f.readers[of][r] = struct{}{}
}

func (f *Feed) remove(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := r.interest.Subject
	delete(f.readers[of], r)
	if len(f.readers[of]) == 0 {
		delete(f.readers, of)
	}
}

func (f *Feed) take(events ...auth.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		f.hand(f.readers[""], e)
		if e.SubjectID != nil && *e.SubjectID != "" {
			f.hand(f.readers[*e.SubjectID], e)
		}
	}
}

func (f *Feed) hand(to map[*reader]struct{}, e auth.Event) {
	for r := range to {
		if !r.interest.in(e) {
			continue
		}
		select {
		case r.queue <- e:
		default:
			f.cut(to, r)
		}
	}
}

// cut lets a reader take what it has in its queue, and no more.
func (f *Feed) cut(from map[*reader]struct{}, r *reader) {
	delete(from, r)
	r.cut = ErrCutOff
	close(r.queue)
}

func (f *Feed) cutAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, some := range f.readers {
		for r := range some {
			f.cut(some, r)
		}
	}
}
