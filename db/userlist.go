package db

import (
	"context"
	"database/sql"

	"github.com/fieldward/fieldward/auth"
)

// Users returns a slice of the users that the filter lets through, newest first by ID.
func (s *Store) Users(ctx context.Context, f auth.UserFilter, p auth.Page) (auth.Slice[auth.User], error) {
	page, args := userPage(f, p)
	var users []auth.User
	err := s.query(ctx, page, args, func(rows *sql.Rows) error {
		var row userRow
		err := rows.Scan(row.fields()...)
		users = append(users, row.user())
		return err
	})
	if err != nil {
		return auth.Slice[auth.User]{}, s.explain("list users", err)
	}
	return auth.SliceOf(p, users), nil
}

// userPage is the query for a page of users.
func userPage(f auth.UserFilter, p auth.Page) (query string, args []any) {
	w := whereUser(f)
	query = w.page(`SELECT `+userColumns+` FROM users `, p)
	return query, w.args
}

// CountUsers counts the users that the filter lets through.
func (s *Store) CountUsers(ctx context.Context, f auth.UserFilter) (int, error) {
	w := whereUser(f)
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM users `+w.text(), w.args, &n)
	return n, s.explain("count users", err)
}

// whereUser is the filter's conditions.
func whereUser(f auth.UserFilter) *where {
	var w where
	if f.EmailContains != nil {
		w.contains(`email_key`, auth.EmailAddress(*f.EmailContains).Key())
	}
	if f.NameContains != nil {
		w.contains(`name_key`, nameKey(*f.NameContains))
	}
	if f.Role != nil {
		w.contains(`(' ' || roles || ' ')`, " "+string(*f.Role)+" ")
		if *f.Role != auth.RoleUser {
			w.and(`roles <> 'USER'`) // true of them all, and what the index users_staff is limited to
		}
	}
	if f.Disabled != nil && *f.Disabled {
		w.and(`disabled_at IS NOT NULL`)
	} else if f.Disabled != nil {
		w.and(`disabled_at IS NULL`)
	}
	return &w
}
