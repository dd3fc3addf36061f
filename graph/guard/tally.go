package guard

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Tally counts what a trial reports and logs it: for each coordinate and code the first denial at once, with who asked;
// then how many more there were, once a minute at the most; and at the end the totals. It names callers by their IDs and
// roles, and says nothing else of them.
type Tally struct {
	log *slog.Logger

	mu      sync.Mutex
	counts  map[counted]*count
	next    *time.Timer // that logs what has been counted since the last time; nil where nothing has
	stopped bool
}

type counted struct {
	coordinate string
	code       auth.Code
}

type count struct{ total, logged int }

// tallyInterval is how often the counts are logged, where there are any.
const tallyInterval = time.Minute

// NewTally counts nothing yet.
func NewTally(log *slog.Logger) *Tally { return &Tally{log: log, counts: map[counted]*count{}} }

// Report counts one denial. It is what Trial calls.
func (t *Tally) Report(ctx context.Context, coordinate string, code auth.Code) {
	if !t.add(counted{coordinate, code}) {
		return
	}
	if code == auth.Internal {
		t.log.WarnContext(ctx, "trial failed", "requestId", auth.RequestIDFrom(ctx))
		return
	}
	c := auth.CallerFrom(ctx)
	var roles []auth.Role
	if c.Claims != nil {
		roles = c.Claims.Roles
	}
	t.log.InfoContext(ctx, "trial would deny", "coordinate", coordinate, "code", code,
		"requestId", auth.RequestIDFrom(ctx), "subject", c.ID(), "roles", roles)
}

// add reports whether it is the first of its kind.
func (t *Tally) add(of counted) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counts[of]
	if c == nil {
		t.counts[of] = &count{total: 1, logged: 1}
		return true
	}
	c.total++
	if t.next == nil && !t.stopped {
		t.next = time.AfterFunc(tallyInterval, t.tell)
	}
	return false
}

// tell logs what has been counted since the last time.
func (t *Tally) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	t.next = nil
	for _, of := range t.sorted() {
		if c := t.counts[of]; c.total > c.logged {
			t.log.Info("trial would deny more", "coordinate", of.coordinate, "code", of.code, "count", c.total-c.logged, "total", c.total)
			c.logged = c.total
		}
	}
}

// Stop logs the totals. What is reported later is not logged as more.
func (t *Tally) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return
	}
	t.stopped = true
	if t.next != nil {
		t.next.Stop()
	}
	failed := 0
	for _, of := range t.sorted() {
		if of.code == auth.Internal {
			failed = t.counts[of].total
			continue
		}
		t.log.Info("trial would have denied", "coordinate", of.coordinate, "code", of.code, "total", t.counts[of].total)
	}
	t.log.Info("trial ended", "failed", failed)
}

func (t *Tally) sorted() []counted {
	all := make([]counted, 0, len(t.counts))
	for of := range t.counts {
		all = append(all, of)
	}
	slices.SortFunc(all, func(a, b counted) int {
		return cmp.Or(strings.Compare(a.coordinate, b.coordinate), strings.Compare(string(a.code), string(b.code)))
	})
	return all
}
