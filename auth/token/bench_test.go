package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth/token"
)

// BenchmarkVerify is a token that was met before.
func BenchmarkVerify(b *testing.B) {
	h := newHouse(b)
	text := h.issue(b).Token
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Verify(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyByTheLibraryAlone(b *testing.B) {
	h := newHouse(b)
	text, verify := h.issue(b).Token, h.library(b, true)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifySignatureAlone(b *testing.B) {
	h := newHouse(b)
	key := h.ring.Signing()
	signature, err := key.Sign("text")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := key.Verify("text", signature); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefuseExpired(b *testing.B) {
	h := newHouse(b)
	text := h.issue(b).Token
	h.now = start().Add(life + token.Leeway)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Verify(b.Context(), text); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkIssue(b *testing.B) {
	h := newHouse(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Issue(b.Context(), h.user, h.session); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIssueByTheLibraryAlone(b *testing.B) {
	h := newHouse(b)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	claims := jwt.MapClaims{
		"iss": issuer, "sub": h.user.ID, "aud": []string{audience, "https://other.example"}, "iat": start().Unix(),
		"exp": start().Add(life).Unix(), "jti": h.user.ID, "client_id": "fieldward", "sid": h.session.ID,
		"auth_time": start().Unix(), "amr": []string{"pwd"}, "gen": 7, "roles": h.user.Roles,
	}
	b.ReportAllocs()
	for b.Loop() {
		t := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
		t.Header["typ"], t.Header["kid"] = "at+jwt", h.ring.Signing().KeyID
		if _, err := t.SignedString(private); err != nil {
			b.Fatal(err)
		}
	}
}
