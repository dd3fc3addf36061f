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
	events, err := store.RevokingEvents(ctx, r.now().Add(-r.keep))
	if err != nil {
		return fmt.Errorf("load the revocations: %w", err)
	}
	r.Apply(events...)
	return nil
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
