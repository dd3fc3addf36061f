// Package graphiql serves the GraphiQL page and all that it loads, from files inside of the program: the page works
// offline, and its Content-Security-Policy admits this origin only. The package knows no schema and asks for no
// credentials: the page talks to POST /graphql of its own origin, and what a user pastes there stays in the browser.
//
// dist/ is built from page/ by `make graphiql`; `npm run check` says whether it is what the sources build.
package graphiql

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // index.html is a byte slice
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// The patterns to mount Handler at, on an http.ServeMux.
const (
	PagePattern   = "/{$}"
	AssetsPattern = "/graphiql/"
)

//go:embed dist/index.html
var page []byte

// policy is the page's Content-Security-Policy (CSP Level 3). Monaco adds style elements while it runs and writes its
// lines as HTML with style attributes, and takes no nonce: under style-src 'self' Chromium refuses 3 elements and some
// 240 attributes in one query. So styles, and nothing but styles, may be inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"worker-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

// Handler serves the page at / and what it loads beneath /graphiql/. It answers GET and HEAD, 405 to any other
// method, and 404 to any other path. The page carries an ETag and is asked for anew each time; the names of all else
// hold a hash of their content, so that they are kept for a year.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+PagePattern, pageHandler())
	mux.HandleFunc("GET "+AssetsPattern+"{name}", serveAsset)
	return secured(mux)
}

// secured sets the headers that every answer carries. A worker takes its policy from its own file's answer, so the
// policy is not the page's alone.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func pageHandler() http.Handler {
	sum := sha256.Sum256(page)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page))
	})
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, found := openAsset(r.PathValue("name"), r.Header.Values("Accept-Encoding"))
	if !found {
		http.NotFound(w, r)
		return
	}
	defer a.file.Close() //nolint:errcheck // a file inside of the program has nothing to tell
	h := w.Header()
	h.Set("Content-Type", a.mediaType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if a.negotiated {
		h.Set("Vary", "Accept-Encoding")
	}
	if a.coding != identity {
		h.Set("Content-Encoding", a.coding)
	}
	if !a.unzip { // else the length is not known before the end
		h.Set("Content-Length", strconv.FormatInt(a.size, 10))
	}
	if r.Method != http.MethodHead {
		a.send(w)
	}
}
