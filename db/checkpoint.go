package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fieldward/fieldward/auth/journal"
)

// Checkpoint returns what the last Prune has kept, or the zero Checkpoint.
func (s *Store) Checkpoint(ctx context.Context) (journal.Checkpoint, error) {
	const checkpoint = `SELECT number, hash, pruned_at, removed, mac FROM journal_checkpoint WHERE id = 1`
	var p journal.Checkpoint
	var hash, mac []byte
	err := s.queryRow(ctx, checkpoint, nil, &p.Number, &hash, (*writtenInstant)(&p.At), &p.Removed, &mac)
	if errors.Is(err, sql.ErrNoRows) {
		return journal.Checkpoint{}, nil
	}
	p.Hash, _ = hashOf(hash) // else zeros, which no event has
	p.MAC, _ = hashOf(mac)
	return p, s.explain("read the journal's checkpoint", err)
}

// removeNumbered goes by the index of the numbers.
const removeNumbered = `DELETE FROM events WHERE number > $1 AND number <= $2`

// Prune removes the events after one checkpoint up to another, and keeps that and the events.
//
// Where its answer is lost it is begun anew: if it did happen, the checkpoint has moved, and it is overtaken.
func (s *Store) Prune(ctx context.Context, r journal.Removal) error {
	err := s.changeAs(ctx, transaction{find: harmless}, func(ctx context.Context, tx *sql.Tx) error {
		if err := moveCheckpoint(ctx, tx, r); err != nil {
			return err
		}
		removed, err := exec(ctx, tx, removeNumbered, r.After, r.To.Number)
		if err != nil {
			return err
		}
		if want := r.To.Number - r.After; removed != want {
			return fmt.Errorf("there are %d events to remove, and not %d", removed, want)
		}
		return addEvents(ctx, tx, r.Events...)
	})
	return s.explain("prune the journal", err)
}

func moveCheckpoint(ctx context.Context, tx *sql.Tx, r journal.Removal) error {
	const move = `
		INSERT INTO journal_checkpoint (id, number, hash, pruned_at, removed, mac) VALUES (1, $1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET
			number = excluded.number, hash = excluded.hash, pruned_at = excluded.pruned_at, removed = excluded.removed,
			mac = excluded.mac
		WHERE journal_checkpoint.number = $6`
	p := r.To
	moved, err := exec(ctx, tx, move, p.Number, p.Hash[:], instant(p.At), p.Removed, p.MAC[:], r.After)
	if err == nil && moved == 0 {
		err = journal.ErrOvertaken
	}
	return err
}
