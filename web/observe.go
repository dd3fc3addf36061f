package web

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// requestIDLength is in characters of base 32: 80 bits.
const requestIDLength = 16

func newRequestID() string { return rand.Text()[:requestIDLength] }

// maxUserAgent is in bytes.
const maxUserAgent = 256

// strictTransport keeps browsers from asking by plain HTTP for a year (RFC 6797), where the issuer is https.
const strictTransport = "max-age=31536000"

// identified gives the request an ID, notes where it came from, and lets no browser guess at what is answered.
func identified(next http.Handler, p *proxies, secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := newRequestID()
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if secure {
			h.Set("Strict-Transport-Security", strictTransport)
		}
		ctx := auth.WithClient(auth.WithRequestID(r.Context(), id), p.clientOf(r))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (p *proxies) clientOf(r *http.Request) auth.Client {
	var c auth.Client
	if address, known := p.address(r); known {
		text := address.String()
		c.IPAddress = &text
	}
	if agent := r.UserAgent(); agent != "" {
		agent = strings.ToValidUTF8(agent[:min(len(agent), maxUserAgent)], "")
		agent = strings.ReplaceAll(agent, "\x00", "")
		c.UserAgent = &agent
	}
	return c
}

// observed logs each request when it has been answered, and answers for a handler that panicked.
func observed(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &statusWriter{ResponseWriter: w}
		ctx := r.Context()
		defer func() {
			if panicked := recover(); panicked != nil {
				log.ErrorContext(ctx, "handler panicked",
					"requestId", auth.RequestIDFrom(ctx), "panic", panicked, "stack", string(debug.Stack()))
				if seen.status == 0 {
					writeError(seen, r, http.StatusInternalServerError, auth.InternalError(ctx))
				}
			}
			log.DebugContext(ctx, "request", "requestId", auth.RequestIDFrom(ctx), "method", r.Method,
				"path", r.URL.Path, "status", seen.status, "duration", time.Since(began))
		}()
		next.ServeHTTP(seen, r)
	})
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes that the status is 200 where none was written.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
