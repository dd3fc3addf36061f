package token

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// Verifier verifies the access tokens of one issuer for one audience. It implements auth.Verifier.
type Verifier struct {
	keys        *keyring.Keyring
	settings    Settings
	registered  *jwt.Validator
	revocations Revocations
	verified    verified
	now         func() time.Time
}

// NewVerifier makes a verifier of the tokens that the ring's keys sign. Issuer, audience or revocations that are
// missing are a mistake of the caller's: without the first two every token is refused, without the last it panics.
func NewVerifier(keys *keyring.Keyring, s Settings, r Revocations, now func() time.Time) *Verifier {
	if r == nil {
		panic("token: a verifier needs revocations")
	}
	return &Verifier{
		keys: keys, settings: s, revocations: r, verified: newVerified(), now: now,
		registered: jwt.NewValidator(
			jwt.WithIssuer(s.Issuer), jwt.WithAudience(s.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(Leeway), jwt.WithTimeFunc(now),
		),
	}
}

// Verify returns the claims of a token that is good here and now: a session's own access token, signed by a key that
// still verifies, within its time, and not revoked. Any other is an error from the list above, which holds nothing of
// the token, or that of revocations that cannot tell. Roles that are not known are kept, and open nothing; numbers in
// Extra are json.Number. The claims' lists and maps are shared with other requests that bring the token: they are to be
// read.
//
// What the text alone decides is decided once, and remembered of a token that is accepted. Key, clock and revocations are
// asked each time.
func (v *Verifier) Verify(ctx context.Context, token string) (auth.Claims, error) {
	s, known := v.verified.find(token)
	var err error
	if known {
		err = v.still(ctx, s)
	} else {
		s, err = v.read(ctx, token)
	}
	if err != nil {
		return auth.Claims{}, err
	}
	switch revoked, err := v.revocations.Revoked(ctx, s.claims.Claims); {
	case err != nil:
		return auth.Claims{}, err
	case revoked:
		return auth.Claims{}, ErrRevoked
	}
	if !known {
		v.verified.remember(token, s)
	}
	return s.claims.Claims, nil
}

// still holds what was read of a token before against the keys and the clock of now.
func (v *Verifier) still(ctx context.Context, s signed) error {
	if key, verifies := v.keys.Find(ctx, s.key.KeyID); !verifies || !key.Equal(s.key) {
		return ErrUnknownKey
	}
	if at := v.now(); at.Before(s.from) || !at.Before(s.until) {
		return v.holds(s.claims) // which says why
	}
	return nil
}

// read takes a token apart, and holds it against keys and clock. Its signature comes last, since that costs most.
func (v *Verifier) read(ctx context.Context, token string) (signed, error) {
	t, err := parseJWS(token)
	if err != nil {
		return signed{}, err
	}
	if t.typ != tokenType {
		return signed{}, ErrHeader
	}
	key, known := v.keys.Find(ctx, t.keyID)
	if !known {
		return signed{}, ErrUnknownKey
	}
	c, err := parseClaims(t.payload)
	if err != nil {
		return signed{}, err
	}
	if err := v.holds(c); err != nil {
		return signed{}, err
	}
	if err := t.signedBy(key); err != nil {
		return signed{}, err
	}
	return newSigned(key, c, len(token)), nil
}

// holds checks the registered claims against the settings and the clock.
func (v *Verifier) holds(c claims) error {
	switch {
	case v.settings.Issuer == "" || v.settings.Audience == "":
		return ErrIssuer // the library does not look at an issuer where none is expected
	case !c.ExpiresAt.After(c.IssuedAt):
		return ErrClaims
	case c.ExpiresAt.Sub(c.IssuedAt) > v.settings.TTL: // a difference beyond 292 years is cut to that
		return ErrLifetime
	}
	err := v.registered.Validate(c)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return ErrIssuer
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return ErrAudience
	case errors.Is(err, jwt.ErrTokenExpired):
		return ErrExpired
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued), errors.Is(err, jwt.ErrTokenNotValidYet):
		return ErrNotYet
	default:
		return ErrClaims
	}
}
