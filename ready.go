package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
)

// readiness says why requests should not be sent here, where that is so. The reason is for the log.
type readiness struct {
	draining *atomic.Bool
	follower *journal.Follower
	store    *db.Store
	now      func() time.Time
}

var errDraining = errors.New("the server is stopping")

func (r readiness) check(ctx context.Context) error {
	if r.draining.Load() {
		return errDraining
	}
	if err := r.follower.Ready(); err != nil {
		return err
	}
	if err := r.store.Ping(ctx); err != nil {
		return err
	}
	return r.checkClock(ctx)
}

// maxSkew is how far the clock may be from the database's: tokens, keys and grace times are held against the clock of
// each instance, and all others go by the database's as well.
const maxSkew = 2 * time.Second

// checkClock holds this clock against the database's, however long that takes to answer.
func (r readiness) checkClock(ctx context.Context) error {
	asked := r.now()
	at, found, err := r.store.Clock(ctx)
	answered := r.now()
	switch {
	case err != nil || !found:
		return err
	case at.Before(asked.Add(-maxSkew)):
		return fmt.Errorf("this clock is %s ahead of the database's", asked.Sub(at).Round(time.Millisecond))
	case at.After(answered.Add(maxSkew)):
		return fmt.Errorf("this clock is %s behind the database's", at.Sub(answered).Round(time.Millisecond))
	}
	return nil
}
