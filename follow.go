package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth/journal"
)

// follow reads what can refuse a token, and then feels what other processes revoke, and rotates the keys in their time,
// until stop is called: after the last request, which may come long after ctx has ended.
func (h *house) follow(ctx context.Context, log *slog.Logger) (stop func(), err error) {
	if err := h.follower.Load(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var following sync.WaitGroup
	following.Go(func() {
		h.follower.Run(ctx, func(err error) { log.Warn("journal not followed", "err", err) })
	})
	following.Go(func() {
		h.keys.Follow(ctx, func(err error) { log.Warn("signing keys not read or rotated", "err", err) })
	})
	following.Go(func() { h.sweep(ctx, log) })
	following.Go(func() {
		h.upkeep.Run(ctx, func(err error) { log.Warn("not cleared", "err", err) })
	})
	return func() {
		cancel()
		following.Wait()
	}, nil
}

// sweep forgets, each minute, what is of no use any more, and logs how far the journal has come: who keeps the log
// elsewhere can prove that the journal was not cut.
func (h *house) sweep(ctx context.Context, log *slog.Logger) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	var logged journal.Head
	for {
		select {
		case <-ctx.Done():
			return
		case <-minute.C:
		}
		h.revocations.Sweep()
		if head, err := h.journal.Head(ctx); err == nil && head != logged {
			log.Info("journal", "head", head.String())
			logged = head
		}
	}
}
