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

// atOnce is how many rows are made and sent at once.
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
	remade, err := drop(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range tables(c, func(at time.Time) any { return at }) {
		if err := step(ctx, said, t.name, func(ctx context.Context) error { return copyTable(ctx, tx, t) }); err != nil {
			return err
		}
	}
	err = step(ctx, said, "indexes and references", func(ctx context.Context) error {
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

// drop drops what can be made again when the rows are there, which is faster, and returns how: the references, each row
// of which would lock the one that it refers to, and the indexes.
func drop(ctx context.Context, tx pgx.Tx) (remade []string, err error) {
	const all = `
		SELECT 'ALTER TABLE ' || quote_ident(relname) || ' DROP CONSTRAINT ' || quote_ident(conname),
		       'ALTER TABLE ' || quote_ident(relname) || ' ADD CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(c.oid)
		FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
		WHERE contype = 'f' AND c.connamespace = CAST(current_schema() AS regnamespace)
		  AND relname IN ('users', 'sessions', 'events')
		UNION ALL
		SELECT 'DROP INDEX ' || quote_ident(indexname), indexdef FROM pg_indexes
		WHERE schemaname = current_schema() AND tablename IN ('users', 'sessions', 'events')
		  AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))`
	rows, err := tx.Query(ctx, all)
	if err != nil {
		return nil, err
	}
	type object struct{ Drop, Make string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[object])
	if err != nil {
		return nil, fmt.Errorf("list the indexes and references: %w", err)
	}
	for _, o := range found {
		if _, err := tx.Exec(ctx, o.Drop); err != nil {
			return nil, err
		}
		remade = append(remade, o.Make)
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
