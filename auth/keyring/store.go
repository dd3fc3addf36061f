package keyring

import (
	"context"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Store remembers sealed keys and secrets. It sees no key and no secret in the clear.
type Store interface {
	// SigningKeys are all keys by generation, the oldest first.
	SigningKeys(ctx context.Context) ([]SealedKey, error)
	// AddSigningKey adds the key unless its generation is taken. Where it is, nothing happens, and that is no error:
	// the caller reads again.
	AddSigningKey(ctx context.Context, k SealedKey) error
	// Secrets are all secrets by kind and version.
	Secrets(ctx context.Context) ([]SealedSecret, error)
	// AddSecret adds the secret unless its kind and version are taken. Where they are, nothing happens, and that is
	// no error: the caller reads again.
	AddSecret(ctx context.Context, s SealedSecret) error
}

// SealedKey is a signing key as it is stored.
type SealedKey struct {
	ID auth.ID
	// Generation counts keys without gaps, from 1, and is unique: of several processes that make a key at once, one
	// has the generation.
	Generation int64
	// Algorithm is the JWS algorithm by its name in RFC 7518, section 3.1: ES256.
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
