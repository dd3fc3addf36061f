package token_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/token"
)

func TestARememberedTokenIsHeldAgainstClockAndRevocationsEachTime(t *testing.T) {
	tests := map[string]struct {
		happens func(h *house)
		want    error
	}{
		"it expires":           {func(h *house) { h.now = start().Add(life + token.Leeway) }, token.ErrExpired},
		"the clock jumps back": {func(h *house) { h.now = start().Add(-time.Hour) }, token.ErrNotYet},
		"its session ends":     {func(h *house) { h.revoked[h.session.ID] = true }, token.ErrRevoked},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			text := h.issue(t).Token
			for range 2 {
				if _, err := h.Verify(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
			test.happens(h)
			if _, err := h.Verify(t.Context(), text); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestARememberedTokenEndsWithItsKey(t *testing.T) {
	h := newHouse(t)
	text := h.issue(t).Token
	if _, err := h.Verify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if n := h.Remembered(); n != 1 {
		t.Fatalf("%d tokens are remembered, want the one", n)
	}
	if _, _, err := h.ring.Revoke(t.Context(), auth.Nobody, auth.Client{}, h.ring.Signing().KeyID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Verify(t.Context(), text); !errors.Is(err, token.ErrUnknownKey) {
		t.Errorf("got %v, want %v", err, token.ErrUnknownKey)
	}
}

// wavering answers as the revocations in it do, until it has an error to answer with.
type wavering struct {
	token.Revocations
	err error
}

func (w *wavering) Revoked(ctx context.Context, c auth.Claims) (bool, error) {
	if w.err != nil {
		return false, w.err
	}
	return w.Revocations.Revoked(ctx, c)
}

func TestARememberedTokenIsNotAcceptedWhereNobodyCanTellWhetherItIsRevoked(t *testing.T) {
	h := newHouse(t)
	text := h.issue(t).Token
	asked := &wavering{Revocations: h.revoked}
	v := token.NewVerifier(h.ring, settings(), asked, func() time.Time { return h.now })
	if _, err := v.Verify(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if n := v.Remembered(); n != 1 {
		t.Fatalf("%d tokens are remembered, want the one", n)
	}
	asked.err = auth.Busy(time.Second)
	if c, err := v.Verify(t.Context(), text); !errors.Is(err, asked.err) || c.Subject != "" {
		t.Errorf("got %v, want %v", err, asked.err)
	}
}

func TestOnlyWhatIsAcceptedIsRemembered(t *testing.T) {
	h := newHouse(t)
	good := h.issue(t).Token
	forged := good[:len(good)-4] + "AAAA"
	expired := h.sign(t, h.header().String(), h.claims().with("exp", date(-time.Hour)).with("iat", date(-2*time.Hour)).String())
	for _, text := range []string{forged, expired, good + "A", good + ".", strings.Repeat(good, 20)} {
		if _, err := h.Verify(t.Context(), text); err == nil {
			t.Fatalf("%q is accepted", text)
		}
	}
	h.revoked[h.session.ID] = true
	if _, err := h.Verify(t.Context(), good); !errors.Is(err, token.ErrRevoked) {
		t.Fatalf("got %v, want %v", err, token.ErrRevoked)
	}
	if n := h.Remembered(); n != 0 {
		t.Errorf("%d tokens are remembered, want none", n)
	}
	delete(h.revoked, h.session.ID)
	if _, err := h.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	if n := h.Remembered(); n != 1 {
		t.Errorf("%d tokens are remembered, want the good one", n)
	}
}

func TestNoOtherTextIsTakenForARememberedToken(t *testing.T) {
	h := newHouse(t)
	good := h.issue(t).Token
	if _, err := h.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for _, flip := range []byte{1, 0x20, 0x80} {
			other := []byte(good)
			other[i] ^= flip
			if _, err := h.Verify(t.Context(), string(other)); err == nil {
				t.Errorf("accepted with byte %d turned from %q to %q", i, good[i], other[i])
			}
		}
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	h := newHouse(t)
	before := heap()
	const distinct = 40_000
	for range distinct {
		if _, err := h.Verify(t.Context(), h.distinct(t)); err != nil {
			t.Fatal(err)
		}
	}
	n := h.Remembered()
	if n == 0 || n >= distinct {
		t.Errorf("%d of %d tokens are remembered, want some and not all", n, distinct)
	}
	if grown := heap() - before; grown > token.MaxRemembered*3/2 {
		t.Errorf("the heap has grown by %d bytes, beyond %d", grown, token.MaxRemembered)
	}
	runtime.KeepAlive(h)
}

func TestAHitAllocatesNothing(t *testing.T) {
	h := newHouse(t)
	text := h.issue(t).Token
	hit := testing.AllocsPerRun(100, func() {
		if _, err := h.Verify(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	})
	if hit > 0 {
		t.Errorf("a hit allocates %v times", hit)
	}
}

func TestARememberedTokenIsAcceptedWhenAFreshOneWouldBe(t *testing.T) {
	rapid.Check(t, func(draw *rapid.T) {
		h := newHouse(t)
		after := func(name string, least, most time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(draw, name))
		}
		issued := after("issued", -token.Leeway, token.Leeway)
		claims := h.claims().with("iat", fraction(issued)).with("exp", fraction(issued+after("life", time.Second, life)))
		if rapid.Bool().Draw(draw, "not before") {
			claims = claims.with("nbf", fraction(after("nbf", -token.Leeway, 2*token.Leeway)))
		}
		text := h.sign(t, h.header().String(), claims.String())
		_, _ = h.Verify(t.Context(), text) // remembers it where it is accepted now
		h.now = start().Add(after("then", -2*token.Leeway, life+2*token.Leeway))
		_, remembered := h.Verify(t.Context(), text)
		_, fresh := h.fresh().Verify(t.Context(), text)
		if !errors.Is(remembered, fresh) || !errors.Is(fresh, remembered) {
			draw.Errorf("at %s: remembered: %v, fresh: %v", h.now, remembered, fresh)
		}
	})
}

// fraction is the NumericDate of a time after start, with parts of a second.
func fraction(after time.Duration) string {
	at := start().Add(after)
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// fresh is a verifier of the same house that has met no token yet.
func (h *house) fresh() *token.Verifier {
	return token.NewVerifier(h.ring, settings(), h.revoked, func() time.Time { return h.now })
}

func TestAKeyEqualsTheKeyThatVerifiesTheSame(t *testing.T) {
	one, two := newHouse(t).ring.Signing(), newHouse(t).ring.Signing()
	secret := func(last byte) keyring.Key {
		key, err := keyring.Trust("kid", keyring.HS256, append(make([]byte, 31), last))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	if !one.Equal(one) || !secret(1).Equal(secret(1)) {
		t.Error("a key does not equal itself")
	}
	if one.Equal(two) || one.Equal(secret(1)) || secret(1).Equal(one) || secret(1).Equal(secret(2)) || one.Equal(keyring.Key{}) {
		t.Error("a key equals another")
	}
}

// distinct is a good token that was not issued before.
func (h *house) distinct(t testing.TB) string {
	t.Helper()
	return h.sign(t, h.header().String(), h.claims().with("jti", quote(string(auth.NewID(auth.TokenPrefix, h.now)))).String())
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkVerifyDistinct is what tokens cost that are met for the first time, and what they leave in memory: run it
// with -benchtime 1000000x.
func BenchmarkVerifyDistinct(b *testing.B) {
	h := newHouse(b)
	before := heap()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		text := h.distinct(b)
		b.StartTimer()
		if _, err := h.Verify(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/(1<<20), "heap-MiB")
	b.ReportMetric(float64(h.Remembered()), "remembered")
}

// BenchmarkRefuse is what hostile tokens cost, which are never remembered.
func BenchmarkRefuse(b *testing.B) {
	h := newHouse(b)
	good := h.issue(b).Token
	for name, text := range map[string]string{
		"forged":         good[:len(good)-4] + "AAAA",
		"no token":       strings.Repeat("A", 600),
		"8 KiB of dots":  strings.Repeat(".", token.MaxTokenLength),
		"over the limit": strings.Repeat("A", token.MaxTokenLength+1),
		"8 KiB of lists": h.sign(b, h.header().String(), h.claims().with("x", fmt.Sprint("[", strings.Repeat("[],", 1500), "[]]")).with("iss", `"no"`).String()),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Verify(b.Context(), text); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
