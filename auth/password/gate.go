package password

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Asker is who wants a password hashed. The zero value is someone of whom nothing is known, such as the operator at the
// command line.
type Asker struct {
	// Network is where they ask from, as auth.Client.Network tells it. Who comes from nowhere shares with nobody: they
	// are held to no network's part of the queue, and wait in a line of their own.
	Network string
	// Known is whether a session of the account that they ask for lives in that network.
	Known bool
}

// gate lets a few in at once and a bounded number wait: each hash takes a core for some 16 ms and 19 MiB. Whoever waits
// stands in the line of their network, and the lines take turns, so that a network that asks a lot makes itself wait.
type gate struct {
	places int // in the queue, all lines together

	mu        sync.Mutex
	free      int // inside; 0 while anyone waits
	waiting   int
	strangers int     // of those who wait
	lines     []*line // none is empty; the turn is the first one's
}

type line struct {
	network string
	waiters []*waiter
}

type waiter struct {
	Asker
	line *line // nil for whoever has not had to wait
	in   chan struct{}
}

const (
	// placesPerCore bounds the queue to about half a second of work.
	placesPerCore = 32
	// placesPerNetwork are as many as one network holds of them.
	placesPerNetwork = 4
	// keptForKnown is the part of the queue, as a divisor, that strangers cannot take.
	keptForKnown = 4
	// retryAfter is when whoever found the queue full may come back: it is another one by then.
	retryAfter = time.Second
)

func newGate(atOnce int) *gate {
	atOnce = max(1, atOnce)
	return &gate{free: atOnce, places: atOnce * placesPerCore}
}

// enter waits for a place inside and returns what gives it back. Where there is no place to wait it fails at once.
func (g *gate) enter(ctx context.Context, a Asker) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w, err := g.join(a)
	if err != nil {
		return nil, err
	}
	select {
	case <-w.in:
		return g.leave, nil
	case <-ctx.Done():
		g.forsake(w)
		return nil, ctx.Err()
	}
}

// join lets the asker in, or into a line.
func (g *gate) join(a Asker) (*waiter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := &waiter{Asker: a, in: make(chan struct{})}
	if g.free > 0 {
		g.free--
		close(w.in)
		return w, nil
	}
	if g.waiting >= g.places || !a.Known && g.strangers >= g.places-g.places/keptForKnown {
		return nil, auth.Busy(retryAfter)
	}
	w.line = g.lineOf(a.Network)
	if a.Network != "" && len(w.line.waiters) >= placesPerNetwork {
		return nil, auth.Busy(retryAfter)
	}
	w.line.waiters = append(w.line.waiters, w)
	g.waiting++
	if !a.Known {
		g.strangers++
	}
	return w, nil
}

// lineOf is the network's line, or a new one at the end of the round, to be stood in at once.
func (g *gate) lineOf(network string) *line {
	if network != "" {
		if i := slices.IndexFunc(g.lines, func(l *line) bool { return l.network == network }); i >= 0 {
			return g.lines[i]
		}
	}
	l := &line{network: network}
	g.lines = append(g.lines, l)
	return l
}

// leave gives the place to the first of the line whose turn it is, and that line goes to the end of the round.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next()
}

func (g *gate) next() {
	if g.waiting == 0 {
		g.free++
		return
	}
	l := g.lines[0]
	w := l.waiters[0]
	g.remove(w)
	if len(l.waiters) > 0 {
		g.lines = append(g.lines[1:], l)
	}
	close(w.in)
}

// forsake takes out of the line whoever has gone. Whoever was let in at the same moment gives the place on.
func (g *gate) forsake(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.in:
		g.next()
	default:
		g.remove(w)
	}
}

// remove takes someone who waits out of the line, and the line out of the round where it is empty then.
func (g *gate) remove(w *waiter) {
	g.waiting--
	if !w.Known {
		g.strangers--
	}
	l := w.line
	l.waiters = slices.DeleteFunc(l.waiters, func(other *waiter) bool { return other == w })
	if len(l.waiters) == 0 {
		g.lines = slices.DeleteFunc(g.lines, func(other *line) bool { return other == l })
	}
}
