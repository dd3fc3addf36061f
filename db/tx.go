package db

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"
)

// changeTime is how long a change may take once its turn has come, the wait for other programs included.
const changeTime = 10 * time.Second

// A change that was overtaken is begun anew after a pause. The pauses grow, and are of random length, so that those who
// met once do not meet again. Of twenty at once on the same rows the last succeeds within some eight tries.
const (
	changeTries  = 20
	firstPause   = 5 * time.Millisecond
	longestPause = 320 * time.Millisecond
)

// transaction is what a change needs beside the statements.
type transaction struct {
	// serializable is for a change that depends on rows which it does not write, and others might.
	serializable bool
	// trial is for one that changes nothing: whether it succeeds says little of the others.
	trial bool
	// find finds out afterwards whether it happened; nil where nothing can tell.
	find look
}

// change runs do in a transaction: all that it wrote is kept, or nothing where it fails, panics, or ctx has ended.
// Where another transaction is in its way do is called anew, so that it must have no effect but in the transaction.
func (s *Store) change(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.changeAs(ctx, transaction{}, do)
}

// changeAs is change with what is known of the transaction.
func (s *Store) changeAs(ctx context.Context, kind transaction, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.anew(ctx, func() (again bool, err error) {
		err = s.try(ctx, kind, do)
		if !kind.trial {
			s.note(err)
		}
		if lost, ok := asLost(err); ok {
			return s.settle(ctx, kind.find, lost)
		}
		return s.overtaken(err), err
	})
}

// try runs do in one transaction.
//
// Whoever gave up waiting leaves the queue at once. From then on the transaction does not feel that the caller has gone
// until right before it commits: one cut off in its commit would be reported as failed though it was kept.
func (s *Store) try(ctx context.Context, kind transaction, do func(ctx context.Context, tx *sql.Tx) error) error {
	conn, err := s.engine.Writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // only gives it back
	own, cancel := apart(ctx)
	defer cancel()
	var options sql.TxOptions
	if kind.serializable {
		options.Isolation = sql.LevelSerializable
	}
	tx, err := conn.BeginTx(own, &options)
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
	return s.answered(tx.Commit())
}

// changeOne runs a statement that is a change by itself, and counts the rows that it changed. Where the answer was lost,
// and find finds out that it happened, it has changed one.
func (s *Store) changeOne(ctx context.Context, find look, statement string, args ...any) (changed int64, err error) {
	err = s.anew(ctx, func() (again bool, err error) {
		changed, err = s.tryOne(ctx, statement, args...)
		s.note(err)
		if lost, ok := asLost(err); ok {
			changed = 1
			return s.settle(ctx, find, lost)
		}
		return s.overtaken(err), err
	})
	return changed, err
}

func (s *Store) tryOne(ctx context.Context, statement string, args ...any) (int64, error) {
	conn, err := s.engine.Writer.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // only gives it back
	own, cancel := apart(ctx)
	defer cancel()
	changed, err := counted(conn.ExecContext(own, statement, args...))
	return changed, s.answered(err)
}

// apart goes on after a caller who has gone, though no longer than they would have waited: they must be told by then.
func apart(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeTime)
	until, ends := ctx.Deadline()
	if !ends {
		return own, cancel
	}
	sooner, cancelSooner := context.WithDeadline(own, until)
	return sooner, func() { cancelSooner(); cancel() }
}

func (s *Store) overtaken(err error) bool { return err != nil && s.engine.IsOvertaken(err) }

// anew calls do until it says that another time is of no use, or too many others were in its way.
func (s *Store) anew(ctx context.Context, do func() (again bool, err error)) error {
	pause := firstPause
	for try := 1; ; try++ {
		again, err := do()
		if !again || try == changeTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(pause)):
		}
		pause = min(2*pause, longestPause)
	}
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
