package db

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// lostError is a change of which the database has not said whether it happened. It is shown as such: to call it failed
// would be a lie half of the time, and to do it again would do it twice in the other half.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "it is not known whether it happened: " + e.cause.Error() }

func (e *lostError) Unwrap() []error { return []error{auth.Unsure(retryAfter), e.cause} }

func asLost(err error) (*lostError, bool) { return errors.AsType[*lostError](err) }

// answered makes an error that is no answer a lostError.
func (s *Store) answered(err error) error {
	if err != nil && s.engine.IsUnanswered(err) {
		return &lostError{err}
	}
	return err
}

// outcome is what came of a change whose answer was lost.
type outcome int

const (
	unknown outcome = iota
	happened
	cameToNothing
)

// look finds out what came of a change, after the connection on which it was made. It waits for the transaction if the
// database is still at it.
type look func(ctx context.Context) (outcome, error)

const (
	settleTime  = 5 * time.Second
	settlePause = 100 * time.Millisecond
)

// settle is what to say of a change whose answer was lost: that it succeeded, that it came to nothing and can be begun
// anew, or that nobody knows.
func (s *Store) settle(ctx context.Context, find look, lost *lostError) (again bool, err error) {
	if find == nil {
		return false, lost
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		found, err := find(ctx)
		switch {
		case err == nil && found == happened:
			return false, nil
		case err == nil && found == cameToNothing:
			return true, &unavailableError{lost.cause}
		case err == nil:
			return false, lost
		}
		select {
		case <-ctx.Done():
			return false, lost
		case <-time.After(settlePause):
		}
	}
}

// wrote finds out whether the event was written, and with it the change that it tells of: by writing another with its
// ID, which waits for a transaction that still holds the first, and is taken back.
func (s *Store) wrote(e auth.Event) look {
	const claim = `INSERT INTO events (id, happened_at, action) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`
	return func(ctx context.Context) (outcome, error) {
		tx, err := s.engine.Writer.BeginTx(ctx, nil)
		if err != nil {
			return unknown, err
		}
		defer func() { _ = tx.Rollback() }() // the claim was never meant
		claimed, err := exec(ctx, tx, claim, e.ID, instant(e.At), e.Action)
		switch {
		case err != nil:
			return unknown, err
		case claimed == 0:
			return happened, nil
		}
		return cameToNothing, nil
	}
}

// wroteFirst is wrote for the first of the events. Where there are none nothing can tell.
func (s *Store) wroteFirst(events []auth.Event) look {
	if len(events) == 0 {
		return nil
	}
	return s.wrote(events[0])
}

// harmless is for a change that may be made twice, and is the same as made once.
func harmless(context.Context) (outcome, error) { return cameToNothing, nil }
