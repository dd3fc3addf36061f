package token_test

import (
	"context"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/token"
)

var _ auth.Verifier = (*token.Verifier)(nil)

func TestWhatIsIssuedVerifiesWithTheSameClaims(t *testing.T) {
	for name, roles := range map[string][]auth.Role{
		"some roles": {auth.RoleUser, "GARDENER"}, "no roles": {}, "nil roles": nil,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.user.Roles = roles
			h.now = start().Add(987654321 * time.Nanosecond)
			issued := h.issue(t)

			got, err := h.Verify(t.Context(), issued.Token)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(issued.Claims, got); diff != "" {
				t.Errorf("issued (-) and verified (+) differ:\n%s", diff)
			}
			if got.ExpiresAt.Sub(got.IssuedAt) != life || got.IssuedAt.Nanosecond() != 0 {
				t.Errorf("issued at %s, expires at %s", got.IssuedAt, got.ExpiresAt)
			}
		})
	}
}

func TestATokenHoldsWhatRFC9068AsksAndNothingMore(t *testing.T) {
	h := newHouse(t)
	segments := strings.Split(h.issue(t).Token, ".")
	var header, payload map[string]any
	for i, into := range []*map[string]any{&header, &payload} {
		if err := json.Unmarshal(unbase64(t, segments[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	jti, _ := payload["jti"].(string)
	if id, err := auth.ParseID(jti); err != nil || !id.Is(auth.TokenPrefix) {
		t.Errorf("jti is %q", jti)
	}
	wantHeader := map[string]any{"typ": "at+jwt", "alg": "ES256", "kid": h.ring.Signing().KeyID}
	if diff := cmp.Diff(wantHeader, header); diff != "" {
		t.Error(diff)
	}
	wantPayload := map[string]any{
		"iss": issuer, "sub": string(h.user.ID), "aud": []any{audience, "https://other.example"},
		"iat": float64(start().Unix()), "exp": float64(start().Add(life).Unix()), "jti": jti,
		"client_id": "fieldward", "sid": string(h.session.ID), "auth_time": float64(start().Add(-time.Hour).Unix()),
		"amr": []any{"pwd"}, "gen": 7.0, "roles": []any{"SUPPORT", "GARDENER"},
	}
	if diff := cmp.Diff(wantPayload, payload); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCouldNotVerifyIsNotIssued(t *testing.T) {
	tests := map[string]func(h *house, s *token.Settings){
		"another user's session":    func(h *house, _ *token.Settings) { h.session.UserID = auth.NewID(auth.UserPrefix, start()) },
		"a life under a second":     func(_ *house, s *token.Settings) { s.TTL = time.Second - 1 },
		"no life":                   func(_ *house, s *token.Settings) { s.TTL = 0 },
		"a life that outlasts keys": func(_ *house, s *token.Settings) { s.TTL = keyring.MaxTokenLife + 1 },
		"more roles than fit":       func(h *house, _ *token.Settings) { h.user.Roles = slices.Repeat([]auth.Role{"GARDENER"}, 1000) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			h, s := newHouse(t), settings()
			spoil(h, &s)
			if issued, err := token.NewIssuer(h.ring, s, nil, start).Issue(t.Context(), h.user, h.session); err == nil || issued.Token != "" {
				t.Errorf("issued, with error %v", err)
			}
		})
	}
}

func TestTheClockDecidesToTheSecond(t *testing.T) {
	tests := map[string]struct {
		claims object // changes
		at     time.Duration
		want   error
	}{
		"at once":                                {nil, 0, nil},
		"a leeway before it was issued":          {nil, -token.Leeway, nil},
		"a moment earlier":                       {nil, -token.Leeway - 1, token.ErrNotYet},
		"as it expires":                          {nil, life, nil},
		"a moment before the leeway ends":        {nil, life + token.Leeway - 1, nil},
		"when the leeway ends":                   {nil, life + token.Leeway, token.ErrExpired},
		"the leeway before nbf":                  {object{{"nbf", date(time.Minute)}}, time.Minute - token.Leeway, nil},
		"a moment before that":                   {object{{"nbf", date(time.Minute)}}, time.Minute - token.Leeway - 1, token.ErrNotYet},
		"part of a second in exp is not granted": {object{{"exp", date(life-time.Second) + ".9"}}, life + token.Leeway - time.Second, token.ErrExpired},
		"part of a second in iat is not granted": {object{{"iat", date(0) + ".1"}}, -token.Leeway, token.ErrNotYet},
		"part of a second in nbf is not granted": {object{{"nbf", date(time.Minute) + ".1"}}, time.Minute - token.Leeway, token.ErrNotYet},
		"a life of just the longest":             {object{{"iat", date(0) + ".5"}, {"exp", date(life) + ".5"}}, 0, nil},
		"a nanosecond more":                      {object{{"iat", date(0) + ".5"}, {"exp", date(life) + ".500000001"}}, 0, token.ErrLifetime},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			claims := h.claims()
			for _, c := range test.claims {
				claims = claims.with(c[0], c[1])
			}
			text := h.sign(t, h.header().String(), claims.String())
			h.now = start().Add(test.at)
			if _, err := h.Verify(t.Context(), text); !errors.Is(err, test.want) {
				t.Errorf("the error is %v, not %v", err, test.want)
			}
		})
	}
}

func TestATokenOfARevokedSessionIsRefused(t *testing.T) {
	h := newHouse(t)
	issued := h.issue(t)
	if _, err := h.Verify(t.Context(), issued.Token); err != nil {
		t.Fatal(err)
	}
	h.revoked[h.session.ID] = true
	if c, err := h.Verify(t.Context(), issued.Token); !errors.Is(err, token.ErrRevoked) || c.Subject != "" {
		t.Errorf("the error is %v", err)
	}
}

// silent cannot tell.
type silent struct{ err error }

func (s silent) Revoked(context.Context, auth.Claims) (bool, error) { return false, s.err }

func TestATokenIsNotAcceptedWhereNobodyCanTellWhetherItIsRevoked(t *testing.T) {
	h := newHouse(t)
	issued := h.issue(t)
	busy := auth.Busy(time.Second)
	v := token.NewVerifier(h.ring, settings(), silent{busy}, func() time.Time { return h.now })
	if c, err := v.Verify(t.Context(), issued.Token); !errors.Is(err, busy) || c.Subject != "" {
		t.Errorf("the error is %v", err)
	}
}

// never fails the test when it is asked.
type never struct{ t *testing.T }

func (n never) Revoked(context.Context, auth.Claims) (bool, error) {
	n.t.Error("revocations are asked about claims that are not verified")
	return false, nil
}

func TestRevocationsAreAskedAboutVerifiedClaimsOnly(t *testing.T) {
	h := newHouse(t)
	verifier := token.NewVerifier(h.ring, settings(), never{t}, start)
	for class, c := range hostile(t, h) {
		for name, text := range c.tokens {
			if _, err := verifier.Verify(t.Context(), text); err == nil {
				t.Errorf("%s: %s: accepted", class, name)
			}
		}
	}
}

func TestATokenVerifiesThroughTheLifeOfItsKey(t *testing.T) {
	master, store := keyring.NewMasterKey(), &memory{}
	at := start()
	clock := func() time.Time { return at }
	open := func() *keyring.Keyring {
		ring, err := keyring.Open(t.Context(), store, master, clock)
		if err != nil {
			t.Fatal(err)
		}
		return ring
	}
	first := newHouse(t)
	first.Issuer = token.NewIssuer(open(), settings(), nil, clock)

	// A successor is stored, which signs in an hour.
	second := &memory{}
	if _, err := keyring.Open(t.Context(), second, master, clock); err != nil {
		t.Fatal(err)
	}
	successor := second.keys[0]
	successor.Generation, successor.SignsFrom = 2, start().Add(time.Hour)
	store.keys = append(store.keys, successor)
	ring := open()
	issue := token.NewIssuer(ring, settings(), nil, clock)
	verifier := token.NewVerifier(ring, settings(), revoked{}, clock)
	refused := 0
	for ; at.Before(start().Add(3 * time.Hour)); at = at.Add(5 * time.Minute) {
		issued, err := issue.Issue(t.Context(), first.user, first.session)
		if err != nil {
			t.Fatal(err)
		}
		issuedAt := at
		for ; at.Before(issuedAt.Add(life)); at = at.Add(time.Minute) {
			if _, err := verifier.Verify(t.Context(), issued.Token); err != nil {
				refused++
			}
		}
		at = issuedAt
	}
	if refused > 0 {
		t.Errorf("%d living tokens are refused while their key is followed by another", refused)
	}

	// When its key is retired, no token of it verifies, whatever its claims say, and though it is remembered.
	at = start()
	old := first.issue(t)
	if _, err := verifier.Verify(t.Context(), old.Token); err != nil {
		t.Fatal(err)
	}
	at = successor.SignsFrom.Add(keyring.MaxTokenLife + time.Minute)
	if _, err := verifier.Verify(t.Context(), old.Token); !errors.Is(err, token.ErrUnknownKey) {
		t.Errorf("a token of a retired key: %v", err)
	}
}

func TestTheOtherHalfOfAnECDSASignatureVerifiesToo(t *testing.T) {
	h := newHouse(t)
	text := h.issue(t).Token
	dot := strings.LastIndexByte(text, '.')
	signature := unbase64(t, text[dot+1:])
	s := new(big.Int).SetBytes(signature[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[32:])
	if _, err := h.Verify(t.Context(), text[:dot+1]+base64URL(string(signature))); err != nil {
		t.Error(err)
	}
}

func TestPrivateClaimsAreKeptExactly(t *testing.T) {
	h := newHouse(t)
	claims := h.claims().with("tenant", `"acme"`).with("account", "9007199254740993").
		with("limits", `{"daily":[1,2.50,null,true]}`).with("Tenant", `"another"`)
	c, err := h.Verify(t.Context(), h.sign(t, h.header().String(), claims.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"tenant": "acme", "Tenant": "another", "account": json.Number("9007199254740993"),
		"limits": map[string]any{"daily": []any{json.Number("1"), json.Number("2.50"), nil, true}},
	}
	if diff := cmp.Diff(want, c.Extra); diff != "" {
		t.Error(diff)
	}
}

func TestDatesAreReadToTheNanosecond(t *testing.T) {
	tests := map[string]time.Time{
		"0":                      time.Unix(0, 0),
		"1.5":                    time.Unix(1, 500_000_000),
		"1.000000001":            time.Unix(1, 1),
		"1.0":                    time.Unix(1, 0),
		"-1":                     time.Unix(-1, 0),
		"-1.5":                   time.Unix(-2, 500_000_000),
		"-0.25":                  time.Unix(-1, 750_000_000),
		"-62167219200":           time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		"253402300799.999999999": time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	}
	h := newHouse(t)
	for raw, want := range tests {
		t.Run(raw, func(t *testing.T) {
			c, err := h.Verify(t.Context(), h.sign(t, h.header().String(), h.claims().with("auth_time", raw).String()))
			if err != nil || !c.AuthTime.Equal(want) {
				t.Errorf("read as %v (%v), not %s", c.AuthTime, err, want)
			}
		})
	}
}

func TestAVerifierWithoutIssuerOrAudienceRefusesAll(t *testing.T) {
	tests := map[string]func(*token.Settings){
		"no settings": func(s *token.Settings) { *s = token.Settings{} },
		"no issuer":   func(s *token.Settings) { s.Issuer = "" },
		"no audience": func(s *token.Settings) { s.Audience = "" },
		"no life":     func(s *token.Settings) { s.TTL = 0 },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			h, s := newHouse(t), settings()
			spoil(&s)
			if _, err := token.NewVerifier(h.ring, s, h.revoked, start).Verify(t.Context(), h.issue(t).Token); err == nil {
				t.Error("accepted")
			}
		})
	}
}
