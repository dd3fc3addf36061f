package token_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth/token"
)

// public is the stored key as a verifier with the library alone would hold it.
func (h *house) public(t testing.TB) any {
	t.Helper()
	var jwk struct{ Kty, Crv, X, Y, N, E string }
	if err := json.Unmarshal(h.store.keys[0].Public, &jwk); err != nil {
		t.Fatal(err)
	}
	switch jwk.Kty {
	case "OKP":
		return ed25519.PublicKey(unbase64(t, jwk.X))
	case "RSA":
		return &rsa.PublicKey{N: new(big.Int).SetBytes(unbase64(t, jwk.N)), E: int(new(big.Int).SetBytes(unbase64(t, jwk.E)).Int64())}
	}
	curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384()}[jwk.Crv]
	public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, unbase64(t, jwk.X), unbase64(t, jwk.Y)))
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// library verifies with golang-jwt alone: with every option that it has, or with none but the clock.
func (h *house) library(t testing.TB, everyOption bool) func(text string) (jwt.MapClaims, error) {
	t.Helper()
	return h.libraryWith(h.public(t), everyOption)
}

func (h *house) libraryWith(key any, everyOption bool) func(text string) (jwt.MapClaims, error) {
	signing := h.ring.Signing()
	options := []jwt.ParserOption{jwt.WithTimeFunc(func() time.Time { return h.now })}
	if everyOption {
		options = append(
			options, jwt.WithValidMethods([]string{signing.Algorithm}), jwt.WithStrictDecoding(), jwt.WithJSONNumber(),
			jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(token.Leeway),
		)
	}
	parser := jwt.NewParser(options...)
	return func(text string) (jwt.MapClaims, error) {
		claims := jwt.MapClaims{}
		_, err := parser.ParseWithClaims(text, claims, func(t *jwt.Token) (any, error) {
			if t.Header["kid"] != signing.KeyID {
				return nil, jwt.ErrTokenUnverifiable
			}
			return key, nil
		})
		return claims, err
	}
}
