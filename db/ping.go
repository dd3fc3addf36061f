package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Ping asks the database whether it answers from its tables, and takes changes: one that is read-only, or whose disk is
// full, answers all the same. Where changes have succeeded since it was last asked, and none has failed after them, that
// is known; else it makes one that leaves nothing.
func (s *Store) Ping(ctx context.Context) error {
	const anyone = `SELECT COUNT(*) FROM users WHERE id = ''`
	var n int
	if err := s.engine.Reader.QueryRowContext(ctx, anyone).Scan(&n); err != nil {
		return s.explain("ask the database", err)
	}
	if s.writes.take() {
		return nil
	}
	return s.explain("try a change", s.tryChange(ctx))
}

// tryChange writes a row that nobody else knows of, and takes it away again.
func (s *Store) tryChange(ctx context.Context) error {
	const (
		add    = `INSERT INTO tallies (tally_key, tally, since, counted_at) VALUES ($1, 0, $2, $2)`
		remove = `DELETE FROM tallies WHERE tally_key = $1`
	)
	key := []byte(rand.Text())
	return s.changeAs(ctx, transaction{find: harmless}, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := exec(ctx, tx, add, key, instant(time.Time{})); err != nil {
			return err
		}
		_, err := exec(ctx, tx, remove, key)
		return err
	})
}

// proof tells whether the database has taken changes of late.
type proof struct{ succeeded atomic.Bool }

// note takes in what came of a change. One that came to nothing because of what was asked for, or of who asked, says
// nothing of the database.
func (p *proof) note(s *Store, err error) {
	_, lost := asLost(err)
	switch {
	case err == nil:
		p.succeeded.Store(true)
	case lost || s.engine.IsUnavailable(err) || errors.Is(err, context.DeadlineExceeded):
		p.succeeded.Store(false)
	}
}

// take tells it once: whoever asks next wants to know anew.
func (p *proof) take() bool { return p.succeeded.Swap(false) }

// Clock asks for the database's time. It is found false where the database has no clock of its own.
func (s *Store) Clock(ctx context.Context) (at time.Time, found bool, err error) {
	if s.engine.Clock == "" {
		return time.Time{}, false, nil
	}
	var told instant
	if err := s.queryRow(ctx, `SELECT `+s.engine.Clock, nil, &told); err != nil {
		return time.Time{}, false, s.explain("ask the database for its time", err)
	}
	return auth.Instant(time.Time(told)), true, nil
}
