package keyring

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Store remembers sealed keys and secrets. It sees no key and no secret in the clear.
type Store interface {
	// SigningKeys are all keys by generation, the oldest first.
	SigningKeys(ctx context.Context) ([]SealedKey, error)
	// AddSigningKey adds the key, and the events that tell of it, unless its generation is taken. Where it is, nothing
	// happens, and that is no error: the caller reads again.
	AddSigningKey(ctx context.Context, k SealedKey, told ...auth.Event) error
	// RevokeSigningKey revokes the key and adds its successor, all or nothing. It fails with ErrOvertaken, and nothing
	// has happened, where the key is not there or revoked already, or the successor's generation is taken.
	RevokeSigningKey(ctx context.Context, r Revocation) error
	// Secrets are all secrets by kind and version.
	Secrets(ctx context.Context) ([]SealedSecret, error)
	// AddSecret adds the secret unless its kind and version are taken. Where they are, nothing happens, and that is
	// no error: the caller reads again.
	AddSecret(ctx context.Context, s SealedSecret) error
	// Reseal hands all that is sealed to again, and puts the seals that it answers in their places, in one transaction:
	// nothing is added or resealed meanwhile. Where again fails nothing has happened, and its error is Reseal's.
	// It may be called more than once.
	Reseal(ctx context.Context, again func(Sealed) (Sealed, error)) error
}

// ErrOvertaken is what a store says where the keys are no longer as its caller read them.
var ErrOvertaken = errors.New("the keys have changed meanwhile")

// Revocation is a key that leaked.
type Revocation struct {
	ID auth.ID
	At time.Time
	// Successor signs in its place; nil where another key does already.
	Successor *SealedKey
	Event     auth.Event
}

// Sealed is all that is sealed.
type Sealed struct {
	Keys    []SealedKey
	Secrets []SealedSecret
}

// SealedKey is a signing key as it is stored.
type SealedKey struct {
	ID auth.ID
	// Generation counts keys without gaps, from 1, and is unique: of several processes that make a key at once, one
	// has the generation.
	Generation int64
	// Algorithm is the JWS algorithm by its name in RFC 7518, section 3.1 or RFC 8037, section 3.1: ES256.
	Algorithm string
	// KeyID is the RFC 7638 thumbprint: the kid of the tokens that the key signs.
	KeyID string
	// Public is the JWK (RFC 7517) as it is published: public members, kid, alg, and use, which is sig.
	Public []byte
	// Sealed is the private key's PKCS #8 DER (RFC 5958) under the master key.
	Sealed []byte
	// SealedBy is the master key's fingerprint.
	SealedBy  string
	CreatedAt time.Time
	// SignsFrom is when the key begins to sign. When it stops is not stored: its successor's SignsFrom tells.
	SignsFrom time.Time
	// RevokedAt is nil unless the key was revoked. Such a key is kept, and verifies nothing.
	RevokedAt *time.Time
}

// SealedSecret is a secret as it is stored.
type SealedSecret struct {
	Kind string
	// Version counts the secrets of a kind, from 1.
	Version int64
	// Sealed is the secret's bytes under the master key.
	Sealed []byte
	// SealedBy is the master key's fingerprint.
	SealedBy  string
	CreatedAt time.Time
}
