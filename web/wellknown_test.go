package web_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/web"
)

// wellKnown serves the two documents alone.
func wellKnown(t *testing.T, issuer string, keySet func() ([]byte, error)) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	if err := web.MountWellKnown(mux, issuer, keySet, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return mux
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const jwksPath, metadataPath = "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"

func TestTheKeySetIsServedToBeKeptForFiveMinutes(t *testing.T) {
	set := `{"keys":[]}`
	h := wellKnown(t, "https://auth.example", func() ([]byte, error) { return []byte(set), nil })
	first := get(h, jwksPath)
	if first.Code != 200 || first.Body.String() != set || first.Header().Get("Content-Type") != "application/jwk-set+json" ||
		first.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("answered %d, %s, %v", first.Code, first.Body, first.Header())
	}
	tag := first.Header().Get("ETag")
	again := get(h, jwksPath, "If-None-Match", tag)
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("ETag") != tag ||
		again.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("to who has it: %d, %s, %v", again.Code, again.Body, again.Header())
	}
	set = `{"keys":[{}]}`
	if changed := get(h, jwksPath, "If-None-Match", tag); changed.Code != 200 || changed.Body.String() != set || changed.Header().Get("ETag") == tag {
		t.Errorf("once it has changed: %d, %s, %v", changed.Code, changed.Body, changed.Header())
	}
	head := httptest.NewRecorder()
	h.ServeHTTP(head, httptest.NewRequest(http.MethodHead, jwksPath, nil))
	if head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("ETag") == "" {
		t.Errorf("HEAD: %d, %s", head.Code, head.Body)
	}
	post := httptest.NewRecorder()
	h.ServeHTTP(post, httptest.NewRequest(http.MethodPost, jwksPath, strings.NewReader("{}")))
	if post.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.Code)
	}
}

func TestTheMetadataLinkFromTheIssuerAndSayNoMoreThanIsTrue(t *testing.T) {
	tests := map[string]struct{ issuer, path string }{
		"an issuer without a path":      {"https://auth.example", metadataPath},
		"with a port":                   {"http://localhost:8080", metadataPath},
		"with a path":                   {"https://example.com/auth", metadataPath + "/auth"},
		"with a path, asked as without": {"https://example.com/auth", metadataPath},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := wellKnown(t, test.issuer, func() ([]byte, error) { return nil, errors.New("nobody asked") })
			w := get(h, test.path)
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
				t.Fatalf("answered %d, %s", w.Code, w.Body)
			}
			want := map[string]any{
				"issuer": test.issuer, "jwks_uri": test.issuer + jwksPath,
				"response_types_supported": []any{}, "grant_types_supported": []any{},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("ETag") == "" || w.Header().Get("Cache-Control") != "public, max-age=300" {
				t.Errorf("the header is %v", w.Header())
			}
		})
	}
}

func TestAKeySetThatFailsIsNotKeptAndSaysNothing(t *testing.T) {
	h := wellKnown(t, "https://auth.example", func() ([]byte, error) { return nil, errors.New("the disk is on fire") })
	w := get(h, jwksPath)
	if w.Code != 500 || strings.Contains(w.Body.String(), "fire") || strings.Contains(w.Header().Get("Cache-Control"), "max-age") {
		t.Errorf("answered %d, %s, %v", w.Code, w.Body, w.Header())
	}
}
