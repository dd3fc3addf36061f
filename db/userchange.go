package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
)

// Change changes a user who is still as c says, and writes the events of it.
func (s *Store) Change(ctx context.Context, c account.Change) (account.Changed, error) {
	var changed account.Changed
	// Whether an administrator is left depends on users whom another transaction may be changing.
	kind := transaction{serializable: c.KeepsAdmin, find: s.wrote(c.Event)}
	err := s.changeAs(ctx, kind, func(ctx context.Context, tx *sql.Tx) error {
		u, err := s.changeUser(ctx, tx, c)
		if err != nil {
			return err
		}
		changed = account.Changed{User: u, Events: []auth.Event{c.Event}}
		if c.Revokes {
			changed.Events[0].Generation = &changed.User.Generation
		}
		ended, err := endSessions(ctx, tx, c)
		if err != nil {
			return err
		}
		if c.Ended != nil {
			for _, id := range ended {
				changed.Events = append(changed.Events, c.Ended(id))
			}
		}
		if err := finish(ctx, tx, c); err != nil {
			return err
		}
		return addEvents(ctx, tx, changed.Events...)
	})
	if err != nil {
		return account.Changed{}, s.explain("change a user", err)
	}
	return changed, nil
}

// changeUser sets what c sets. From here on the transaction holds the user's row. Whether the new address is free is
// settled by the statement itself: a look beforehand would not see whoever takes it at the same time.
func (s *Store) changeUser(ctx context.Context, tx *sql.Tx, c account.Change) (auth.User, error) {
	statement, args := changeStatement(c)
	var row userRow
	err := tx.QueryRowContext(ctx, statement, args...).Scan(row.fields()...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return auth.User{}, goneOrChanged(ctx, tx, c.UserID)
	case err != nil && c.Set.Email != nil && s.engine.IsTaken(err):
		return auth.User{}, auth.ErrEmailTaken
	case err != nil:
		return auth.User{}, err
	}
	return row.user(), nil
}

func changeStatement(c account.Change) (statement string, args []any) {
	var w where
	sets := []string{`updated_at = ` + w.placeholder(instant(c.At))}
	set := func(column string, v any) { sets = append(sets, column+` = `+w.placeholder(v)) }
	if c.Set.Name != nil {
		set(`name`, *c.Set.Name)
		set(`name_key`, nameKey(*c.Set.Name))
	}
	if c.Set.Email != nil {
		set(`email`, *c.Set.Email)
		set(`email_key`, c.Set.Email.Key())
		set(`email_verified`, false)
	}
	if c.Set.Roles != nil {
		set(`roles`, rolesText(c.Set.Roles))
	}
	if c.Set.PasswordHash != nil {
		set(`password_hash`, *c.Set.PasswordHash)
	}
	if c.Set.Disabled != nil {
		set(`disabled_at`, (*instant)(c.Set.Disabled.At))
		set(`disabled_reason`, c.Set.Disabled.Reason)
	}
	if c.Revokes {
		sets = append(sets, `generation = generation + 1`)
	}
	w.and(`id = ?`, c.UserID)
	w.and(`generation = ?`, c.Generation)
	if c.PasswordHash != "" {
		w.and(`password_hash = ?`, c.PasswordHash)
	}
	return `UPDATE users SET ` + strings.Join(sets, `, `) + ` ` + w.text() + ` RETURNING ` + userColumns, w.args
}

func goneOrChanged(ctx context.Context, tx *sql.Tx, id auth.ID) error {
	const byID = `SELECT COUNT(*) FROM users WHERE id = $1`
	var n int
	if err := tx.QueryRowContext(ctx, byID, id).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return auth.ErrNotFound
	}
	return session.ErrChanged
}

// endSessions ends the live sessions that c ends, and returns them.
func endSessions(ctx context.Context, tx *sql.Tx, c account.Change) ([]auth.ID, error) {
	if c.Ends == account.EndsNone {
		return nil, nil
	}
	const end = `
		UPDATE sessions SET ended_at = $1
		WHERE user_id = $2 AND ended_at IS NULL AND expires_at > $1 AND id <> $3
		RETURNING id`
	var kept auth.ID
	if c.Ends == account.EndsOthers && c.Renews != nil {
		kept = c.Renews.SessionID
	}
	rows, err := tx.QueryContext(ctx, end, instant(c.At), c.UserID, kept)
	if err != nil {
		return nil, err
	}
	return ids(rows)
}

// finish renews, deletes, and looks whether an administrator is left, as c says.
func finish(ctx context.Context, tx *sql.Tx, c account.Change) error {
	if c.Renews != nil {
		if err := moved(exec(ctx, tx, advance, advanceArgs(*c.Renews)...)); err != nil {
			return err
		}
	}
	if c.Deletes {
		const sessions, user = `DELETE FROM sessions WHERE user_id = $1`, `DELETE FROM users WHERE id = $1`
		for _, statement := range []string{sessions, user} {
			if _, err := exec(ctx, tx, statement, c.UserID); err != nil {
				return err
			}
		}
	}
	if c.KeepsAdmin {
		return keepsAdmin(ctx, tx)
	}
	return nil
}

// keepsAdmin fails with auth.ErrLastAdmin where no administrator who can sign in is left.
func keepsAdmin(ctx context.Context, tx *sql.Tx) error {
	role, enabled := auth.RoleAdmin, false
	w := whereUser(auth.UserFilter{Role: &role, Disabled: &enabled})
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM users `+w.text(), w.args...).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return auth.ErrLastAdmin
	}
	return nil
}
