// Package move carries all rows of one database into another, which may be another engine's.
//
// It knows the tables by their list, and their columns from the database, so that nothing is forgotten that a migration
// adds. It refuses to copy on top of rows, what a server is still changing, and what the other engine would not keep
// as it is.
package move

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fieldward/fieldward/db"
)

// ErrHoldsRows says that a database is not an empty one.
var ErrHoldsRows = errors.New("the database holds rows already")

// Moved is what came of a table.
type Moved struct {
	Table string
	// Read and Written are how many rows there were, and how many there are in the other database.
	Read, Written int64
}

// All copies all rows of one database into another, and leaves the first as it was. It happens in one transaction: where
// it fails, or the program ends, the other database is as empty as before. It counts both in the end, and keeps nothing
// where the counts differ. The memory that it takes does not grow with the tables.
//
// The first database must have exactly the migrations of this program; the other gets them. It fails with ErrHoldsRows
// where the other holds any row that did not come with its tables. Nobody may change either meanwhile: from is one that
// was opened for this alone. tell, which may be nil, is called now and then with how many rows of a table are copied.
func All(ctx context.Context, from, to *db.Store, tell func(table string, rows int64)) ([]Moved, error) {
	if err := isCurrent(ctx, from); err != nil {
		return nil, fmt.Errorf("read the first database: %w", err)
	}
	if err := to.Migrate(ctx); err != nil {
		return nil, err
	}
	if err := isCurrent(ctx, to); err != nil {
		return nil, fmt.Errorf("prepare the other database: %w", err)
	}
	source, err := from.Hold(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the first database: %w", err)
	}
	defer func() { _ = source.Rollback() }() // it has changed nothing
	target, err := to.Hold(ctx)
	if err != nil {
		return nil, fmt.Errorf("write the other database: %w", err)
	}
	defer func() { _ = target.Rollback() }() // does nothing after the commit
	all, err := mover{source: source, target: target, tell: tell}.all(ctx)
	if err != nil {
		return nil, err
	}
	return all, to.Commit(target)
}

// isCurrent fails where the tables are not exactly those that this program knows.
func isCurrent(ctx context.Context, s *db.Store) error {
	m, err := s.Migrations(ctx)
	switch {
	case err != nil:
		return err
	case len(m.Newer) > 0:
		return fmt.Errorf("%w: what it has added would be lost: move it with that program", db.ErrNewer)
	case len(m.Pending) > 0:
		return m.RequireAll()
	}
	return nil
}

// mover is a move that is under way.
type mover struct {
	source, target *sql.Tx
	tell           func(table string, rows int64)
}

func (m mover) all(ctx context.Context) ([]Moved, error) {
	for _, t := range db.Tables() {
		if err := m.isEmpty(ctx, t); err != nil {
			return nil, err
		}
	}
	var all []Moved
	for _, t := range db.Tables() {
		if err := m.table(ctx, t.Name); err != nil {
			return nil, fmt.Errorf("copy %s: %w", t.Name, err)
		}
		moved, err := m.count(ctx, t.Name)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", t.Name, err)
		}
		all = append(all, moved)
	}
	return all, nil
}

// isEmpty makes sure that a table of the target has no rows, and takes away those that came with it.
func (m mover) isEmpty(ctx context.Context, t db.Table) error {
	fresh := t.Fresh
	if fresh == "" {
		fresh = "1 = 0"
	}
	var others int64
	if err := m.target.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+t.Name+` WHERE NOT (`+fresh+`)`).Scan(&others); err != nil {
		return fmt.Errorf("count %s: %w", t.Name, err)
	}
	if others > 0 {
		return fmt.Errorf("%w: %s has %d of them, and nothing is copied on top of them", ErrHoldsRows, t.Name, others)
	}
	if _, err := m.target.ExecContext(ctx, `DELETE FROM `+t.Name); err != nil {
		return fmt.Errorf("empty %s: %w", t.Name, err)
	}
	return nil
}

// count compares the two tables by the number of their rows.
func (m mover) count(ctx context.Context, table string) (Moved, error) {
	moved := Moved{Table: table}
	count := `SELECT COUNT(*) FROM ` + table
	err := errors.Join(
		m.source.QueryRowContext(ctx, count).Scan(&moved.Read),
		m.target.QueryRowContext(ctx, count).Scan(&moved.Written),
	)
	if err == nil && moved.Read != moved.Written {
		err = fmt.Errorf("there were %d rows, and %d were copied", moved.Read, moved.Written)
	}
	return moved, err
}
