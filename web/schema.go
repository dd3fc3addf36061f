package web

import (
	"net/http"
	"strconv"

	"github.com/fieldward/fieldward/auth"
)

// schemaText answers the schema as the caller is shown it. It is plain text, which browsers show and tools read: there is
// no registered media type for a schema.
func schemaText(sdl func(auth.Caller) string) http.Handler {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := sdl(auth.CallerFrom(r.Context()))
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		plain(w, http.StatusOK, text)
	})
	refuse := auth.Require(answer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Authorization, Cookie")
		if auth.CallerFrom(r.Context()).Refused != nil {
			w.Header().Set("Cache-Control", "no-store")
			refuse.ServeHTTP(w, r)
			return
		}
		answer.ServeHTTP(w, r)
	})
}
