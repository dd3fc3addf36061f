package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// retryAfter is when a caller may come back to a database that was busy or out of reach.
const retryAfter = time.Second

// unavailableError is shown as auth.Unavailable, and logged with its cause.
type unavailableError struct{ cause error }

func (e *unavailableError) Error() string { return e.cause.Error() }

func (e *unavailableError) Unwrap() []error { return []error{auth.Busy(retryAfter), e.cause} }

// explain says what was being done when err came up, in a verb phrase. It passes nil.
func (s *Store) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	_, shown := errors.AsType[*auth.Error](err)
	if !shown && (errors.Is(err, context.DeadlineExceeded) || s.engine.IsUnavailable(err)) {
		err = &unavailableError{err}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
