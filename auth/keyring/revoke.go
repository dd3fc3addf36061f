package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// errWithdraw says how a key goes that this package cannot revoke.
var errWithdraw = &auth.Error{Code: auth.Conflict, Message: "This key comes from a file. Take the file away to withdraw it."}

// Revoke makes the key verify nothing from now on, for one that leaked, and answers it and the key that signs. In the
// same transaction comes a key that signs at once, unless the revoked one had been superseded: then another signs
// already, and goes on. To revoke a key twice changes nothing. The successor's algorithm is that of the settings where
// none is given.
//
// It fails with auth.NotFound where no key has that name, with auth.Conflict for one that comes from a file, and with
// auth.InvalidInput for an algorithm of which no keys are made.
func (k *Keyring) Revoke(
	ctx context.Context, by auth.Caller, from auth.Client, keyID, algorithm string,
) (revoked, signing auth.SigningKey, err error) {
	if algorithm != "" && algorithms[algorithm].generate == nil {
		return revoked, signing, errAlgorithm
	}
	for range maxTries {
		if err := k.Refresh(ctx); err != nil {
			return revoked, signing, err
		}
		held, at := k.held.Load(), auth.Instant(k.now())
		key, _, found := held.find(keyID, at)
		switch {
		case !found:
			return revoked, signing, auth.ErrNotFound
		case key.Generation == 0:
			return revoked, signing, errWithdraw
		case key.RevokedAt != nil && !key.lost:
			return held.view(key, at), held.view(held.signing(at), at), nil
		}
		r, err := k.revocation(held, key, algorithm, at)
		if err != nil {
			return revoked, signing, err
		}
		r.Event = done(r.Event, by, from)
		if err := k.store.RevokeSigningKey(ctx, r); err != nil && !errors.Is(err, ErrOvertaken) {
			return revoked, signing, fmt.Errorf("revoke signing key: %w", err)
		}
	}
	return revoked, signing, fmt.Errorf("revoke signing key: %w", ErrOvertaken)
}

// revocation is what takes the place of the key. The newest key is never revoked without a successor, so that there is
// always one that signs.
func (k *Keyring) revocation(held *ring, key Key, algorithm string, at time.Time) (Revocation, error) {
	r := Revocation{ID: key.ID, At: at, Event: about(auth.SigningKeyRevoked, key.ID, at)}
	r.Event.Details = map[string]any{"keyId": key.KeyID}
	if key.lost {
		r.Event.Details["reason"] = "the database is behind"
	}
	if slices.IndexFunc(held.keys, named(key.KeyID)) >= signing(held.keys, at) {
		successor, err := k.makeKey(held, algorithm, at)
		if err != nil {
			return Revocation{}, err
		}
		r.Successor = &successor
		r.Event.Details["successor"], r.Event.Details["algorithm"] = successor.KeyID, successor.Algorithm
	}
	return r, nil
}

// revokeAgain revokes what is known to be revoked, and was brought back by a store that was put back to an older state:
// whoever has a leaked key does not get it back.
func (k *Keyring) revokeAgain(ctx context.Context) error {
	for _, key := range k.held.Load().keys {
		if !key.lost {
			continue
		}
		if _, _, err := k.Revoke(ctx, auth.Nobody, auth.Client{}, key.KeyID, ""); err != nil {
			return fmt.Errorf("revoke the key %s again, which the database has lost: %w", key.KeyID, err)
		}
	}
	return nil
}
