// Package token issues access tokens (RFC 9068) and the ID tokens of OpenID Connect that go with them, and verifies
// access tokens, more strictly than the JWT library does: it refuses what that leaves to the caller, what two readers
// could read differently, and every kind of token but its own.
//
// It refuses a token before it is decoded where its length or shape is wrong, lets no token choose how it is verified,
// and repeats nothing of a token in an error. It stores nothing and asks no database.
package token

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Settings are what issuer and verifier must agree on.
type Settings struct {
	// Issuer is iss, compared byte by byte.
	Issuer string
	// Audience is the one that must stand in a token's aud for it to be accepted here.
	Audience string
	// TokenAudience is the aud of the tokens that are issued; Audience is among them.
	TokenAudience []string
	// TTL is how long a token lives, and the longest life that is accepted: between a second and
	// keyring.MaxTokenLife. Parts of a second do not count.
	TTL time.Duration
}

const (
	// Leeway is what is forgiven of a difference between the clocks of who issues and who verifies.
	Leeway = 30 * time.Second
	// MaxTokenLength is the longest token that is looked at, in bytes.
	MaxTokenLength = 8 << 10
)

// tokenType is the typ of an access token (RFC 9068, section 2.1). It is compared byte by byte: this server alone
// writes the tokens that it accepts, so that neither the other cases that RFC 7515, section 4.1.9 allows nor the
// prefix application/ need to pass.
const tokenType = "at+jwt"

// Why a token is refused: words for the log. A bearer is told none of them.
var (
	ErrMalformed  = errors.New("the token is malformed")
	ErrHeader     = errors.New("the token's header is not an access token's")
	ErrUnknownKey = errors.New("the token's key is not known, or no longer")
	ErrAlgorithm  = errors.New("the token's algorithm is not its key's")
	ErrSignature  = errors.New("the token's signature is wrong")
	ErrClaims     = errors.New("the token's claims are not an access token's")
	ErrIssuer     = errors.New("the token is of another issuer")
	ErrAudience   = errors.New("the token is for another audience")
	ErrExpired    = errors.New("the token has expired")
	ErrNotYet     = errors.New("the token is not valid yet")
	ErrLifetime   = errors.New("the token lives longer than access tokens do")
	ErrRevoked    = errors.New("the token is revoked")
)

// Revocations can refuse a token that verifies.
type Revocations interface {
	// Revoked reports whether the token's session has ended, or its generation is below its subject's. It is asked
	// about verified claims only, for each token on each request. Where it cannot tell it fails, and the token is not
	// accepted.
	Revoked(ctx context.Context, c auth.Claims) (bool, error)
}
