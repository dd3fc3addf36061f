package account

import (
	"context"

	"github.com/fieldward/fieldward/auth"
)

// Store remembers users. Each of its changes is one transaction, and writes its events in it.
type Store interface {
	Tallies
	// AddUser adds a user, with their first session where there is one. Where the address belongs to someone already,
	// by its Key, nothing has changed and the error is auth.ErrEmailTaken.
	AddUser(ctx context.Context, n NewUser) error
	// AddUsers adds those of the users whose address belongs to nobody yet, by its Key, and returns how many they were;
	// of two with one address it is the first. Of the others there are no events either. Sessions are not opened.
	AddUsers(ctx context.Context, users []NewUser) (added int, err error)
	// User returns the user, or auth.ErrNotFound.
	User(ctx context.Context, id auth.ID) (auth.User, error)
	// Credentials returns the user whose address has this key, and the hash of their password, or auth.ErrNotFound.
	Credentials(ctx context.Context, emailKey string) (u auth.User, passwordHash string, err error)
	// Change changes a user as c says, writes its events, and returns both. Where there is no such user it fails with
	// auth.ErrNotFound; where they are no longer as c says with session.ErrChanged; where the session that is to be
	// renewed has moved with session.ErrSpent; with auth.ErrEmailTaken and auth.ErrLastAdmin. Then nothing has changed.
	Change(ctx context.Context, c Change) (Changed, error)
	// Users returns a slice of the users that the filter lets through, newest first by ID.
	Users(ctx context.Context, f auth.UserFilter, p auth.Page) (auth.Slice[auth.User], error)
	// CountUsers counts the users that the filter lets through.
	CountUsers(ctx context.Context, f auth.UserFilter) (int, error)
}

// NewUser is a user to be.
type NewUser struct {
	User         auth.User
	PasswordHash string
	// Session is opened for the user in the same transaction; nil where they are not signed in.
	Session *auth.Session
	Events  []auth.Event
}
