package auth

import "time"

// SigningKey is what can be told of a key with which this server signs, or has signed, tokens. Nothing of it is secret.
type SigningKey struct {
	ID ID
	// KeyID is the kid of the tokens that the key signs: its RFC 7638 thumbprint.
	KeyID     string
	Algorithm SigningAlgorithm
	State     SigningKeyState
	CreatedAt time.Time
	SignsFrom time.Time
	// SignsUntil is nil while no successor is announced.
	SignsUntil *time.Time
	// VerifiesUntil is when the last token that the key may have signed has expired; nil while it may sign another.
	VerifiesUntil *time.Time
	// RevokedAt is set where the key was revoked: it has verified nothing since.
	RevokedAt *time.Time
	// PublicJWK is the key as it is published (RFC 7517); nil for a shared secret.
	PublicJWK map[string]any
}

// SigningAlgorithm is how a key signs, by its name in the JOSE registry (RFC 7518, section 3.1; RFC 8037, section 3.1).
type SigningAlgorithm string

// SigningKeyState is where a key stands in its life, by the clock.
type SigningKeyState string

// The states in their order.
const (
	// KeyAnnounced keys are published before they sign, so that whoever caches the published keys has them in time.
	KeyAnnounced SigningKeyState = "ANNOUNCED"
	// KeySigning is one key at a time.
	KeySigning SigningKeyState = "SIGNING"
	// KeyVerifying keys sign no more, and tokens that they signed may still live.
	KeyVerifying SigningKeyState = "VERIFYING"
	// KeyRetired keys verify nothing.
	KeyRetired SigningKeyState = "RETIRED"
)
