package keyring_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/fieldward/fieldward/auth/keyring"
)

func TestOnlyAKeyThatFitsItsAlgorithmIsTrusted(t *testing.T) {
	p256, p384, p521 := curveKey(t, elliptic.P256()), curveKey(t, elliptic.P384()), curveKey(t, elliptic.P521())
	rsa2048 := rsaKey(t, 2048)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shared := make([]byte, 32)
	tests := map[string]struct {
		algorithm string
		public    crypto.PublicKey
		trusted   bool
	}{
		"ES256 on P-256":              {"ES256", p256, true},
		"ES384 on P-384":              {"ES384", p384, true},
		"RS256 with 2048 bits":        {"RS256", rsa2048, true},
		"EdDSA on Ed25519":            {"EdDSA", edwards, true},
		"HS256 with 32 bytes":         {"HS256", shared, true},
		"ES256 on P-384":              {"ES256", p384, false},
		"ES256 on P-521":              {"ES256", p521, false},
		"ES384 on P-256":              {"ES384", p256, false},
		"ES256 with an RSA key":       {"ES256", rsa2048, false},
		"RS256 with an EC key":        {"RS256", p256, false},
		"RS256 with 1024 bits":        {"RS256", rsaKey(t, 1024), false},
		"EdDSA with an EC key":        {"EdDSA", p256, false},
		"EdDSA with too short a key":  {"EdDSA", edwards[:31], false},
		"HS256 with 31 bytes":         {"HS256", shared[:31], false},
		"HS256 with a public key":     {"HS256", p256, false},
		"HS256 with an Ed25519 key":   {"HS256", edwards, false},
		"no key":                      {"ES256", nil, false},
		"none":                        {"none", nil, false},
		"an algorithm not offered":    {"ES512", p521, false},
		"PS256":                       {"PS256", rsa2048, false},
		"small letters":               {"es256", p256, false},
		"no algorithm":                {"", p256, false},
		"ES256 with a key's contents": {"ES256", *p256, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			key, err := keyring.Trust("kid", test.algorithm, test.public)
			if trusted := err == nil; trusted != test.trusted {
				t.Fatalf("trusted: %t (%v)", trusted, err)
			}
			if _, err := key.Sign("text"); err == nil {
				t.Error("a key that only verifies signs")
			}
			if key.Verify("text", nil) == nil || key.Verify("", make([]byte, 64)) == nil {
				t.Error("no signature verifies")
			}
		})
	}
}

func curveKey(t *testing.T, curve elliptic.Curve) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

func rsaKey(t *testing.T, bits int) *rsa.PublicKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}
