package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// userColumns are in the order of userRow.fields.
const userColumns = `users.id, users.email, users.email_verified, users.name, users.roles, users.generation,
	users.created_at, users.updated_at, users.last_sign_in_at, users.disabled_at, users.disabled_reason`

// AddUser adds a user, with their first session where there is one.
func (s *Store) AddUser(ctx context.Context, n account.NewUser) error {
	err := s.changeAs(ctx, transaction{find: s.wroteFirst(n.Events)}, func(ctx context.Context, tx *sql.Tx) error {
		if err := insertUser(ctx, tx, n.User, n.PasswordHash); err != nil {
			return err
		}
		if n.Session != nil {
			if err := insertSession(ctx, tx, *n.Session); err != nil {
				return err
			}
		}
		return addEvents(ctx, tx, n.Events...)
	})
	return s.explain("add a user", err)
}

// insertUserRow adds nothing where the address is taken.
const insertUserRow = `
	INSERT INTO users (id, email, email_key, email_verified, name, name_key, password_hash, roles, generation,
	                   created_at, updated_at, last_sign_in_at, disabled_at, disabled_reason)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
	ON CONFLICT (email_key) DO NOTHING`

// userArgs are the values of insertUserRow.
func userArgs(u auth.User, passwordHash string) []any {
	return []any{
		u.ID, u.Email, u.Email.Key(), u.EmailVerified, u.Name, nameKey(u.Name), passwordHash, rolesText(u.Roles), u.Generation,
		instant(u.CreatedAt), instant(u.UpdatedAt), (*instant)(u.LastSignInAt), (*instant)(u.DisabledAt), u.DisabledReason,
	}
}

func insertUser(ctx context.Context, tx *sql.Tx, u auth.User, passwordHash string) error {
	added, err := exec(ctx, tx, insertUserRow, userArgs(u, passwordHash)...)
	if err == nil && added == 0 {
		return auth.ErrEmailTaken
	}
	return err
}

// User returns the user, or auth.ErrNotFound.
func (s *Store) User(ctx context.Context, id auth.ID) (auth.User, error) {
	const byID = `SELECT ` + userColumns + ` FROM users WHERE id = $1`
	var row userRow
	if err := s.queryRow(ctx, byID, []any{id}, row.fields()...); err != nil {
		return auth.User{}, s.explain("read a user", found(err))
	}
	return row.user(), nil
}

// Credentials returns the user whose address has this key, and the hash of their password, or auth.ErrNotFound.
func (s *Store) Credentials(ctx context.Context, emailKey string) (auth.User, string, error) {
	const byEmail = `SELECT ` + userColumns + `, users.password_hash FROM users WHERE email_key = $1`
	if !isText(emailKey) {
		return auth.User{}, "", s.explain("read credentials", auth.ErrNotFound)
	}
	var row userRow
	var passwordHash string
	err := s.queryRow(ctx, byEmail, []any{emailKey}, append(row.fields(), &passwordHash)...)
	if err != nil {
		return auth.User{}, "", s.explain("read credentials", found(err))
	}
	return row.user(), passwordHash, nil
}

// found turns a row that is not there into auth.ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return auth.ErrNotFound
	}
	return err
}

// userRow takes in a row of userColumns.
type userRow struct {
	u                        auth.User
	roles                    string
	lastSignInAt, disabledAt *instant
}

func (r *userRow) fields() []any {
	return []any{
		&r.u.ID, &r.u.Email, &r.u.EmailVerified, &r.u.Name, &r.roles, &r.u.Generation,
		(*instant)(&r.u.CreatedAt), (*instant)(&r.u.UpdatedAt), &r.lastSignInAt, &r.disabledAt, &r.u.DisabledReason,
	}
}

func (r *userRow) user() auth.User {
	u := r.u
	u.Roles = parseRoles(r.roles)
	u.LastSignInAt, u.DisabledAt = (*time.Time)(r.lastSignInAt), (*time.Time)(r.disabledAt)
	return u
}

// rolesText is how roles are kept: their names in order with a space between, so that the same roles are the same text.
func rolesText(roles []auth.Role) string {
	names := make([]string, 0, len(roles))
	for _, r := range auth.SortRoles(roles) {
		names = append(names, string(r))
	}
	return strings.Join(names, " ")
}

func parseRoles(kept string) []auth.Role {
	names := strings.Fields(kept)
	roles := make([]auth.Role, len(names))
	for i, name := range names {
		roles[i] = auth.Role(name)
	}
	return roles
}

// nameKey is what names are searched by.
func nameKey(name string) string { return strings.ToLower(name) }
