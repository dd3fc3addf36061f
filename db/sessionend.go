package db

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

// End ends the session if it is live, and reports whether it was.
func (s *Store) End(ctx context.Context, id auth.ID, e auth.Event) (bool, error) {
	const end = `
		UPDATE sessions SET ended_at = $1
		WHERE id = $2 AND ended_at IS NULL AND expires_at > $1`
	var ended int64
	err := s.changeAs(ctx, transaction{find: s.wrote(e)}, func(ctx context.Context, tx *sql.Tx) (err error) {
		ended, err = exec(ctx, tx, end, instant(e.At), id)
		if err != nil || ended == 0 {
			return err
		}
		return addEvents(ctx, tx, e)
	})
	return err == nil && ended > 0, s.explain("end a session", err)
}

// ForgetSessions removes up to limit of the sessions that ended or expired before the time, the longest over first, and
// returns how many.
func (s *Store) ForgetSessions(ctx context.Context, before time.Time, limit int) (int, error) {
	// The limit is in the text for PostgreSQL to plan with: see ForgetTallies.
	const longestOver = `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE COALESCE(ended_at, expires_at) < $1
			ORDER BY COALESCE(ended_at, expires_at) LIMIT `
	forgotten, err := s.changeOne(ctx, harmless, longestOver+strconv.Itoa(limit)+`)`, instant(before))
	return int(forgotten), s.explain("forget sessions", err)
}

// EndAll raises the user's generation, ends every live session of the user, and writes the event with the new
// generation in it.
func (s *Store) EndAll(ctx context.Context, userID auth.ID, e auth.Event) (session.EndedAll, error) {
	const raise = `UPDATE users SET generation = generation + 1 WHERE id = $1 RETURNING generation`
	const end = `
		UPDATE sessions SET ended_at = $1
		WHERE user_id = $2 AND ended_at IS NULL AND expires_at > $1`
	var all session.EndedAll
	err := s.changeAs(ctx, transaction{find: s.wrote(e)}, func(ctx context.Context, tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, raise, userID).Scan(&all.Generation); err != nil {
			return found(err)
		}
		ended, err := exec(ctx, tx, end, instant(e.At), userID)
		if err != nil {
			return err
		}
		all.Sessions = int(ended)
		e.Generation = &all.Generation
		return addEvents(ctx, tx, e)
	})
	if err != nil {
		return session.EndedAll{}, s.explain("end all sessions of a user", err)
	}
	return all, nil
}
