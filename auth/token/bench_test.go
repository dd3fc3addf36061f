package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fieldward/fieldward/auth/token"
)

// BenchmarkVerify is a token that was met before, one that is met for the first time, and the same by the library alone
// with every option that it has.
func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range everyAlgorithm() {
		h, key := newHouseSigning(b, algorithm)
		text, library := h.issue(b).Token, h.libraryWith(key, true)
		b.Run(algorithm+"/remembered", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Verify(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(algorithm+"/first", func(b *testing.B) { benchmarkFirst(b, h) })
		b.Run(algorithm+"/library", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := library(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarkFirst verifies a few tokens over and over, each time by a verifier that has met none of them.
func benchmarkFirst(b *testing.B, h *house) {
	var texts [256]string
	for i := range texts {
		texts[i] = h.issue(b).Token
	}
	b.ReportAllocs()
	var v *token.Verifier
	for i := 0; b.Loop(); i++ {
		if i%len(texts) == 0 {
			b.StopTimer()
			v = token.NewVerifier(h.ring, settings(), h.revoked, start)
			b.StartTimer()
		}
		if _, err := v.Verify(b.Context(), texts[i%len(texts)]); err != nil {
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
