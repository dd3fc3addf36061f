package password

import (
	"context"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// gate lets a few in at once and a bounded number wait: each hash takes a core for some 16 ms and 19 MiB.
type gate struct {
	inside  chan struct{}
	waiting chan struct{}
}

// waitersPerPlace bounds the queue to about half a second of work.
const waitersPerPlace = 32

func newGate(atOnce int) *gate {
	atOnce = max(1, atOnce)
	return &gate{
		inside:  make(chan struct{}, atOnce),
		waiting: make(chan struct{}, atOnce*waitersPerPlace),
	}
}

// enter waits for a place and returns what gives it back. Where too many wait already it fails at once.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return nil, auth.Busy(time.Second)
	}
	select {
	case g.inside <- struct{}{}:
		return func() { <-g.inside }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
