package session

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Revocations hold in memory what can still refuse a token, so that verifying one reads no database.
type Revocations struct {
	keep time.Duration
	now  func() time.Time

	mu          sync.RWMutex
	sessions    map[auth.ID]time.Time // until when an ended session is remembered
	generations map[auth.ID]raised
	swept       time.Time
}

// raised is a subject's counter, and until when it is remembered.
type raised struct {
	generation int64
	until      time.Time
}

// NewRevocations keeps each entry as long as the longest accepted token may live after the event: the token's own
// life, and the leeway at both of its ends.
func NewRevocations(keep time.Duration, now func() time.Time) *Revocations {
	return &Revocations{
		keep: keep, now: now, swept: now(),
		sessions: make(map[auth.ID]time.Time), generations: make(map[auth.ID]raised),
	}
}

// Load applies what the store remembers. Call it before the first token is verified.
func (r *Revocations) Load(ctx context.Context, store Store) error {
	return r.read(ctx, store, r.now().Add(-r.keep))
}

func (r *Revocations) read(ctx context.Context, store Store, since time.Time) error {
	events, err := store.RevokingEvents(ctx, since)
	if err != nil {
		return fmt.Errorf("read the revocations: %w", err)
	}
	r.Apply(events...)
	return nil
}

const (
	// followEvery is how often another process's revocations are looked for.
	followEvery = 500 * time.Millisecond
	// followBack is how far back each look goes: an event carries the time at which its change began, and is seen
	// when that has been committed.
	followBack = 15 * time.Second
)

// Follow applies what other processes on the same store revoke, within a second, until ctx ends. A look that fails is
// told to failed, and the next one goes back as far as the last that did not.
func (r *Revocations) Follow(ctx context.Context, store Store, failed func(error)) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	last := r.now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		at := r.now()
		if err := r.read(ctx, store, last.Add(-followBack)); err != nil {
			if ctx.Err() == nil {
				failed(err)
			}
			continue
		}
		last = at
	}
}

// Apply takes in what the events revoke, and passes over those that revoke nothing.
func (r *Revocations) Apply(events ...auth.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		until := e.At.Add(r.keep)
		if e.Action.EndsSession() && e.SessionID != nil {
			r.sessions[*e.SessionID] = until
		}
		if e.Generation != nil && e.SubjectID != nil && *e.Generation > r.generations[*e.SubjectID].generation {
			r.generations[*e.SubjectID] = raised{*e.Generation, until}
		}
	}
	r.sweep()
}

// sweep forgets, now and then, what no token is old enough for any more.
func (r *Revocations) sweep() {
	now := r.now()
	if now.Sub(r.swept) < r.keep {
		return
	}
	r.swept = now
	for id, until := range r.sessions {
		if now.After(until) {
			delete(r.sessions, id)
		}
	}
	for id, raised := range r.generations {
		if now.After(raised.until) {
			delete(r.generations, id)
		}
	}
}

// Revoked reports whether the token's session has ended, or its generation is below its subject's.
func (r *Revocations) Revoked(c auth.Claims) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c.SessionID != nil {
		if _, ended := r.sessions[*c.SessionID]; ended {
			return true
		}
	}
	return c.Generation < r.generations[c.Subject].generation
}
