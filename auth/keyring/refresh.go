package keyring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Refresh reads the keys from the store, so that what another process announced or revoked is felt here. Where it
// fails the keyring goes on with what it holds; a key that does not open is left out and makes it fail, but what the
// store says of the others holds.
func (k *Keyring) Refresh(ctx context.Context) error {
	k.refreshing.Lock()
	defer k.refreshing.Unlock()
	rows, err := k.store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	held := k.held.Load()
	if len(rows) == 0 && len(held.keys) > 0 {
		return errors.New("read signing keys: there are none any more")
	}
	next := held.reopened(rows, k.masters)
	k.held.Store(next)
	return next.broken
}

// Find is Verifying, but where no key is known by that name it reads the keys once before it says so: a key that
// another process has just made may sign already. However many ask, one reads at a time, and none within a second of
// the last. A reading that fails finds nothing; Follow tells of it.
func (k *Keyring) Find(ctx context.Context, keyID string) (key Key, found bool) {
	if key, found = k.Verifying(keyID); found {
		return key, true
	}
	if _, known := k.State(keyID); !known {
		k.unknown.once(ctx, k.now(), func(ctx context.Context) { _ = k.Refresh(ctx) })
	}
	return k.Verifying(keyID)
}

const (
	// coolDown is between two readings that an unknown kid causes: anyone can write a token with one.
	coolDown = time.Second
	// readTimeout is how long a reading may take.
	readTimeout = 2 * time.Second
)

// reading lets one of many that ask at once do the work for all.
type reading struct {
	mu    sync.Mutex
	began time.Time
	ends  chan struct{} // closed when the one under way ends; nil where none is
}

// once reads, or waits for who does, or does nothing where the last reading is too recent.
func (r *reading) once(ctx context.Context, at time.Time, read func(context.Context)) {
	ends, mine := r.join(at)
	if mine {
		defer r.leave()
		// Others wait for it: it does not end because the one who began it has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		read(ctx)
		return
	}
	if ends == nil {
		return
	}
	select {
	case <-ends:
	case <-ctx.Done():
	}
}

// join answers when the reading under way ends, and whether it is the caller's to do.
func (r *reading) join(at time.Time) (ends <-chan struct{}, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ends != nil {
		return r.ends, false
	}
	if since := at.Sub(r.began); since >= 0 && since < coolDown {
		return nil, false
	}
	r.began, r.ends = at, make(chan struct{})
	return r.ends, true
}

func (r *reading) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.ends)
	r.ends = nil
}
