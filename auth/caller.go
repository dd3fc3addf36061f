// Package auth holds the words of the house: who a user, a session, a caller and a token's claims are, what an event
// and an error are, and the HTTP middleware that puts the caller into a request's context.
// It decides nothing, stores nothing, and imports the standard library only.
package auth

import (
	"context"
	"errors"
	"slices"
)

// Caller is who asks: the bearer of a verified token, or nobody.
type Caller struct {
	// Claims are those of the verified token; nil where there is none.
	Claims *Claims
	// Refused is why what the caller presented does not verify. Such a caller is not anonymous: nothing runs for
	// them but what gives them a new token.
	Refused error
}

// Nobody presented nothing.
var Nobody = Caller{}

// Unknown is an error of the code Unavailable where it could not be found out whether what the caller presented is
// good; else nil. Nothing runs for such a caller, not even what anybody may do: they may be someone.
func (c Caller) Unknown() *Error {
	if e, ok := errors.AsType[*Error](c.Refused); ok && e.Code == Unavailable {
		return e
	}
	return nil
}

// Authenticated reports whether the caller presented a verified token.
func (c Caller) Authenticated() bool { return c.Claims != nil }

// ID is the token's subject; empty where there is none.
func (c Caller) ID() ID {
	if c.Claims == nil {
		return ""
	}
	return c.Claims.Subject
}

// SessionID is the token's session; empty where there is none.
func (c Caller) SessionID() ID {
	if c.Claims == nil || c.Claims.SessionID == nil {
		return ""
	}
	return *c.Claims.SessionID
}

// HasRole reports whether the token carries one of the roles.
func (c Caller) HasRole(roles ...Role) bool {
	return c.Claims != nil && slices.ContainsFunc(c.Claims.Roles, func(r Role) bool { return slices.Contains(roles, r) })
}

// slot holds a context's caller, so that who is signed in by a field is known below it.
type slot struct {
	caller Caller
	live   func() Caller // in the place of caller, where it is not nil
}

type callerKey struct{}

// WithCaller puts the caller into the context.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &slot{caller: c})
}

// WithLiveCaller puts a caller into the context who may bring a new token while what is asked goes on: now tells who it
// is by then, and may be called by many at once.
func WithLiveCaller(ctx context.Context, now func() Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &slot{live: now})
}

// WithChangingCaller gives ctx a slot of its own with the same caller in it, and the function that puts another one
// there. What stands above keeps its caller. Not for concurrent use: call become before anything below reads it.
func WithChangingCaller(ctx context.Context) (below context.Context, become func(Caller)) {
	s := &slot{caller: CallerFrom(ctx)}
	return context.WithValue(ctx, callerKey{}, s), func(c Caller) { s.caller = c }
}

// CallerFrom is the caller in the context; Nobody where none was put there.
func CallerFrom(ctx context.Context) Caller {
	s, ok := ctx.Value(callerKey{}).(*slot)
	switch {
	case !ok:
		return Nobody
	case s.live != nil:
		return s.live()
	default:
		return s.caller
	}
}

type clientKey struct{}

// WithClient puts into the context where the request came from.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom is where the request came from; empty where that is not known, as on the command line.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

type requestIDKey struct{}

// WithRequestID puts the request's ID into the context.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestIDFrom is the request's ID; empty outside a request.
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
