package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// User holds the commands for users.
type User struct {
	Add           UserAdd           `cmd:"" help:"Add a user. The password is asked for, or read from standard input."`
	List          UserList          `cmd:"" help:"List the users, newest first."`
	Roles         UserRoles         `cmd:"" help:"Give a user these roles and no others."`
	Disable       UserDisable       `cmd:"" help:"Keep a user from signing in, and end their sessions."`
	Enable        UserEnable        `cmd:"" help:"Let a disabled user sign in again."`
	ResetPassword UserResetPassword `cmd:"" help:"Give a user another password, and end their sessions."`
	Import        UserImport        `cmd:"" help:"Import users with the hashes of their passwords, from JSON lines."`
}

// UserAdd adds a user.
type UserAdd struct {
	StoreSettings `embed:""`
	NewPassword   `embed:""`

	Email string   `help:"E-mail address to sign in with." required:"" env:"-"`
	Name  string   `help:"The name that others see." required:"" env:"-"`
	Role  []string `help:"USER, SUPPORT or ADMIN; may be repeated. USER where none is given." placeholder:"ROLE" env:"-"`
}

// Run adds the user, and prints the ID.
func (u *UserAdd) Run(ctx context.Context, t Terminal, h House) (err error) {
	roles, err := parseRoles("--role", u.Role)
	if err != nil {
		return err
	}
	password, err := u.read(ctx, t)
	if err != nil {
		return err
	}
	accounts, done, err := h.Accounts(ctx, u.StoreSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	added, err := accounts.Create(ctx, account.Operator, account.Details{
		Email: u.Email, Name: u.Name, Password: password, Roles: roles,
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(t.Out, "Added %s: %s\n", added.Email, added.ID)
	return nil
}

// parseRoles reads the roles of a flag or an argument.
func parseRoles(of string, names []string) ([]auth.Role, error) {
	var roles []auth.Role
	for _, name := range names {
		r, err := auth.ParseRole(strings.ToUpper(name))
		if err != nil {
			return nil, &wrongUseError{of + ": " + err.Error()}
		}
		roles = append(roles, r)
	}
	return roles, nil
}
