package keyring

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// errOutside keeps a server that signs by files from making keys that never sign.
var errOutside = &auth.Error{
	Code: auth.Conflict, Message: "The keys of this server come from files. Roll out another file to rotate them.",
}

// errAlgorithm blames the algorithm of a key to be.
var errAlgorithm = auth.Invalid("algorithm", "Keys are made for ES256, EdDSA, ES384 and RS256. A shared secret comes from a file.")

// maxTries is how often a change of the keys is tried when other processes are faster.
const maxTries = 10

// Rotate announces a successor, which signs in an hour, and answers it. Of many that rotate at once, and while one is
// announced already, all answer the same. Its algorithm is that of the settings where none is given. The caller is
// nobody where the clock or an operator rotates.
//
// It fails with auth.InvalidInput for an algorithm of which no keys are made, and with auth.Conflict where the keys
// come from files.
func (k *Keyring) Rotate(
	ctx context.Context, by auth.Caller, from auth.Client, algorithm string,
) (successor auth.SigningKey, err error) {
	if algorithm != "" && algorithms[algorithm].generate == nil {
		return auth.SigningKey{}, errAlgorithm
	}
	if len(k.outside) > 0 {
		return auth.SigningKey{}, errOutside
	}
	for range maxTries {
		if err := k.Refresh(ctx); err != nil {
			return auth.SigningKey{}, err
		}
		held, at := k.held.Load(), auth.Instant(k.now())
		if len(held.keys) == 0 {
			return auth.SigningKey{}, errOutside
		}
		if i, found := announced(held.keys, at); found {
			return held.view(held.keys[i], at), nil
		}
		sealed, err := k.makeKey(held, algorithm, at)
		if err != nil {
			return auth.SigningKey{}, err
		}
		sealed.SignsFrom = at.Add(announceFor)
		rotated := about(auth.SigningKeyRotated, sealed.ID, at)
		rotated.Details = map[string]any{
			"keyId": sealed.KeyID, "algorithm": sealed.Algorithm, "signsFrom": sealed.SignsFrom.Format(time.RFC3339Nano),
		}
		if err := k.store.AddSigningKey(ctx, sealed, done(rotated, by, from)); err != nil {
			return auth.SigningKey{}, fmt.Errorf("add signing key: %w", err)
		}
	}
	return auth.SigningKey{}, fmt.Errorf("rotate the signing keys: %w", ErrOvertaken)
}

// about is an event that tells of a key.
func about(action auth.Action, keyID auth.ID, at time.Time) auth.Event {
	e := auth.NewEvent(action, at, auth.Client{})
	e.SubjectID = &keyID
	return e
}

// done is the event with who did it, and from where.
func done(e auth.Event, by auth.Caller, from auth.Client) auth.Event {
	e.Client = from
	if id := by.ID(); id != "" {
		e.ActorID = &id
	}
	if id := by.SessionID(); id != "" {
		e.SessionID = &id
	}
	return e
}

const (
	// pollEvery is how often Follow looks for what other processes did: a revoked key is felt within a second.
	pollEvery = 500 * time.Millisecond
	// retryEvery is how long a rotation that failed is left alone.
	retryEvery = time.Minute
)

// Follow keeps the keyring up to date with its store, which it tells anew of revocations that it has lost, and announces a successor when the signing key has signed for 90
// days but an hour, until ctx ends. What goes wrong is told to failed, once until it changes; the next look tries again.
func (k *Keyring) Follow(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var rotateFrom time.Time
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := k.look(ctx, &rotateFrom)
		switch {
		case err == nil:
			said = ""
		case ctx.Err() == nil && err.Error() != said:
			said = err.Error()
			failed(err)
		}
	}
}

// look reads the keys, revokes again what a restore has brought back, and rotates where that is due and has not failed
// just now.
func (k *Keyring) look(ctx context.Context, rotateFrom *time.Time) error {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if err := k.Refresh(reading); err != nil {
		return err
	}
	if err := k.revokeAgain(ctx); err != nil {
		return err
	}
	at := k.now()
	if len(k.outside) > 0 || at.Before(*rotateFrom) || !due(k.held.Load().keys, at) {
		return nil
	}
	*rotateFrom = at.Add(retryEvery)
	_, err := k.Rotate(ctx, auth.Nobody, auth.Client{}, "")
	return err
}
