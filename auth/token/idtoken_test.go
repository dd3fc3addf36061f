package token_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth/token"
)

func TestAnIDTokenTellsTheClientWhoSignedIn(t *testing.T) {
	h := newHouse(t)
	h.user.Name, h.user.Email, h.user.EmailVerified = "Ada", "ada@example.com", true
	access := h.issue(t)
	text := h.issueID(t, access)

	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithoutClaimsValidation())
	parsed, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return h.public(t), nil })
	if err != nil {
		t.Fatal(err)
	}
	wantHeader := map[string]any{"typ": "JWT", "alg": "ES256", "kid": h.ring.Signing().KeyID}
	if diff := cmp.Diff(wantHeader, parsed.Header); diff != "" {
		t.Error(diff)
	}
	sum := sha256.Sum256([]byte(access.Token))
	want := jwt.MapClaims{
		"iss": issuer, "sub": string(h.user.ID), "aud": "fieldward",
		"iat": float64(access.Claims.IssuedAt.Unix()), "exp": float64(access.Claims.ExpiresAt.Unix()),
		"auth_time": float64(access.Claims.AuthTime.Unix()), "amr": []any{"pwd"}, "sid": string(h.session.ID),
		"at_hash": base64URL(string(sum[:16])), "name": "Ada", "email": "ada@example.com", "email_verified": true,
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Error(diff)
	}
}

func TestAnIDTokenIsNoAccessTokenInAnyDress(t *testing.T) {
	h := newHouse(t)
	text := h.issueID(t, h.issue(t))
	if _, err := h.Verify(t.Context(), text); !errors.Is(err, token.ErrHeader) {
		t.Errorf("got %v, want %v", err, token.ErrHeader)
	}
	// Its claims are refused under an access token's header too.
	payload := string(unbase64(t, strings.Split(text, ".")[1]))
	if !json.Valid([]byte(payload)) {
		t.Fatal("the payload is no JSON")
	}
	if _, err := h.Verify(t.Context(), h.sign(t, h.header().String(), payload)); err == nil {
		t.Error("an ID token's claims are accepted as an access token's")
	}
}

func (h *house) issueID(t testing.TB, access token.Issued) string {
	t.Helper()
	text, err := h.IssueID(h.user, access)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
