package token_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/token"
)

// everyAlgorithm is each that a key can have.
func everyAlgorithm() []string {
	return []string{keyring.ES256, keyring.ES384, keyring.EdDSA, keyring.RS256, keyring.HS256}
}

// newHouseSigning is a house that signs by the algorithm, and what the library alone needs to verify that.
func newHouseSigning(t testing.TB, algorithm string) (h *house, verifying any) {
	t.Helper()
	s := keyring.Settings{Master: keyring.NewMasterKey(), Algorithm: algorithm}
	if algorithm != keyring.HS256 {
		h = newHouseOf(t, s)
		return h, h.public(t)
	}
	secret := []byte(rand.Text() + rand.Text())
	shared, _, err := keyring.ParsePrivate([]byte(`{"kty":"oct","k":"`+base64.RawURLEncoding.EncodeToString(secret)+`"}`), start())
	if err != nil {
		t.Fatal(err)
	}
	s.Algorithm, s.Outside = "", []keyring.Key{shared}
	return newHouseOf(t, s), secret
}

func TestTokensOfEveryAlgorithmAreIssuedAndVerifiedByItAlone(t *testing.T) {
	for _, algorithm := range everyAlgorithm() {
		t.Run(algorithm, func(t *testing.T) {
			h, _ := newHouseSigning(t, algorithm)

			issued := h.issue(t)

			if _, err := h.Verify(t.Context(), issued.Token); err != nil {
				t.Errorf("its own token: %v", err)
			}
			for _, other := range everyAlgorithm() {
				if other == algorithm {
					continue
				}
				lies := h.sign(t, h.header().with("alg", quote(other)).String(), h.claims().String())
				if _, err := h.Verify(t.Context(), lies); !errors.Is(err, token.ErrAlgorithm) {
					t.Errorf("a token that says %s: %v", other, err)
				}
			}
			head, rest, _ := strings.Cut(issued.Token, ".")
			for _, i := range []int{0, len(rest) / 2, len(rest) - 10} {
				changed := []byte(rest)
				changed[i] = 'A' + (changed[i]-'A'+1)%26
				if _, err := h.Verify(t.Context(), head+"."+string(changed)); err == nil {
					t.Errorf("a token with the character %d changed verifies", i)
				}
			}
		})
	}
}

func TestATokenOfAKeyThatAnotherProcessHasJustMadeIsGood(t *testing.T) {
	h := newHouse(t)
	master := keyring.NewMasterKey()
	store := &memory{}
	clock := func() time.Time { return h.now }
	other, err := keyring.Open(t.Context(), store, master, clock)
	if err != nil {
		t.Fatal(err)
	}
	h.ring, err = keyring.Open(t.Context(), store, master, clock)
	if err != nil {
		t.Fatal(err)
	}
	h.Verifier = token.NewVerifier(h.ring, settings(), h.revoked, clock)
	h.Issuer = token.NewIssuer(other, settings(), nil, clock)
	before := h.issue(t)
	leaked := other.Signing().KeyID
	if _, _, err := other.Revoke(t.Context(), auth.Nobody, auth.Client{}, leaked, ""); err != nil {
		t.Fatal(err)
	}
	after := h.issue(t)

	if _, err := h.Verify(t.Context(), after.Token); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
	if _, err := h.Verify(t.Context(), before.Token); !errors.Is(err, token.ErrUnknownKey) {
		t.Errorf("a token of the revoked key: %v", err)
	}
}
