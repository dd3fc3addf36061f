package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// Sessions holds the commands for sessions.
type Sessions struct {
	End SessionsEnd `cmd:"" help:"End a user's sessions, or everyone's, and refuse all their tokens."`
}

// SessionsEnd signs a user, or everyone, out everywhere.
type SessionsEnd struct {
	StoreSettings `embed:""`

	User string `help:"The user, by ID or by e-mail address." placeholder:"ID|E-MAIL" xor:"whose" required:"" env:"-"`
	All  bool   `help:"Everyone." xor:"whose" required:"" env:"-"`
}

// whom is the user who is meant.
func (s *SessionsEnd) whom() Whom {
	if strings.Contains(s.User, "@") {
		return Whom{Email: s.User}
	}
	return Whom{ID: s.User}
}

// Validate refuses what names no user.
func (s *SessionsEnd) Validate() error {
	if s.User == "" || strings.Contains(s.User, "@") {
		return nil
	}
	return isUserID("--user", s.User)
}

// Run ends them.
func (s *SessionsEnd) Run(ctx context.Context, t Terminal, h House) (err error) {
	if s.All {
		return s.endAll(ctx, t, h)
	}
	return s.whom().act(ctx, h, s.StoreSettings, func(m *account.Manager, found auth.User) error {
		_, err := m.EndSessions(ctx, account.Operator, found.ID)
		if err == nil {
			_, _ = fmt.Fprintf(t.Out, "Ended the sessions of %s\n", found.Email)
		}
		return err
	})
}

func (s *SessionsEnd) endAll(ctx context.Context, t Terminal, h House) (err error) {
	accounts, done, err := h.Accounts(ctx, s.StoreSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	users, err := accounts.EndAllSessions(ctx, account.Operator) // those that it came to are out, where it fails too
	_, _ = fmt.Fprintf(t.Out, "Ended the sessions of %d users\n", users)
	return err
}
