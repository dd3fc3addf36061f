// Package db remembers users, sessions, keys and what happened, in a database that speaks SQL.
//
// There is one body of SQL for all engines, and an engine plugs in by a small value. It decides nothing that the domain
// decides: the contracts are the Store interfaces of the packages beneath auth, and dbtest tests them.
// Races are settled by statements that change a row only while it is as the caller saw it, never by locks held here.
// It refuses to build a statement from anything but its own fragments, and to tell a caller what a driver says.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/upkeep"
)

// Store is the database. It is safe for concurrent use.
//
// Its errors are those of the contracts, or say what was being done and wrap the cause. Where the database is locked,
// full or out of reach they hold an auth.Error of the code auth.Unavailable too.
type Store struct {
	engine  Engine
	reads   statements
	changes changes
}

var (
	_ account.Store = (*Store)(nil)
	_ journal.Store = (*Store)(nil)
	_ session.Store = (*Store)(nil)
	_ keyring.Store = (*Store)(nil)
	_ upkeep.Store  = (*Store)(nil)
)

// New takes over the engine's connections. It migrates nothing: see Migrate.
func New(e Engine) *Store {
	return &Store{engine: e, reads: statements{db: e.Reader}}
}

// Close waits for the statements that run, and closes the connections.
func (s *Store) Close() error {
	err := s.reads.close()
	if s.engine.Reader != s.engine.Writer {
		err = errors.Join(err, s.engine.Reader.Close())
	}
	// The writer is the last to go: whoever closes a SQLite file last moves its log into it.
	if err := errors.Join(err, s.engine.Writer.Close()); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// queryRow runs a query for one row and scans it. Without a row the error is sql.ErrNoRows.
func (s *Store) queryRow(ctx context.Context, query string, args []any, into ...any) error {
	stmt, err := s.reads.prepared(ctx, query) //nolint:sqlclosecheck // Close closes it
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(into...)
}

// query runs a query and calls scan for each of its rows.
func (s *Store) query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	stmt, err := s.reads.prepared(ctx, query) //nolint:sqlclosecheck // Close closes it
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return each(rows, scan)
}

// each calls scan for each of the rows, and closes them.
func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer func() { _ = rows.Close() }() // what it would say, Err says
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
