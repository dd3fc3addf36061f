package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// Whom names the user that a command is about.
type Whom struct {
	Email string `help:"The user's e-mail address." placeholder:"E-MAIL" xor:"whom" required:"" env:"-"`
	ID    string `name:"id" help:"The user's ID." placeholder:"ID" xor:"whom" required:"" env:"-"`
}

// Validate refuses what is not the ID of a user.
func (w Whom) Validate() error {
	if w.ID == "" {
		return nil
	}
	return isUserID("--id", w.ID)
}

func isUserID(of, s string) error {
	if id, err := auth.ParseID(s); err != nil || !id.Is(auth.UserPrefix) {
		return fmt.Errorf("%s: %q is not the ID of a user", of, s)
	}
	return nil
}

// find reads the user.
func (w Whom) find(ctx context.Context, accounts *account.Manager) (auth.User, error) {
	if w.ID != "" {
		u, err := accounts.User(ctx, auth.ID(w.ID))
		return u, nobody(err, w.ID)
	}
	u, err := accounts.UserByEmail(ctx, w.Email)
	return u, nobody(err, w.Email)
}

// nobody says in the operator's words that there is no such user.
func nobody(err error, who string) error {
	if errors.Is(err, auth.ErrNotFound) {
		return fmt.Errorf("there is no user %s", who)
	}
	return err
}

// act finds the user in the database, and does what is to be done to them.
func (w Whom) act(
	ctx context.Context, h House, s StoreSettings, do func(m *account.Manager, found auth.User) error,
) (err error) {
	accounts, done, err := h.Accounts(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	found, err := w.find(ctx, accounts)
	if err != nil {
		return err
	}
	return do(accounts, found)
}
