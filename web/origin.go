package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/rs/cors"
)

// origins are the pages that may ask: those of this server, and of the origins that are named.
type origins struct {
	protection *http.CrossOriginProtection
	allowed    []string
}

func newOrigins(allowed []string) (*origins, error) {
	o := &origins{protection: http.NewCrossOriginProtection(), allowed: allowed}
	for _, one := range allowed {
		if err := o.protection.AddTrustedOrigin(one); err != nil {
			return nil, fmt.Errorf("allow an origin: %w", err)
		}
	}
	o.protection.SetDenyHandler(http.HandlerFunc(refuseCrossOrigin))
	return o, nil
}

// protect refuses what a page of another origin sends, with a cookie or without one: signing in needs none.
func (o *origins) protect(next http.Handler) http.Handler { return o.protection.Handler(next) }

// own reports whether the request comes from one of these pages, or from no page at all. A GET is held to it as a POST is.
func (o *origins) own(r *http.Request) bool {
	asked := r.WithContext(r.Context())
	asked.Method = http.MethodPost
	return o.protection.Check(asked) == nil
}

// preflightLife is how long a browser may remember what a preflight was told, in seconds.
const preflightLife = 600

// share lets the pages of the named origins ask, and read what is answered (CORS).
func (o *origins) share(next http.Handler) http.Handler {
	if len(o.allowed) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowOriginFunc:  func(origin string) bool { return slices.Contains(o.allowed, origin) },
		AllowedMethods:   []string{http.MethodGet, http.MethodPost},
		AllowedHeaders:   []string{"Accept", "Authorization", "Content-Type"},
		ExposedHeaders:   []string{"Retry-After", "WWW-Authenticate", "X-Request-Id"},
		AllowCredentials: true,
		MaxAge:           preflightLife,
	}).Handler(next)
}
