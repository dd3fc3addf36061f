package session

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Revocations hold in memory what can still refuse a token, so that verifying one reads no database. An entry goes when
// no token is old enough for it any more, so that there are never more than are made in that time.
type Revocations struct {
	keep time.Duration
	now  func() time.Time

	mu          sync.RWMutex
	sessions    map[auth.ID]struct{} // that have ended
	generations map[auth.ID]int64    // of subjects, where they were raised
	lost        lost
	ends        ends
}

// NewRevocations keeps each entry as long as the longest accepted token may live after the event: the token's own
// life, and the leeway at both of its ends.
func NewRevocations(keep time.Duration, now func() time.Time) *Revocations {
	return &Revocations{keep: keep, now: now, sessions: make(map[auth.ID]struct{}), generations: make(map[auth.ID]int64)}
}

// Load reads what the store remembers. Call it before the first token is verified, and where the database was put back
// to an older state: then what is known already goes on being refused, and what is issued from now on is held against
// what the store says.
func (r *Revocations) Load(ctx context.Context, store Store) error {
	var all []Revoked
	err := store.RevokedSince(ctx, r.now().Add(-r.keep), func(one Revoked) { all = append(all, one) })
	if err != nil {
		return fmt.Errorf("read the revocations: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.now()
	r.lost.add(r.generations, at, at.Add(r.keep))
	r.generations = make(map[auth.ID]int64)
	r.apply(all)
	return nil
}

// Apply takes in what the events revoke, and passes over those that revoke nothing, or nothing any more. To apply an
// event again changes nothing.
func (r *Revocations) Apply(events ...auth.Event) {
	all := make([]Revoked, len(events))
	for i, e := range events {
		all[i] = Revoked{At: e.At, Action: e.Action, SessionID: e.SessionID, SubjectID: e.SubjectID, Generation: e.Generation}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apply(all)
}

func (r *Revocations) apply(all []Revoked) {
	now := r.now()
	for _, e := range all {
		// An event of a clock that is ahead must not stay for longer than the others.
		if until := earlier(e.At, now).Add(r.keep); until.After(now) {
			r.refuse(e, until)
		}
	}
	r.sweep(now)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (r *Revocations) refuse(e Revoked, until time.Time) {
	if e.Action.EndsSession() && e.SessionID != nil {
		if _, known := r.sessions[*e.SessionID]; !known {
			r.sessions[*e.SessionID] = struct{}{}
			r.ends.add(end{until: until, id: *e.SessionID, ofSession: true})
		}
	}
	if e.Generation != nil && e.SubjectID != nil && *e.Generation > r.generations[*e.SubjectID] {
		r.generations[*e.SubjectID] = *e.Generation
		r.ends.add(end{until: until, id: *e.SubjectID, generation: *e.Generation})
	}
}

// sweepAtOnce is how many entries go at once, so that no verifier waits for long.
const sweepAtOnce = 1000

// Sweep forgets what no token is old enough for any more. Applying does so too: call it now and then where nothing
// happens.
func (r *Revocations) Sweep() {
	for more := true; more; {
		r.mu.Lock()
		more = r.sweep(r.now())
		r.mu.Unlock()
	}
}

func (r *Revocations) sweep(now time.Time) (more bool) {
	if now.After(r.lost.until) {
		r.lost = lost{}
	}
	for range sweepAtOnce {
		e, due := r.ends.next(now)
		switch {
		case !due:
			return false
		case e.ofSession:
			delete(r.sessions, e.id)
		case r.generations[e.id] == e.generation: // else it was raised again, and ends later
			delete(r.generations, e.id)
		}
	}
	return true
}

// Revoked reports whether the token's session has ended, or its generation is below its subject's. It never fails: what
// it knows, it knows without asking.
func (r *Revocations) Revoked(_ context.Context, c auth.Claims) (bool, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c.SessionID != nil {
		if _, ended := r.sessions[*c.SessionID]; ended {
			return true, nil
		}
	}
	return c.Generation < r.generations[c.Subject] || r.lost.refuses(c), nil
}

// lost are raised generations that the database may not know of any more. They refuse the tokens from before, and none
// that was issued since: in the database the subject may have a smaller generation again.
type lost struct {
	generations   map[auth.ID]int64
	before, until time.Time
}

func (l *lost) add(generations map[auth.ID]int64, before, until time.Time) {
	if len(generations) == 0 {
		return
	}
	if l.generations == nil {
		l.generations = make(map[auth.ID]int64, len(generations))
	}
	for id, g := range generations {
		l.generations[id] = max(g, l.generations[id])
	}
	l.before, l.until = before, until
}

func (l *lost) refuses(c auth.Claims) bool {
	return l.generations != nil && c.Generation < l.generations[c.Subject] && !c.IssuedAt.After(l.before)
}
