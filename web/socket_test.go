package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/web"
)

func FuzzSocketAuthorization(f *testing.F) {
	for _, seed := range []string{`{"authorization":"Bearer x"}`, `{"Authorization":"Bearer x","authorization":""}`, `{"authorization":null}`, `{"a":{}}`, `{"AUTHORIZATION":[]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		payload, err := web.DecodeObject(text)
		if err != nil {
			return
		}
		value, there, code := web.SocketAuthorization(payload)
		named := 0
		for name, v := range payload {
			if strings.EqualFold(name, "authorization") && v != nil {
				named++
				if v, isText := v.(string); there && isText != (value == v && isText) {
					t.Errorf("%q is read as %q", text, value)
				}
			}
		}
		if there != (named == 1) || code != map[bool]int{true: 4400}[named > 1] {
			t.Errorf("of %d in %q there is one: %v, closed with %d", named, text, there, code)
		}
	})
}

func TestAPayloadThatIsNoObjectClosesTheSocket(t *testing.T) {
	for name, payload := range map[string]any{"a list": []any{}, "a text": "Bearer x", "a flag": false} {
		if _, there, code := web.SocketAuthorization(payload); there || code != 4400 {
			t.Errorf("%s: there is one: %v, closed with %d", name, there, code)
		}
	}
	if _, there, code := web.SocketAuthorization(nil); there || code != 0 {
		t.Errorf("none: there is one: %v, closed with %d", there, code)
	}
}

func TestASocketIsTakenFromOurOwnAndAllowedPagesAlone(t *testing.T) {
	const own, app = "https://api.example.com", "https://app.example.com"
	tests := map[string]struct {
		head    http.Header
		refused bool
	}{
		"no page":                             {http.Header{}, false},
		"no page, with a cookie":              {http.Header{"Cookie": {"__Host-fieldward-access=x"}}, true},
		"no page, with a refresh cookie":      {http.Header{"Cookie": {"__Host-fieldward-refresh=x"}}, true},
		"no page, with another's cookie":      {http.Header{"Cookie": {"theme=dark"}}, false},
		"no page, with a cookie and a header": {http.Header{"Cookie": {"__Host-fieldward-access=x"}, "Authorization": {"Bearer x"}}, false},
		"our own page, with a cookie":         {http.Header{"Origin": {own}, "Cookie": {"__Host-fieldward-access=x"}}, false},
		"an allowed page":                     {http.Header{"Origin": {app}}, false},
		"a foreign page":                      {http.Header{"Origin": {"https://evil.example"}}, true},
		"a page without an origin":            {http.Header{"Origin": {"null"}}, true},
		"a page that hides its origin":        {http.Header{"Sec-Fetch-Site": {"cross-site"}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, own+"/graphql", nil)
			r.Header = test.head
			if got := web.RefuseUpgrade(r, app); got != test.refused {
				t.Errorf("it is refused: %v", got)
			}
		})
	}
}

func TestADrainWaitsAsLongAsItMayAndLetsNoneIn(t *testing.T) {
	s := web.NewStreams()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := web.DrainOpen(ctx, s); !errors.Is(err, context.Canceled) || s.Open() != 1 {
		t.Errorf("with one open: %v, and %d are open", err, s.Open())
	}
	if err := web.DrainOpen(ctx, s); !errors.Is(err, context.Canceled) || s.Open() != 1 {
		t.Errorf("once more: %v, and %d are open", err, s.Open())
	}
	if err := web.NewStreams().Drain(t.Context()); err != nil {
		t.Errorf("with none: %v", err)
	}
}
