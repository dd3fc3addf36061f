package db

import (
	"context"
	"database/sql"
	"time"
)

// changeTime is how long a change may take once its turn has come, the wait for other programs included.
const changeTime = 10 * time.Second

// change runs do in a transaction: all that it wrote is kept, or nothing where it fails, panics, or ctx has ended.
//
// Whoever gave up waiting leaves the queue at once. From then on the transaction does not feel ctx end until right
// before it commits: one cut off in its commit would be reported as failed though it was kept.
func (s *Store) change(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	conn, err := s.engine.Writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // only gives it back
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeTime)
	defer cancel()
	tx, err := conn.BeginTx(own, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if err := do(own, tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return tx.Commit()
}

// changeOne runs a statement that is a change by itself, and counts the rows that it changed.
func (s *Store) changeOne(ctx context.Context, statement string, args ...any) (int64, error) {
	conn, err := s.engine.Writer.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // only gives it back
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeTime)
	defer cancel()
	return counted(conn.ExecContext(own, statement, args...))
}

// exec runs a statement of a transaction, and counts the rows that it changed.
func exec(ctx context.Context, tx *sql.Tx, statement string, args ...any) (int64, error) {
	return counted(tx.ExecContext(ctx, statement, args...))
}

func counted(done sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}
