package session

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Strict asks the store about each token: then what another process has revoked is refused from its next request on.
// It is asked beside the Revocations, which know what a database that was put back to an older state may have lost.
type Strict struct {
	revocations *Revocations
	store       Store
}

// NewStrict makes one. It costs a read of the database for each request.
func NewStrict(r *Revocations, store Store) *Strict { return &Strict{r, store} }

// Standing is what decides about the tokens of a session.
type Standing struct {
	// Generation is the user's.
	Generation int64
	// Disabled is whether the user is, Ended whether the session has.
	Disabled, Ended bool
}

// askAtMost is how long the store may take to answer.
const askAtMost = 2 * time.Second

// Revoked reports whether the token's session has ended, its user is gone or disabled, or its generation is below the
// user's. Where the store does not answer it fails with an auth.Error of the code auth.Unavailable.
func (s *Strict) Revoked(ctx context.Context, c auth.Claims) (bool, error) {
	if known, err := s.revocations.Revoked(ctx, c); known || err != nil {
		return known, err
	}
	if c.SessionID == nil {
		return true, nil // there is nothing to ask about
	}
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	standing, err := s.store.Standing(ctx, c.Subject, *c.SessionID)
	switch {
	case errors.Is(err, auth.ErrNotFound):
		return true, nil
	case err != nil:
		return false, &unansweredError{err}
	}
	return standing.Ended || standing.Disabled || c.Generation < standing.Generation, nil
}

// unansweredError is shown as auth.Unavailable, whatever the cause: nobody is let in unasked.
type unansweredError struct{ cause error }

func (e *unansweredError) Error() string { return "ask whether a token is revoked: " + e.cause.Error() }

func (e *unansweredError) Unwrap() []error { return []error{auth.Busy(time.Second), e.cause} }
