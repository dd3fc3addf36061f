package keyring

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"
)

// opener is what opening a keyring needs, and what keeps it up to date.
type opener struct {
	store     Store
	masters   masters
	algorithm string // of new keys; empty for that of the newest
	outside   []Key
	now       func() time.Time
}

// load reads and opens all that is stored, which may be nothing.
func (o opener) load(ctx context.Context) (*ring, error) {
	keys, err := o.store.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	secrets, err := o.store.Secrets(ctx)
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	r := (&ring{outside: o.outside}).reopened(keys, o.masters)
	if r.broken != nil {
		return nil, r.broken
	}
	for _, sealed := range secrets {
		s, err := sealed.open(o.masters)
		if err != nil {
			return nil, err
		}
		r.secrets = append(r.secrets, s)
	}
	return r, r.unambiguous()
}

// unambiguous fails where two keys have one name: a token must not be verified by the wrong one.
func (r *ring) unambiguous() error {
	all := r.all()
	for i, k := range all {
		if slices.ContainsFunc(all[:i], named(k.KeyID)) {
			return fmt.Errorf("open keyring: the key %s is there twice: give each file once, and none that is stored", k.KeyID)
		}
	}
	return nil
}

// addSigningKey makes the first key. Where another process was faster, its key is the one that is loaded.
func (o opener) addSigningKey(ctx context.Context) (*ring, error) {
	sealed, err := o.makeKey(&ring{}, o.algorithm, o.now())
	if err != nil {
		return nil, err
	}
	if err := o.store.AddSigningKey(ctx, sealed); err != nil {
		return nil, fmt.Errorf("add signing key: %w", err)
	}
	r, err := o.load(ctx)
	if err == nil && len(r.keys) == 0 {
		return nil, errors.New("open keyring: the store lost the signing key that was added to it")
	}
	return r, err
}

// makeKey makes and seals the key that follows those of the ring. Where no algorithm is asked for it has that of the
// newest. It makes none beside a key that is sealed with another master key than those at hand: this one has been replaced.
func (o opener) makeKey(r *ring, algorithm string, at time.Time) (SealedKey, error) {
	for _, by := range r.sealedBy {
		if _, err := o.masters.thatSealed(by); err != nil {
			return SealedKey{}, fmt.Errorf("make signing key: %w", err)
		}
	}
	var newest Key
	if len(r.keys) > 0 {
		newest = r.keys[len(r.keys)-1]
	}
	k, err := newKey(cmp.Or(algorithm, o.algorithm, newest.Algorithm, ES256), at)
	if err != nil {
		return SealedKey{}, fmt.Errorf("make signing key: %w", err)
	}
	k.Generation = newest.Generation + 1
	sealed, err := k.seal(o.masters.current)
	if err != nil {
		return SealedKey{}, fmt.Errorf("seal signing key: %w", err)
	}
	return sealed, nil
}

// addSecret makes the first secret of a kind, or loads the one that another process made before.
func (o opener) addSecret(ctx context.Context, kind string) (*ring, error) {
	s := Secret{Kind: kind, Version: 1, Bytes: make([]byte, secretSize)}
	_, _ = rand.Read(s.Bytes) // never fails: crypto/rand ends the program instead
	if err := o.store.AddSecret(ctx, s.seal(o.masters.current, o.now())); err != nil {
		return nil, fmt.Errorf("add secret: %w", err)
	}
	r, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	if _, found := r.newestSecret(kind); !found {
		return nil, errors.New("open keyring: the store lost the secret that was added to it")
	}
	return r, nil
}
