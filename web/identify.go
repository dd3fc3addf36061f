package web

import (
	"net/http"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// callers finds out who asks.
type callers struct {
	verifier auth.Verifier
	cookies  Cookies
	origins  *origins
}

// identify puts the caller, and the jar, into the request's context. An Authorization header, even a bad one, is the only
// credential that is looked at; else it is the cookies, from our own pages alone.
func (c callers) identify(next http.Handler) http.Handler {
	byHeader := auth.Identify(c.verifier, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j := newJar(w, c.cookies, time.Now)
		r = r.WithContext(auth.WithTokenJar(r.Context(), j))
		switch {
		case len(r.Header.Values("Authorization")) > 0:
			j.shut(errHeaderToo)
			byHeader.ServeHTTP(j, r)
		case !c.origins.own(r):
			j.shut(auth.ErrNoCookies)
			next.ServeHTTP(j, r)
		default:
			j.take(r)
			next.ServeHTTP(j, r.WithContext(auth.WithCaller(r.Context(), c.byCookie(r, j.Refresh()))))
		}
	})
}

// byCookie is the bearer of the access cookie. Where that is missing or does not verify, and the refresh cookie opens,
// the caller is late and not anonymous: nothing runs but what gives them new tokens, and then they repeat. Where nobody can
// tell whether the token is good, nothing runs at all.
func (c callers) byCookie(r *http.Request, refresh auth.Secret) auth.Caller {
	if token := value(r, c.cookies.access()); token != "" {
		claims, err := c.verifier.Verify(r.Context(), token)
		if err == nil {
			return auth.Caller{Claims: &claims}
		}
		if refused := (auth.Caller{Refused: err}); refused.Unknown() != nil {
			return refused
		}
	}
	if refresh != "" && c.cookies.Opens(refresh) {
		return auth.Caller{Refused: auth.ErrInvalidToken}
	}
	return auth.Nobody
}
