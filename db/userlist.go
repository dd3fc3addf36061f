package db

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

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

// userPage is the query for a page and one user more, in the page's direction.
func userPage(f auth.UserFilter, p auth.Page) (query string, args []any) {
	w := whereUser(f)
	order := ` ORDER BY id DESC LIMIT `
	if p.Backward {
		order = ` ORDER BY id LIMIT `
	}
	switch {
	case p.Beyond == "":
	case p.Backward:
		w.and(`id > ?`, p.Beyond)
	default:
		w.and(`id < ?`, p.Beyond)
	}
	query = `SELECT ` + userColumns + ` FROM users ` + w.text() + order + w.placeholder(p.Limit+1)
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

// where is a WHERE clause in the making, out of fragments that this package holds; values become arguments.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition, in which each ? stands for one of the values.
func (w *where) and(condition string, values ...any) {
	for _, v := range values {
		condition = strings.Replace(condition, "?", w.placeholder(v), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// contains adds the condition that the expression contains s, letter by letter.
func (w *where) contains(expression, s string) {
	if !isText(s) {
		w.and(`FALSE`)
		return
	}
	w.and(expression+` LIKE ? ESCAPE '\'`, containing(s))
}

// placeholder adds an argument, and returns what stands for it in the text.
func (w *where) placeholder(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) text() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return `WHERE ` + strings.Join(w.conditions, ` AND `)
}
