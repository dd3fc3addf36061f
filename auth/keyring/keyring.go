// Package keyring holds the keys that sign tokens and the secrets that stand behind refresh tokens and cursors. It
// makes them once, seals them under the master key, and knows by the clock which key signs and which still verify.
//
// A key's state is a function of the clock, never a stored word: announced, then signing, then verifying, then
// retired. The package hands out no private key, derives nothing from the master key, and makes no new key beside keys
// that it cannot open.
package keyring

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The kinds of secrets that every keyring holds.
const (
	// RefreshSecret authenticates refresh tokens.
	RefreshSecret = "refresh"
	// CursorSecret authenticates the cursors of lists.
	CursorSecret = "cursor"
)

const secretSize = 32 // bytes: the key of an HMAC-SHA-256 at full strength

// Keyring holds opened keys and secrets. It never changes once it is open, so it is safe for concurrent use.
type Keyring struct {
	keys    []Key    // by generation, the oldest first; never empty
	secrets []Secret // by kind and version
	now     func() time.Time
}

// Open loads the keys and secrets from the store, and makes what is missing: a first ES256 key, which signs at once,
// and a secret of each kind, 32 random bytes. Of several processes that open an empty store at once, all end up with
// the same key and the same secrets.
//
// It fails with a *WrongMasterKeyError, and makes nothing, where anything is sealed with another master key. What does
// not open although the master key is the right one was changed: the error names it.
func Open(ctx context.Context, store Store, master MasterKey, now func() time.Time) (*Keyring, error) {
	if master.isZero() {
		return nil, errors.New("open keyring: the master key is all zeros, as where none was given")
	}
	o := opener{store: store, master: master, now: now}
	ring, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	if len(ring.keys) == 0 {
		// Read again before any secret is made: where another process with another master key was faster, this one
		// must fail here and not seal a secret beside that key.
		if ring, err = o.addSigningKey(ctx); err != nil {
			return nil, err
		}
	}
	for _, kind := range []string{RefreshSecret, CursorSecret} {
		if _, found := ring.newestSecret(kind); found {
			continue
		}
		if ring, err = o.addSecret(ctx, kind); err != nil {
			return nil, err
		}
	}
	return ring, nil
}

// opener is what opening a keyring needs.
type opener struct {
	store  Store
	master MasterKey
	now    func() time.Time
}

// load reads and opens all that is stored, which may be nothing.
func (o opener) load(ctx context.Context) (*Keyring, error) {
	keys, err := o.store.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	secrets, err := o.store.Secrets(ctx)
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	ring := &Keyring{now: o.now}
	for _, sealed := range keys {
		k, err := sealed.open(o.master)
		if err != nil {
			return nil, err
		}
		ring.keys = append(ring.keys, k)
	}
	for _, sealed := range secrets {
		s, err := sealed.open(o.master)
		if err != nil {
			return nil, err
		}
		ring.secrets = append(ring.secrets, s)
	}
	return ring, nil
}

// addSigningKey makes the first key. Where another process was faster, its key is the one that is loaded.
func (o opener) addSigningKey(ctx context.Context) (*Keyring, error) {
	key, err := newKey(o.now())
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	key.Generation = 1
	sealed, err := key.seal(o.master)
	if err != nil {
		return nil, fmt.Errorf("seal signing key: %w", err)
	}
	if err := o.store.AddSigningKey(ctx, sealed); err != nil {
		return nil, fmt.Errorf("add signing key: %w", err)
	}
	ring, err := o.load(ctx)
	if err == nil && len(ring.keys) == 0 {
		return nil, errors.New("open keyring: the store lost the signing key that was added to it")
	}
	return ring, err
}

// addSecret makes the first secret of a kind, or loads the one that another process made before.
func (o opener) addSecret(ctx context.Context, kind string) (*Keyring, error) {
	s := Secret{Kind: kind, Version: 1, Bytes: make([]byte, secretSize)}
	_, _ = rand.Read(s.Bytes) // never fails: crypto/rand ends the program instead
	if err := o.store.AddSecret(ctx, s.seal(o.master, o.now())); err != nil {
		return nil, fmt.Errorf("add secret: %w", err)
	}
	ring, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	if _, found := ring.newestSecret(kind); !found {
		return nil, errors.New("open keyring: the store lost the secret that was added to it")
	}
	return ring, nil
}

// Signing is the key that signs now: of those that sign by the clock the newest, and where none does, because this
// clock is behind the one that made the first, the newest of all.
func (k *Keyring) Signing() Key { return k.keys[signing(k.keys, k.now())] }

// Verifying is the key that the header's kid names, unless it is retired by now. An announced key verifies: an
// instance whose clock is ahead may sign with it already.
func (k *Keyring) Verifying(keyID string) (key Key, found bool) {
	i := k.index(keyID)
	if i < 0 || state(k.keys, i, k.now()) == Retired {
		return Key{}, false
	}
	return k.keys[i], true
}

// State is where the key stands by the clock; found is false where the keyring does not hold it.
func (k *Keyring) State(keyID string) (s State, found bool) {
	i := k.index(keyID)
	if i < 0 {
		return "", false
	}
	return state(k.keys, i, k.now()), true
}

func (k *Keyring) index(keyID string) int {
	return slices.IndexFunc(k.keys, func(key Key) bool { return key.KeyID == keyID })
}

// Secret is the newest secret of one of the kinds above. It panics for any other: an empty key must never
// authenticate anything.
func (k *Keyring) Secret(kind string) Secret {
	s, found := k.newestSecret(kind)
	if !found {
		panic("keyring: no secrets of kind " + kind)
	}
	return s
}

func (k *Keyring) newestSecret(kind string) (newest Secret, found bool) {
	for _, s := range k.secrets {
		if s.Kind == kind && s.Version > newest.Version {
			newest, found = s, true
		}
	}
	return newest, found
}

// SecretVersion is the secret of that kind and version, for what was made with an earlier one.
func (k *Keyring) SecretVersion(kind string, version int64) (s Secret, found bool) {
	i := slices.IndexFunc(k.secrets, func(s Secret) bool { return s.Kind == kind && s.Version == version })
	if i < 0 {
		return Secret{}, false
	}
	return k.secrets[i], true
}

// SealedBy is the fingerprint of the master key under which what the store holds is sealed; found is false where it
// holds nothing, and only then may a program make a new master key.
func SealedBy(ctx context.Context, store Store) (fingerprint string, found bool, err error) {
	keys, err := store.SigningKeys(ctx)
	if err != nil {
		return "", false, fmt.Errorf("read signing keys: %w", err)
	}
	if len(keys) > 0 {
		return keys[len(keys)-1].SealedBy, true, nil
	}
	secrets, err := store.Secrets(ctx)
	if err != nil {
		return "", false, fmt.Errorf("read secrets: %w", err)
	}
	if len(secrets) > 0 {
		return secrets[len(secrets)-1].SealedBy, true, nil
	}
	return "", false, nil
}
