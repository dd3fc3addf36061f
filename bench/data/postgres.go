package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fieldward/fieldward/bench/sample"
	"github.com/fieldward/fieldward/db/postgres"
)

// atOnce is how many rows go in one COPY: the database keeps a note for each until all of them are checked against the
// table that they refer to.
const atOnce = 100_000

// fillPostgres fills the database in one transaction: where it is cut off, nothing is left.
func fillPostgres(ctx context.Context, url string, c sample.Crowd, said func(string, time.Duration)) (err error) {
	store, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	if err := errors.Join(store.Migrate(ctx), store.Close()); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return errors.New("connect to PostgreSQL") // the error may hold the URL
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := copyAll(ctx, conn, c, said); err != nil {
		return err
	}
	return step(ctx, said, "vacuum and analyze", func(ctx context.Context) error {
		_, err := conn.Exec(ctx, `VACUUM ANALYZE users, sessions, events`)
		return err
	})
}

func copyAll(ctx context.Context, conn *pgx.Conn, c sample.Crowd, said func(string, time.Duration)) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after the commit
	for _, setting := range []string{
		`SET LOCAL statement_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`,
		`SET LOCAL synchronous_commit = off`, `SET LOCAL maintenance_work_mem = '512MB'`,
		`LOCK TABLE users, sessions, events IN EXCLUSIVE MODE`,
	} {
		if _, err := tx.Exec(ctx, setting); err != nil {
			return err
		}
	}
	var filled bool
	if err := tx.QueryRow(ctx, anyRow).Scan(&filled); err != nil || filled {
		return errors.Join(err, ifFilled(filled))
	}
	remade, err := dropIndexes(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range tables(c, func(at time.Time) any { return at }) {
		if err := step(ctx, said, t.name, func(ctx context.Context) error { return copyTable(ctx, tx, t) }); err != nil {
			return err
		}
	}
	err = step(ctx, said, "indexes", func(ctx context.Context) error {
		for _, make := range remade {
			if _, err := tx.Exec(ctx, make); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.Events > 0 {
		_, _, hash := c.Link(c.Events - 1)
		if _, err := tx.Exec(ctx, moveHead, c.Events, hash); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

func ifFilled(filled bool) error {
	if filled {
		return errNotEmpty
	}
	return nil
}

// dropIndexes drops those that can be made again when the rows are there, which is faster, and returns how.
func dropIndexes(ctx context.Context, tx pgx.Tx) ([]string, error) {
	const all = `
		SELECT indexname, indexdef FROM pg_indexes
		WHERE schemaname = current_schema() AND tablename IN ('users', 'sessions', 'events')
		  AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))
		ORDER BY indexname`
	rows, err := tx.Query(ctx, all)
	if err != nil {
		return nil, err
	}
	type index struct{ Name, Definition string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	var remade []string
	for _, i := range found {
		if _, err := tx.Exec(ctx, `DROP INDEX `+pgx.Identifier{i.Name}.Sanitize()); err != nil {
			return nil, err
		}
		remade = append(remade, i.Definition)
	}
	return remade, nil
}

func copyTable(ctx context.Context, tx pgx.Tx, t table) error {
	for from := 0; from < t.rows; from += atOnce {
		n := min(atOnce, t.rows-from)
		rows := pgx.CopyFromSlice(n, func(i int) ([]any, error) { return t.row(from + i), nil })
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, rows); err != nil {
			return err
		}
	}
	return nil
}
