package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
)

// Newcomer is a user as another system kept them.
type Newcomer struct {
	Email string
	Name  string
	// PasswordHash is of one of the kinds that password.Adopt reads.
	PasswordHash auth.Secret
	// Roles are USER where there are none.
	Roles         []auth.Role
	EmailVerified bool
	// CreatedAt is when they became a user there; nil takes the import for it.
	CreatedAt *time.Time
	Disabled  bool
}

// Imported is what became of newcomers.
type Imported struct {
	// Added are those who are users now, Known those whose address belonged to someone already.
	Added, Known int
	// Bad are those who cannot be users, by their places, each with what says why, mostly auth.Errors.
	Bad map[int]error
}

// Import adds newcomers as users, in one transaction: those who are in order, and whose address belongs to nobody yet.
// It is meant for some hundreds at once. Their hashes are renewed when they first sign in.
func (m *Manager) Import(ctx context.Context, by Actor, newcomers []Newcomer) (Imported, error) {
	done := Imported{Bad: map[int]error{}}
	at := m.instant()
	users := make([]NewUser, 0, len(newcomers))
	for i, n := range newcomers {
		u, err := welcome(by, n, at)
		if err != nil {
			done.Bad[i] = err
			continue
		}
		users = append(users, u)
	}
	if len(users) == 0 {
		return done, nil
	}
	added, err := m.store.AddUsers(ctx, users)
	if err != nil {
		return Imported{}, fmt.Errorf("add users: %w", err)
	}
	done.Added, done.Known = added, len(users)-added
	return done, nil
}

// welcome makes a user of a newcomer, or names every member that is in the way.
func welcome(by Actor, n Newcomer, at time.Time) (NewUser, error) {
	var wrong auth.Errors
	var other error
	note := func(err error) { other = errors.Join(other, wrong.Add(err)) }
	email, err := auth.ParseEmailAddress(n.Email)
	note(err)
	name, err := auth.ParseName(n.Name)
	note(err)
	hash, err := password.Adopt(n.PasswordHash.Reveal())
	note(err)
	for _, r := range n.Roles {
		_, err := auth.ParseRole(string(r))
		note(err)
	}
	if !by.mayActOn(n.Roles) {
		note(errGrantsAbove)
	}
	createdAt, err := since(n.CreatedAt, at)
	note(err)
	if err := errors.Join(other, wrong.Err()); err != nil {
		return NewUser{}, err
	}
	u := newUser(checked{email: email, name: name, roles: n.Roles}, createdAt)
	u.UpdatedAt, u.EmailVerified = at, n.EmailVerified
	if n.Disabled {
		u.DisabledAt = &at
	}
	e := by.event(auth.UserCreated, u.ID, at)
	e.Details = map[string]any{"imported": true, "roles": u.Roles}
	return NewUser{User: u, PasswordHash: hash, Events: []auth.Event{e}}, nil
}

// since is when a newcomer became a user. IDs begin in 1970, and nobody became one after now.
func since(created *time.Time, now time.Time) (time.Time, error) {
	switch {
	case created == nil:
		return now, nil
	case created.Before(time.Unix(0, 0)) || created.After(now):
		return time.Time{}, auth.Invalid("createdAt", "A user was created between 1970 and now.")
	default:
		return auth.Instant(*created), nil
	}
}
