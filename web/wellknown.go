package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// The documents' paths (RFC 8615). That of the metadata goes before the issuer's own path (RFC 8414, section 3).
const (
	keySetPath   = "/.well-known/jwks.json"
	metadataPath = "/.well-known/oauth-authorization-server"
)

// wellKnownAge is how long others may keep a document without asking: so long does a leaked key live elsewhere, and
// much longer is a new one announced.
const wellKnownAge = "public, max-age=300"

// mountWellKnown serves the key set, and the metadata that lead to it.
func mountWellKnown(mux *http.ServeMux, issuer string, keySet func() ([]byte, error), log *slog.Logger) error {
	metadata, path, err := describe(issuer)
	if err != nil {
		return err
	}
	mux.Handle("GET "+keySetPath, published("application/jwk-set+json", keySet, log))
	described := published("application/json", func() ([]byte, error) { return metadata, nil }, log)
	mux.Handle("GET "+metadataPath, described)
	if path != "" {
		mux.Handle("GET "+metadataPath+path, described)
	}
	return nil
}

// describe writes the metadata (RFC 8414, section 2) of an issuer that has neither an authorization nor a token
// endpoint, and answers the issuer's path. Section 3.2 wants empty lists left out; but response_types_supported is
// required, and without grant_types_supported a reader would take it that there are two.
func describe(issuer string) (metadata []byte, path string, err error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, "", fmt.Errorf("read the issuer: %w", err)
	}
	metadata, err = json.Marshal(struct {
		Issuer        string   `json:"issuer"`
		KeySet        string   `json:"jwks_uri"`
		ResponseTypes []string `json:"response_types_supported"`
		GrantTypes    []string `json:"grant_types_supported"`
	}{issuer, issuer + keySetPath, []string{}, []string{}})
	if err != nil {
		return nil, "", fmt.Errorf("write the metadata: %w", err)
	}
	return metadata, strings.TrimSuffix(u.EscapedPath(), "/"), nil
}

// published serves a JSON text that anyone may read and keep for a while, and 304 to who has it already.
func published(mediaType string, text func() ([]byte, error), log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := text()
		if err != nil {
			log.ErrorContext(r.Context(), "request failed", "requestId", auth.RequestIDFrom(r.Context()), "path", r.URL.Path, "err", err)
			writeError(w, r, http.StatusInternalServerError, auth.InternalError(r.Context()))
			return
		}
		sum := sha256.Sum256(body)
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Cache-Control", wellKnownAge)
		h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}
}
