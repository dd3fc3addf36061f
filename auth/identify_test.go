package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// verifies is a verifier that knows one token.
type verifies struct{ token string }

var errUnknown = errors.New("unknown token")

func (v verifies) Verify(_ context.Context, token string) (auth.Claims, error) {
	if token == "nobody-answers" {
		return auth.Claims{}, fmt.Errorf("ask about it: %w", auth.Busy(1500*time.Millisecond))
	}
	if token != v.token {
		return auth.Claims{}, errUnknown
	}
	return auth.Claims{Subject: "usr_1"}, nil
}

func TestIdentify(t *testing.T) {
	tests := map[string]struct {
		headers []string
		subject auth.ID
		refused bool
	}{
		"no header is nobody":              {nil, "", false},
		"a good token is its subject":      {[]string{"Bearer good"}, "usr_1", false},
		"the scheme has no case":           {[]string{"bEARER good"}, "usr_1", false},
		"a bad token is refused":           {[]string{"Bearer bad"}, "", true},
		"an empty header is refused":       {[]string{""}, "", true},
		"a scheme without a token":         {[]string{"Bearer"}, "", true},
		"a scheme with an empty token":     {[]string{"Bearer "}, "", true},
		"another scheme is refused":        {[]string{"Basic good"}, "", true},
		"a space behind the token":         {[]string{"Bearer good "}, "", true},
		"two spaces before the token":      {[]string{"Bearer  good"}, "", true},
		"two headers are ambiguous":        {[]string{"Bearer good", "Bearer good"}, "", true},
		"a list in one header":             {[]string{"Bearer good, Bearer good"}, "", true},
		"the token alone, without scheme":  {[]string{"good"}, "", true},
		"a tab in place of the space":      {[]string{"Bearer\tgood"}, "", true},
		"a token of another then the good": {[]string{"Bearer bad", "Bearer good"}, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got auth.Caller
			h := auth.Identify(verifies{"good"}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = auth.CallerFrom(r.Context())
			}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Authorization"] = test.headers
			h.ServeHTTP(httptest.NewRecorder(), r)
			if got.ID() != test.subject || (got.Refused != nil) != test.refused {
				t.Errorf("the caller is %q, refused: %v", got.ID(), got.Refused)
			}
		})
	}
}

func TestRequire(t *testing.T) {
	tests := map[string]struct {
		header    string
		status    int
		challenge string
	}{
		"nobody is asked to sign in":         {"", http.StatusUnauthorized, "Bearer"},
		"a bad token is told to be invalid":  {"Bearer bad", http.StatusUnauthorized, `Bearer error="invalid_token"`},
		"a good token goes on":               {"Bearer good", http.StatusNoContent, ""},
		"who cannot be found out comes back": {"Bearer nobody-answers", http.StatusServiceUnavailable, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if test.header != "" {
				r.Header.Set("Authorization", test.header)
			}
			w := httptest.NewRecorder()
			auth.Identify(verifies{"good"}, auth.Require(inner)).ServeHTTP(w, r)
			if w.Code != test.status || w.Header().Get("WWW-Authenticate") != test.challenge {
				t.Errorf("answered %d, %q", w.Code, w.Header().Get("WWW-Authenticate"))
			}
			if after := w.Header().Get("Retry-After"); (w.Code == http.StatusServiceUnavailable) != (after == "2") {
				t.Errorf("answered %d, with Retry-After %q", w.Code, after)
			}
		})
	}
}

func TestAChangedCallerIsSeenBelowAlone(t *testing.T) {
	above := auth.WithCaller(t.Context(), auth.Caller{Claims: &auth.Claims{Subject: "usr_old"}})
	below, become := auth.WithChangingCaller(above)
	if got := auth.CallerFrom(below).ID(); got != "usr_old" {
		t.Errorf("before the change the caller below is %q", got)
	}
	become(auth.Caller{Claims: &auth.Claims{Subject: "usr_new"}})
	if got := auth.CallerFrom(below).ID(); got != "usr_new" {
		t.Errorf("after the change the caller below is %q", got)
	}
	if got := auth.CallerFrom(above).ID(); got != "usr_old" {
		t.Errorf("after the change the caller above is %q", got)
	}
}
