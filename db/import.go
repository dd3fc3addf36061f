package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// AddUsers adds those of the users whose address belongs to nobody yet, and returns how many they were.
func (s *Store) AddUsers(ctx context.Context, users []account.NewUser) (int, error) {
	var added int
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		added, err = addUsers(ctx, tx, users)
		return err
	})
	if err != nil {
		return 0, s.explain("add users", err)
	}
	return added, nil
}

// addUsers prepares its two statements: of some hundreds of users, parsing them again and again is a third of the work.
func addUsers(ctx context.Context, tx *sql.Tx, users []account.NewUser) (added int, err error) {
	user, err := tx.PrepareContext(ctx, insertUserRow)
	if err != nil {
		return 0, err
	}
	defer func() { _ = user.Close() }() // the transaction's end closes it too
	event, err := tx.PrepareContext(ctx, insertEvent)
	if err != nil {
		return 0, err
	}
	defer func() { _ = event.Close() }()
	for _, n := range byAddress(users) {
		fresh, err := counted(user.ExecContext(ctx, userArgs(n.User, n.PasswordHash)...))
		if err != nil {
			return 0, err
		}
		if fresh == 0 {
			continue
		}
		added++
		if err := writeEvents(ctx, event, n.Events); err != nil {
			return 0, err
		}
	}
	return added, nil
}

// byAddress are the users in the order of their addresses: all imports take addresses in the same order, so that no two
// wait for each other. Of two with one address the first stays the first.
func byAddress(users []account.NewUser) []account.NewUser {
	return slices.SortedStableFunc(slices.Values(users), func(a, b account.NewUser) int {
		return strings.Compare(a.User.Email.Key(), b.User.Email.Key())
	})
}

func writeEvents(ctx context.Context, insert *sql.Stmt, events []auth.Event) error {
	for _, e := range events {
		args, err := eventArgs(e)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return fmt.Errorf("add the event %s: %w", e.Action, err)
		}
	}
	return nil
}
