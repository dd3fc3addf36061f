package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/fieldward/fieldward/bench/sample"
	"github.com/fieldward/fieldward/db/sqlite"
)

const (
	// moments are how the store writes times: see db/time.go.
	moments = "2006-01-02T15:04:05.000000Z"
	// quick does without what keeps a file whole when the program or the machine fails, and keeps a gigabyte in memory.
	// The server keeps its log again as soon as it opens the file.
	quick = "_pragma=journal_mode(off)&_pragma=synchronous(0)&_pragma=locking_mode(exclusive)" +
		"&_pragma=cache_size(-1000000)&_pragma=temp_store(2)"
	// perStatement is how many rows one statement adds.
	perStatement = 50
)

// fillSQLite fills the file, many rows to a transaction. Where it is cut off, the file is to be thrown away.
func fillSQLite(ctx context.Context, path string, c sample.Crowd, said func(string, time.Duration)) (err error) {
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	if err := errors.Join(store.Migrate(ctx), store.Close()); err != nil {
		return err
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: quick}).String())
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, pool.Close()) }()
	var filled bool
	if err := pool.QueryRowContext(ctx, anyRow).Scan(&filled); err != nil || filled {
		return errors.Join(err, ifFilled(filled))
	}
	if err := insertAll(ctx, pool, c, said); err != nil {
		return fmt.Errorf("%w (the file is half filled: remove it)", err)
	}
	return nil
}

func insertAll(ctx context.Context, pool *sql.DB, c sample.Crowd, said func(string, time.Duration)) error {
	remade, err := indexesOf(ctx, pool)
	if err != nil {
		return err
	}
	for name := range remade {
		if _, err := pool.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return err
		}
	}
	for _, t := range tables(c, func(at time.Time) any { return at.UTC().Format(moments) }) {
		if err := step(ctx, said, t.name, func(ctx context.Context) error { return insertTable(ctx, pool, t) }); err != nil {
			return err
		}
	}
	return step(ctx, said, "indexes", func(ctx context.Context) error {
		for _, definition := range remade {
			if _, err := pool.ExecContext(ctx, definition); err != nil {
				return err
			}
		}
		if c.Events > 0 {
			_, _, hash := c.Link(c.Events - 1)
			if _, err := pool.ExecContext(ctx, moveHead, c.Events, hash); err != nil {
				return err
			}
		}
		return nil
	})
}

// indexesOf are those that can be made again when the rows are there, by their names.
func indexesOf(ctx context.Context, pool *sql.DB) (_ map[string]string, err error) {
	const all = `
		SELECT name, sql FROM sqlite_master
		WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('users', 'sessions', 'events')`
	rows, err := pool.QueryContext(ctx, all)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found := map[string]string{}
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			return nil, err
		}
		found[name] = definition
	}
	return found, rows.Err()
}

func insertTable(ctx context.Context, pool *sql.DB, t table) error {
	for from := 0; from < t.rows; from += atOnce {
		if err := insertRows(ctx, pool, t, from, min(from+atOnce, t.rows)); err != nil {
			return err
		}
	}
	return nil
}

// insertRows adds the rows from one to before another in one transaction.
func insertRows(ctx context.Context, pool *sql.DB, t table, from, to int) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	rows, err := tx.PrepareContext(ctx, insert(t, perStatement))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // the transaction's end closes it too
	for ; from+perStatement <= to; from += perStatement {
		if _, err := rows.ExecContext(ctx, values(t, from, from+perStatement)...); err != nil {
			return fmt.Errorf("rows from %d on: %w", from, err)
		}
	}
	if from < to {
		if _, err := tx.ExecContext(ctx, insert(t, to-from), values(t, from, to)...); err != nil {
			return fmt.Errorf("rows from %d on: %w", from, err)
		}
	}
	return tx.Commit()
}

// insert is the statement that adds so many rows.
func insert(t table, rows int) string {
	row := `(` + strings.Repeat(`?, `, len(t.columns)-1) + `?)`
	return `INSERT INTO ` + t.name + ` (` + strings.Join(t.columns, `, `) + `) VALUES ` + strings.Repeat(row+`, `, rows-1) + row
}

func values(t table, from, to int) []any {
	all := make([]any, 0, (to-from)*len(t.columns))
	for i := from; i < to; i++ {
		all = append(all, t.row(i)...)
	}
	return all
}
