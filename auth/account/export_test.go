package account

import (
	"context"
	"time"
)

// Throttle is the throttle by itself.
type Throttle struct{ *throttle }

// NewThrottle makes a throttle.
func NewThrottle(store Tallies, now func() time.Time) Throttle {
	return Throttle{&throttle{store: store, now: now}}
}

// Begin counts an attempt on an account from a network.
func (t Throttle) Begin(ctx context.Context, emailKey, network string, familiar bool) (Attempt, error) {
	a, err := t.begin(ctx, counters(emailKey, network, familiar))
	return Attempt{a}, err
}

// Attempt is one that was let through.
type Attempt struct{ *attempt }

// Succeeded forgives.
func (a Attempt) Succeeded(ctx context.Context) error { return a.succeeded(ctx) }

// Undone takes the attempt back.
func (a Attempt) Undone(ctx context.Context) error { return a.undone(ctx) }
