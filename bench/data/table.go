package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/bench/sample"
)

// table is one to fill.
type table struct {
	name    string
	columns []string
	rows    int
	row     func(i int) []any
}

// tables are those that are filled, in the order in which one refers to the other. Times are written by moment.
func tables(c sample.Crowd, moment func(time.Time) any) []table {
	maybe := func(at *time.Time) any {
		if at == nil {
			return nil
		}
		return moment(*at)
	}
	return []table{
		{"users", strings.Fields(`id email email_key email_verified name name_key password_hash roles generation
			created_at updated_at last_sign_in_at disabled_at`), c.Users, func(i int) []any {
			u := c.User(i)
			return []any{
				string(u.ID), string(u.Email), u.Email.Key(), u.EmailVerified, u.Name, strings.ToLower(u.Name), sample.PasswordHash,
				roles(u.Roles), u.Generation, moment(u.CreatedAt), moment(u.UpdatedAt), maybe(u.LastSignInAt), maybe(u.DisabledAt),
			}
		}},
		{"sessions", strings.Fields(`id user_id counter auth_time delivery ip_address user_agent created_at renewed_at
			expires_at ended_at`), c.Sessions, func(i int) []any {
			s := c.Session(i)
			return []any{
				string(s.ID), string(s.UserID), int64(s.Counter), moment(s.AuthTime), string(s.Delivery), *s.IPAddress, *s.UserAgent,
				moment(s.CreatedAt), moment(s.RenewedAt), moment(s.ExpiresAt), maybe(s.EndedAt),
			}
		}},
		{"events", strings.Fields(`id happened_at action actor_id subject_id session_id ip_address user_agent generation
			number salt client_digest hash`), c.Events, func(i int) []any {
			e := c.Event(i)
			salt, digest, hash := c.Link(i)
			return []any{
				string(e.ID), moment(e.At), string(e.Action), named(e.ActorID), named(e.SubjectID), named(e.SessionID),
				*e.IPAddress, *e.UserAgent, e.Generation, *e.Number, salt, digest, hash,
			}
		}},
	}
}

func named(id *auth.ID) any {
	if id == nil {
		return nil
	}
	return string(*id)
}

func roles(all []auth.Role) string {
	var names []string
	for _, r := range auth.SortRoles(all) {
		names = append(names, string(r))
	}
	return strings.Join(names, " ")
}

// The statements that both engines understand.
const (
	anyRow = `SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM events)`
	// moveHead lets the next event follow the last of these.
	moveHead = `UPDATE journal_head SET number = $1, hash = $2 WHERE id = 1`
)

var errNotEmpty = errors.New("the database is not empty: this is for a new one, which is thrown away afterwards")

// step does one and says how long it took.
func step(ctx context.Context, said func(string, time.Duration), what string, do func(context.Context) error) error {
	began := time.Now() //nolint:forbidigo // the tool has no server around it
	if err := do(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	said(what, time.Since(began))
	return nil
}
