package db

import (
	"context"
	"database/sql"
	"errors"
)

// Hold begins a transaction in which nobody else changes the tables, however long it takes. It ends with Commit, or its
// own Rollback.
func (s *Store) Hold(ctx context.Context) (*sql.Tx, error) {
	tx, err := s.engine.Writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.explain("hold the database", err)
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
	}
	if err := s.engine.Hold(ctx, tx, names); err != nil {
		return nil, s.explain("hold the database", errors.Join(err, tx.Rollback()))
	}
	return tx, nil
}

// Commit keeps what a transaction of Hold has changed.
func (s *Store) Commit(tx *sql.Tx) error {
	return s.explain("keep the changes", s.answered(tx.Commit()))
}
