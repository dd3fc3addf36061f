package auth

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Code says what went wrong, in a word that a program can act on.
type Code string

// The codes of failure. Internal is everything that is nobody's business.
const (
	Unauthenticated      Code = "UNAUTHENTICATED"
	Forbidden            Code = "FORBIDDEN"
	RecentSignInRequired Code = "RECENT_SIGN_IN_REQUIRED"
	InvalidCredentials   Code = "INVALID_CREDENTIALS"
	UserDisabled         Code = "USER_DISABLED"
	SessionEnded         Code = "SESSION_ENDED"
	InvalidInput         Code = "INVALID_INPUT"
	WeakPassword         Code = "WEAK_PASSWORD"
	EmailTaken           Code = "EMAIL_TAKEN"
	NotFound             Code = "NOT_FOUND"
	Conflict             Code = "CONFLICT"
	RateLimited          Code = "RATE_LIMITED"
	Unavailable          Code = "UNAVAILABLE"
	LimitExceeded        Code = "LIMIT_EXCEEDED"
	// PersistedQueryNotFound tells the client to send the document's text.
	PersistedQueryNotFound Code = "PERSISTED_QUERY_NOT_FOUND"
	ParseFailed            Code = "GRAPHQL_PARSE_FAILED"
	ValidationFailed       Code = "GRAPHQL_VALIDATION_FAILED"
	Internal               Code = "INTERNAL"
)

// Codes lists every code, so that each door can be held against all of them.
func Codes() []Code {
	return []Code{
		Unauthenticated, Forbidden, RecentSignInRequired, InvalidCredentials, UserDisabled, SessionEnded, InvalidInput, WeakPassword,
		EmailTaken, NotFound, Conflict, RateLimited, Unavailable, LimitExceeded, PersistedQueryNotFound, ParseFailed, ValidationFailed, Internal,
	}
}

// Reason tells two cases of Unauthenticated apart.
type Reason string

// Why a caller is not authenticated.
const (
	// NoToken asks the client to sign in.
	NoToken Reason = "no_token"
	// InvalidToken tells the client that nothing ran: it refreshes and repeats.
	InvalidToken Reason = "invalid_token"
)

// Error is a failure that is safe to show to the caller.
// Every other error is shown as Internal and only logged.
type Error struct {
	Code    Code
	Message string
	// Field is the member that is to blame, as the domain calls it: "email". The door that was asked completes it to
	// the path as the client wrote it: "input.email".
	Field string
	// Reason is set with Unauthenticated only.
	Reason Reason
	// RetryAfter is set with RateLimited and Unavailable only. It is told in whole seconds, rounded up.
	RetryAfter time.Duration
	// Limit is the name of the limit, set with LimitExceeded only.
	Limit string
	// RequestID finds the log's line, set with Internal only.
	RequestID string
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Is makes errors.Is true for errors of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Extensions are the members that stand beside a GraphQL error's message.
func (e *Error) Extensions() map[string]any {
	x := map[string]any{"code": string(e.Code)}
	if e.Field != "" {
		x["field"] = e.Field
	}
	if e.Reason != "" {
		x["reason"] = string(e.Reason)
	}
	if e.RetryAfter > 0 {
		x["retryAfter"] = e.RetrySeconds()
	}
	if e.Limit != "" {
		x["limit"] = e.Limit
	}
	if e.RequestID != "" {
		x["requestId"] = e.RequestID
	}
	return x
}

// RetrySeconds is RetryAfter in whole seconds, rounded up: who waits so long has waited long enough.
func (e *Error) RetrySeconds() int {
	return int((e.RetryAfter + time.Second - 1) / time.Second)
}

// Errors are several failures of one request, one for each field that is to blame.
type Errors []*Error

// Error is all the messages, each on a line.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Message
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and errors.As look at each.
func (es Errors) Unwrap() []error {
	all := make([]error, len(es))
	for i, e := range es {
		all[i] = e
	}
	return all
}

// Add appends the failures that err holds, and returns any other error as it is.
func (es *Errors) Add(err error) error {
	if err == nil {
		return nil
	}
	if several, ok := errors.AsType[Errors](err); ok {
		*es = append(*es, several...)
		return nil
	}
	if one, ok := errors.AsType[*Error](err); ok {
		*es = append(*es, one)
		return nil
	}
	return err
}

// Err is nil where nothing failed.
func (es Errors) Err() error {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	default:
		return es
	}
}

// Invalid blames a field.
func Invalid(field, message string) *Error {
	return &Error{Code: InvalidInput, Field: field, Message: message}
}

// ErrSessionEnded is whatever is wrong with a refresh token or its session: which of the things it was is not told.
var ErrSessionEnded = &Error{Code: SessionEnded, Message: "The session has ended. Sign in again."}

// ErrInvalidCredentials is the same for an unknown address and for a wrong password.
var ErrInvalidCredentials = &Error{Code: InvalidCredentials, Message: "The e-mail address or the password is wrong."}

// ErrUserDisabled is told after the right password only.
var ErrUserDisabled = &Error{Code: UserDisabled, Message: "This account is disabled."}

// ErrEmailTaken is told at sign-up, since there is no mail yet that could tell the owner alone.
var ErrEmailTaken = &Error{Code: EmailTaken, Field: "email", Message: "There is an account with this e-mail address."}

// ErrNotFound is what a store says of an object that it does not hold.
var ErrNotFound = &Error{Code: NotFound, Message: "There is no such object."}

// ErrLastAdmin keeps an administrator in office: the last one who can sign in.
var ErrLastAdmin = &Error{
	Code: Conflict, Message: "This is the last administrator who can sign in. Make another one first.",
}

// ErrAbove keeps staff from acting on those who hold a role above their own.
var ErrAbove = &Error{Code: Forbidden, Message: "This user holds a role above yours."}

// ErrInvalidToken says that what was presented does not verify, and not why.
var ErrInvalidToken = &Error{
	Code: Unauthenticated, Reason: InvalidToken, Message: "The access token is not valid, or no longer. Refresh it and repeat.",
}

// TooOften asks the caller to come back after a time: what was asked for was tried too often of late. Nothing was
// done for it.
func TooOften(after time.Duration) *Error {
	return &Error{
		Code: RateLimited, Message: "This was tried too often. Wait a while, and try again.", RetryAfter: max(after, time.Second),
	}
}

// Busy asks the caller to come back.
func Busy(after time.Duration) *Error {
	return &Error{Code: Unavailable, Message: "The server is busy. Try again shortly.", RetryAfter: after}
}

// Unsure is told of a change that may have been made: the database went away before it said.
func Unsure(after time.Duration) *Error {
	return &Error{
		Code: Unavailable, Message: "It is not known whether this was done. Look before you try again.", RetryAfter: after,
	}
}

// InternalError is what is shown of an error that is only logged.
func InternalError(ctx context.Context) *Error {
	return &Error{Code: Internal, Message: "Something went wrong here. It has been logged.", RequestID: RequestIDFrom(ctx)}
}
