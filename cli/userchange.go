package cli

import (
	"context"
	"fmt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// UserRoles gives a user roles.
type UserRoles struct {
	StoreSettings `embed:""`
	Whom          `embed:""`

	Roles []string `arg:"" name:"role" help:"USER, SUPPORT or ADMIN; one or more."`
}

// Help is what --help says besides the flags.
func (UserRoles) Help() string {
	return "The user's tokens are refused from then on; the next refresh brings the new roles. The last administrator who " +
		"can sign in stays one."
}

// Run sets the roles, and prints them.
func (u *UserRoles) Run(ctx context.Context, t Terminal, h House) error {
	roles, err := parseRoles("the roles", u.Roles)
	if err != nil {
		return err
	}
	return u.act(ctx, h, u.StoreSettings, func(m *account.Manager, found auth.User) error {
		changed, err := m.SetRoles(ctx, account.Operator, found.ID, roles)
		if err == nil {
			_, _ = fmt.Fprintf(t.Out, "The roles of %s: %s\n", changed.Email, roleNames(changed.Roles))
		}
		return err
	})
}

// UserDisable keeps a user out.
type UserDisable struct {
	StoreSettings `embed:""`
	Whom          `embed:""`

	Reason *string `help:"Why; staff can read it." placeholder:"TEXT" env:"-"`
}

// Run disables the user.
func (u *UserDisable) Run(ctx context.Context, t Terminal, h House) error {
	return u.act(ctx, h, u.StoreSettings, func(m *account.Manager, found auth.User) error {
		changed, err := m.Disable(ctx, account.Operator, found.ID, u.Reason)
		if err == nil {
			_, _ = fmt.Fprintf(t.Out, "Disabled %s\n", changed.Email)
		}
		return err
	})
}

// UserEnable lets a user in again.
type UserEnable struct {
	StoreSettings `embed:""`
	Whom          `embed:""`
}

// Run enables the user.
func (u *UserEnable) Run(ctx context.Context, t Terminal, h House) error {
	return u.act(ctx, h, u.StoreSettings, func(m *account.Manager, found auth.User) error {
		changed, err := m.Enable(ctx, account.Operator, found.ID)
		if err == nil {
			_, _ = fmt.Fprintf(t.Out, "Enabled %s\n", changed.Email)
		}
		return err
	})
}

// UserResetPassword gives a user another password.
type UserResetPassword struct {
	StoreSettings `embed:""`
	Whom          `embed:""`
	NewPassword   `embed:""`
}

// Run asks for the password, and sets it.
func (u *UserResetPassword) Run(ctx context.Context, t Terminal, h House) error {
	password, err := u.read(ctx, t)
	if err != nil {
		return err
	}
	return u.act(ctx, h, u.StoreSettings, func(m *account.Manager, found auth.User) error {
		changed, err := m.ResetPassword(ctx, account.Operator, found.ID, password)
		if err == nil {
			_, _ = fmt.Fprintf(t.Out, "Set another password for %s, and ended their sessions\n", changed.Email)
		}
		return err
	})
}
