package auth

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// Verifier tells whose token it is.
type Verifier interface {
	// Verify returns the claims of a token that is good here and now. Whatever is wrong with a token is an error,
	// and which error is nobody's business but the log's.
	Verify(ctx context.Context, token string) (Claims, error)
}

// Identify puts the caller into the request's context: the verified claims, or nobody, or the reason why what was
// presented does not verify. It answers nothing itself: the guard refuses the operation once it knows which fields
// it asks for, and Require refuses for handlers that are not GraphQL.
func Identify(v Verifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		next.ServeHTTP(w, r.WithContext(WithCaller(ctx, callerOf(ctx, v, r.Header.Values("Authorization")))))
	})
}

// callerOf looks at the Authorization header alone: one that is there, even a bad one, is the only credential.
func callerOf(ctx context.Context, v Verifier, headers []string) Caller {
	if len(headers) == 0 {
		return Nobody
	}
	token, ok := Bearer(headers)
	if !ok {
		return Caller{Refused: ErrInvalidToken}
	}
	claims, err := v.Verify(ctx, token)
	if err != nil {
		return Caller{Refused: err}
	}
	return Caller{Claims: &claims}
}

// Bearer reads the token of RFC 6750, section 2.1, from the values of an Authorization header. Two of them are ambiguous,
// so they hold no token.
func Bearer(headers []string) (token string, ok bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, token, found := strings.Cut(headers[0], " ")
	return token, found && strings.EqualFold(scheme, "Bearer") && token != ""
}

// Require answers 401 (RFC 6750, section 3) where the caller is nobody, and 503 where that could not be found out.
func Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := CallerFrom(r.Context())
		if caller.Authenticated() {
			next.ServeHTTP(w, r)
			return
		}
		if unknown := caller.Unknown(); unknown != nil {
			w.Header().Set("Retry-After", strconv.Itoa(unknown.RetrySeconds()))
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("WWW-Authenticate", Challenge(caller))
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
	})
}

// Challenge is the WWW-Authenticate header for a caller who is not authenticated (RFC 6750, section 3).
func Challenge(c Caller) string {
	if c.Refused != nil {
		return `Bearer error="invalid_token"`
	}
	return "Bearer"
}
