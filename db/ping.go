package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Ping asks the database whether it answers from its tables, and takes changes: one that is read-only, or whose disk is
// full, answers all the same. Where changes have succeeded since it was last asked that is known, and where several have
// failed just now, one after the other, it is known too; else it makes one that leaves nothing.
func (s *Store) Ping(ctx context.Context) error {
	const anyone = `SELECT COUNT(*) FROM users WHERE id = ''`
	var n int
	if err := s.engine.Reader.QueryRowContext(ctx, anyone).Scan(&n); err != nil {
		return s.explain("ask the database", err)
	}
	takes, known := s.changes.take()
	switch {
	case !known:
		return s.explain("try a change", s.tryChange(ctx))
	case !takes:
		return s.explain("look how changes go", errFailing)
	}
	return nil
}

var errFailing = &unavailableError{errors.New("several have failed just now, and none has succeeded since")}

// tryChange writes a row that nobody else knows of, and takes it away again.
func (s *Store) tryChange(ctx context.Context) error {
	const (
		add    = `INSERT INTO tallies (tally_key, tally, since, counted_at) VALUES ($1, 0, $2, $2)`
		remove = `DELETE FROM tallies WHERE tally_key = $1`
	)
	key := []byte(rand.Text())
	return s.changeAs(ctx, transaction{trial: true, find: harmless}, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := exec(ctx, tx, add, key, instant(time.Time{})); err != nil {
			return err
		}
		_, err := exec(ctx, tx, remove, key)
		return err
	})
}

const (
	// failuresInARow are not chance any more: one alone may lie at what it wanted to change.
	failuresInARow = 3
	// failureCounts is for how long: then the database is asked again, since nobody may be sent here before.
	failureCounts = 2 * time.Second
)

// changes is how changes went of late.
type changes struct {
	mu        sync.Mutex
	succeeded bool // one, since take, and none has failed after it
	failures  int  // since the last success
	successes int
}

// note takes in what came of a change. One that came to nothing because of what was asked for, or of who asked, says
// nothing of the database.
func (s *Store) note(err error) {
	_, lost := asLost(err)
	switch {
	case err == nil:
		s.changes.succeed()
	case lost || s.engine.IsUnavailable(err) || errors.Is(err, context.DeadlineExceeded):
		s.changes.fail()
	}
}

func (c *changes) succeed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.succeeded, c.failures = true, 0
	c.successes++
}

func (c *changes) fail() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.succeeded = false
	c.failures++
	before := c.successes
	time.AfterFunc(failureCounts, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.successes == before {
			c.failures--
		}
	})
}

// take tells whether the database takes changes, where that is known. A success it tells once: whoever asks next wants
// to know anew.
func (c *changes) take() (takes, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	takes = c.succeeded
	c.succeeded = false
	return takes, takes || c.failures >= failuresInARow
}

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
