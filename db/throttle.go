package db

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"github.com/fieldward/fieldward/auth/account"
)

// ChangeTallies holds the tallies of the keys, and keeps what change makes of them. After a lost answer it is done again:
// an attempt may be counted twice, and no one is turned away because nobody knows.
func (s *Store) ChangeTallies(ctx context.Context, keys []account.TallyKey, change func([]account.Tally) error) error {
	err := s.changeAs(ctx, transaction{find: harmless}, func(ctx context.Context, tx *sql.Tx) error {
		tallies := make([]account.Tally, len(keys))
		for _, i := range inOrder(keys) {
			if err := holdTally(ctx, tx, keys[i], &tallies[i]); err != nil {
				return err
			}
		}
		if err := change(tallies); err != nil {
			return err
		}
		for i, t := range tallies {
			if err := keepTally(ctx, tx, keys[i], t); err != nil {
				return err
			}
		}
		return nil
	})
	return s.explain("change tallies", err)
}

// inOrder are the places of the keys, by key: all transactions hold their rows in the same order, so that no two wait
// for each other.
func inOrder(keys []account.TallyKey) []int {
	places := make([]int, len(keys))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return slices.Compare(keys[a][:], keys[b][:]) })
	return places
}

// holdTally reads a tally, and holds its row from here on: the row is written, and made where there is none.
func holdTally(ctx context.Context, tx *sql.Tx, key account.TallyKey, t *account.Tally) error {
	const hold = `
		INSERT INTO tallies (tally_key, tally, since, counted_at)
		VALUES ($1, 0, $2, $2)
		ON CONFLICT (tally_key) DO UPDATE SET tally = tallies.tally
		RETURNING tally, since, counted_at`
	return tx.QueryRowContext(ctx, hold, key[:], instant(time.Time{})).
		Scan(&t.Count, (*instant)(&t.Since), (*instant)(&t.LastAt))
}

func keepTally(ctx context.Context, tx *sql.Tx, key account.TallyKey, t account.Tally) error {
	const (
		keep   = `UPDATE tallies SET tally = $1, since = $2, counted_at = $3 WHERE tally_key = $4`
		remove = `DELETE FROM tallies WHERE tally_key = $1`
	)
	if t == (account.Tally{}) {
		_, err := exec(ctx, tx, remove, key[:])
		return err
	}
	_, err := exec(ctx, tx, keep, t.Count, instant(t.Since), instant(t.LastAt), key[:])
	return err
}

// ForgetTallies removes up to limit of the tallies that were last counted before the time, the oldest first, and
// returns how many.
func (s *Store) ForgetTallies(ctx context.Context, before time.Time, limit int) (int, error) {
	// A limit in the text is one that PostgreSQL can plan with, also where it plans once for all values. The time stands
	// twice: a tally that was counted while the statement waited for its row is one to keep.
	const oldest = `
		DELETE FROM tallies WHERE counted_at < $1 AND tally_key IN (
			SELECT tally_key FROM tallies WHERE counted_at < $1 ORDER BY counted_at LIMIT `
	forgotten, err := s.changeOne(ctx, harmless, oldest+strconv.Itoa(limit)+`)`, instant(before))
	return int(forgotten), s.explain("forget tallies", err)
}
