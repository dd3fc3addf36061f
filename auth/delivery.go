package auth

import "context"

// TokenDelivery is how a session's tokens reach its client: a value of the schema's enum TokenDelivery. A session keeps
// the one that it was opened with.
type TokenDelivery string

// The ways to a client.
const (
	// InBody puts the tokens into the answer: for apps outside a browser page.
	InBody TokenDelivery = "BODY"
	// InCookies puts them into HttpOnly cookies, and not into the answer: for browser pages.
	InCookies TokenDelivery = "COOKIE"
)

// TokenJar holds the cookies of one request and of its answer. Only what opens, renews or ends a session touches it.
type TokenJar interface {
	// Refresh is the refresh token in the jar, whatever has become of its session: the request's, or the one that was
	// set since. Empty where there is none.
	Refresh() Secret
	// Fits fails where Set would: with InvalidInput where no cookie can be set any more, so that it is asked, with no
	// tokens, before anything is done; and where a token is more than a browser keeps, before its session moves.
	Fits(t Tokens) error
	// Set puts the tokens into the answer's cookies, in the place of what was set before.
	Set(t Tokens) error
	// Clear takes the cookies from the browser, if it has any. A late answer that clears must not clear fresh ones: only
	// the end of the very session is a reason.
	Clear()
}

type tokenJarKey struct{}

// WithTokenJar puts the jar into the context.
func WithTokenJar(ctx context.Context, j TokenJar) context.Context {
	return context.WithValue(ctx, tokenJarKey{}, j)
}

// TokenJarFrom is the jar in the context; where none was put there, one that holds and takes nothing.
func TokenJarFrom(ctx context.Context) TokenJar {
	if j, ok := ctx.Value(tokenJarKey{}).(TokenJar); ok {
		return j
	}
	return noJar{}
}

// ErrNoCookies is where cookies cannot be set: outside of a plain HTTP request, or when the head of its answer has
// gone out.
var ErrNoCookies = Invalid("", "Cookies cannot be set here. Ask by a plain POST.")

// noJar is where there are no cookies.
type noJar struct{}

// Refresh is empty.
func (noJar) Refresh() Secret { return "" }

// Fits fails.
func (noJar) Fits(Tokens) error { return ErrNoCookies }

// Set fails.
func (noJar) Set(Tokens) error { return ErrNoCookies }

// Clear has nothing to clear.
func (noJar) Clear() {}
