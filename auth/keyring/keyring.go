// Package keyring holds the keys that sign tokens and the secrets behind refresh tokens, cursors and the journal. It
// makes them once, seals them under the master key, and knows by the clock which key signs and which still verify.
//
// A key's state is a function of the clock, never a stored word: announced, then signing, then verifying, then
// retired. Keys are rotated and revoked while servers run, by any process on the store, and felt by all of them. The
// package hands out no private key, derives nothing from the master key, and makes no new key beside keys that it
// cannot open.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// The kinds of secrets that every keyring holds.
const (
	// RefreshSecret authenticates refresh tokens.
	RefreshSecret = "refresh"
	// CursorSecret authenticates the cursors of lists.
	CursorSecret = "cursor"
	// JournalSecret links what happened.
	JournalSecret = "journal"
)

const secretSize = 32 // bytes: the key of an HMAC-SHA-256 at full strength

// Keyring holds opened keys and secrets. It is safe for concurrent use; what it holds is replaced as a whole.
type Keyring struct {
	opener
	held       atomic.Pointer[ring]
	refreshing sync.Mutex // so that of two readings the later one stays
	unknown    reading    // those that an unknown kid has caused
}

// Settings are how a keyring is opened.
type Settings struct {
	// Master seals, and opens what it has sealed.
	Master MasterKey
	// Previous opens what it has sealed, and seals nothing; the zero value where there is none.
	Previous MasterKey
	// Algorithm is that of new keys: ES256, EdDSA, ES384 or RS256. Where it is empty a new key has that of the newest,
	// and the first has ES256.
	Algorithm string
	// Outside are keys from files (ParsePrivate), which are not stored: the first signs, all verify, and what is stored
	// verifies until its tokens end.
	Outside []Key
	// Beside is for what works beside servers and signs nothing: where they have made secrets and no key, their keys are
	// from files, of which it may not know, and it makes none either.
	Beside bool
}

// Open is OpenWith a master key and nothing else.
func Open(ctx context.Context, store Store, master MasterKey, now func() time.Time) (*Keyring, error) {
	return OpenWith(ctx, store, Settings{Master: master}, now)
}

// OpenWith loads the keys and secrets from the store, and makes what is missing: a first key, which signs at once,
// unless there is one from outside; and a secret of each kind, 32 random bytes. Of several processes that open an empty
// store at once, all end up with the same key and the same secrets.
//
// It fails with a *WrongMasterKeyError, and makes nothing, where anything is sealed with another master key. What does
// not open although the master key is the right one was changed: the error names it.
func OpenWith(ctx context.Context, store Store, s Settings, now func() time.Time) (*Keyring, error) {
	if s.Master.isZero() {
		return nil, errors.New("open keyring: the master key is all zeros, as where none was given")
	}
	o := opener{
		store: store, masters: masters{s.Master, s.Previous}, algorithm: s.Algorithm, outside: slices.Clone(s.Outside), now: now,
	}
	ring, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	if len(ring.all()) == 0 && (!s.Beside || len(ring.secrets) == 0) {
		// Read again before any secret is made: where another process with another master key was faster, this one
		// must fail here and not seal a secret beside that key.
		if ring, err = o.addSigningKey(ctx); err != nil {
			return nil, err
		}
	}
	for _, kind := range []string{RefreshSecret, CursorSecret, JournalSecret} {
		if _, found := ring.newestSecret(kind); found {
			continue
		}
		if ring, err = o.addSecret(ctx, kind); err != nil {
			return nil, err
		}
	}
	k := &Keyring{opener: o}
	k.held.Store(ring)
	return k, nil
}

// Signing is the key that signs now: the first from outside; else, of those that sign by the clock, the newest, and
// where none does, because this clock is behind the one that made the first, the newest of all. Where every key is
// revoked it is one that does not sign.
func (k *Keyring) Signing() Key { return k.held.Load().signing(k.now()) }

// Verifying is the key that the header's kid names, unless it is retired or revoked by now. An announced key verifies:
// an instance whose clock is ahead may sign with it already.
func (k *Keyring) Verifying(keyID string) (key Key, found bool) {
	key, state, found := k.held.Load().find(keyID, k.now())
	if !found || state == auth.KeyRetired {
		return Key{}, false
	}
	return key, true
}

// State is where the key stands by the clock; found is false where the keyring does not hold it.
func (k *Keyring) State(keyID string) (s auth.SigningKeyState, found bool) {
	_, s, found = k.held.Load().find(keyID, k.now())
	return s, found
}

// Secret is the newest secret of one of the kinds above. It panics for any other: an empty key must never
// authenticate anything.
func (k *Keyring) Secret(kind string) Secret {
	s, found := k.held.Load().newestSecret(kind)
	if !found {
		panic("keyring: no secrets of kind " + kind)
	}
	return s
}

// SecretVersion is the secret of that kind and version, for what was made with an earlier one.
func (k *Keyring) SecretVersion(kind string, version int64) (s Secret, found bool) {
	secrets := k.held.Load().secrets
	i := slices.IndexFunc(secrets, func(s Secret) bool { return s.Kind == kind && s.Version == version })
	if i < 0 {
		return Secret{}, false
	}
	return secrets[i], true
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
