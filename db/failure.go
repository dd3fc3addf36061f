package db

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
)

// CountFailure writes the event with a count of 1, or adds 1 to the count of the one that was written with the key. It
// is one statement, so that no count is lost, and costs the same either way. After a lost answer it is done again, and
// may count twice: the caller is told what failed, and not that nobody knows.
func (s *Store) CountFailure(ctx context.Context, key account.TallyKey, e auth.Event) error {
	const count = `
		INSERT INTO events (` + writtenColumns + `, tally_key, tally)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
		ON CONFLICT (tally_key) WHERE tally_key IS NOT NULL DO UPDATE SET
			tally = events.tally + 1,
			details = '{"count":' || CAST(events.tally + 1 AS TEXT) || '}'`
	e.Details = map[string]any{"count": 1}
	args, err := eventArgs(e)
	if err == nil {
		_, err = s.changeOne(ctx, harmless, count, append(args, key[:])...)
	}
	return s.explain("count a failure", err)
}
