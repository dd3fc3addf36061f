package password

import "context"

// Gate is the gate before hashing.
type Gate struct{ *gate }

// NewGate makes a gate that lets in so many at once.
func NewGate(atOnce int) Gate { return Gate{newGate(atOnce)} }

// Enter waits for a place inside and returns what gives it back.
func (g Gate) Enter(ctx context.Context, a Asker) (leave func(), err error) { return g.enter(ctx, a) }

// Empty reports whether nobody is inside, nobody waits, and nothing of those who did is left.
func (g Gate) Empty(atOnce int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.free == atOnce && g.waiting == 0 && g.strangers == 0 && len(g.lines) == 0
}
