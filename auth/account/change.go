package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

// Change is a change of a user, and what must still be true of them. It is one transaction, with its events.
type Change struct {
	UserID auth.ID
	At     time.Time
	// Generation is the user's as it was read. PasswordHash is too, where it matters.
	Generation   int64
	PasswordHash string

	Set Fields
	// Revokes raises the generation, so that every token of the user is refused.
	Revokes bool
	// Ends are the live sessions that end.
	Ends Ending
	// Renews is the session that goes on where the others end, and its step.
	Renews *session.Advance
	// KeepsAdmin refuses the change, with auth.ErrLastAdmin, where no administrator who can sign in would be left.
	KeepsAdmin bool
	// Deletes removes the user and their sessions for good, in place of all else.
	Deletes bool

	// Event is written with the change, and carries the generation where that was raised.
	Event auth.Event
	// Ended makes the event of each session that ends; nil where the generation says it of them all.
	Ended func(sessionID auth.ID) auth.Event
}

// Fields are what is set. What is nil stays as it is.
type Fields struct {
	Name *string
	// Email is unverified from then on.
	Email        *auth.EmailAddress
	Roles        []auth.Role
	PasswordHash *string
	Disabled     *Disabled
}

// Disabled is since when a user may not sign in, and why; a nil At lets them again.
type Disabled struct {
	At     *time.Time
	Reason *string
}

// Ending says which sessions of a user end.
type Ending int

// The sessions that can end.
const (
	EndsNone Ending = iota
	// EndsOthers ends all but the one that is renewed.
	EndsOthers
	EndsAll
)

// Changed is a user after a change, and the events that were written.
type Changed struct {
	User   auth.User
	Events []auth.Event
}

// change reads the user, lets make say what to change, and begins again where the user, or the session that goes on,
// has changed meanwhile. The revocations feel it at once.
func (m *Manager) change(ctx context.Context, id auth.ID, make func(auth.User) (Change, error)) (auth.User, error) {
	for range attempts {
		u, err := m.User(ctx, id)
		if err != nil {
			return auth.User{}, err
		}
		c, err := make(u)
		if err != nil {
			return auth.User{}, err
		}
		c.UserID, c.Generation = u.ID, u.Generation
		changed, err := m.store.Change(ctx, c)
		switch {
		case err == nil:
			m.sessions.Revoke(changed.Events...)
			return changed.User, nil
		case !errors.Is(err, session.ErrChanged) && !errors.Is(err, session.ErrSpent):
			return auth.User{}, fmt.Errorf("change a user: %w", err)
		}
	}
	return auth.User{}, auth.Busy(time.Second)
}
