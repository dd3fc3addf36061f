package db

import (
	"context"
	"database/sql"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Sessions returns a slice of the user's live sessions, as of at, newest first by ID.
func (s *Store) Sessions(
	ctx context.Context, userID auth.ID, at time.Time, p auth.Page,
) (auth.Slice[auth.Session], error) {
	var w where
	w.and(`user_id = ?`, userID)
	w.and(`ended_at IS NULL`)
	w.and(`expires_at > ?`, instant(at))
	var sessions []auth.Session
	err := s.query(ctx, w.page(`SELECT `+sessionColumns+` FROM sessions `, p), w.args, func(rows *sql.Rows) error {
		var row sessionRow
		err := rows.Scan(row.fields()...)
		sessions = append(sessions, row.session())
		return err
	})
	if err != nil {
		return auth.Slice[auth.Session]{}, s.explain("list sessions", err)
	}
	return auth.SliceOf(p, sessions), nil
}
