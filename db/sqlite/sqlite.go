// Package sqlite opens the store in a SQLite file, with the engine built into the program.
//
// One connection writes and several read, so that readers never wait for the writer (write-ahead log), and a change
// that was reported as done survives the loss of power (synchronous=FULL). Several programs may work on one file.
// It refuses what would harm a file that is not its own: what is no SQLite database, and another program's.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/fieldward/fieldward/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the database in the file at path, which it makes, readable by its owner alone, where there is none yet.
// It migrates nothing. Its errors tell the operator what is wrong with the file.
func Open(ctx context.Context, path string) (*db.Store, error) {
	e, err := openEngine(ctx, path)
	if err != nil {
		return nil, err
	}
	return db.New(e), nil
}

func openEngine(ctx context.Context, path string) (db.Engine, error) {
	path, err := locate(path)
	if err != nil {
		return db.Engine{}, err
	}
	writer, err := connect(source(path, writing), 1)
	if err != nil {
		return db.Engine{}, err
	}
	if err := prepare(ctx, writer); err != nil {
		return db.Engine{}, errors.Join(describe(path, err), writer.Close())
	}
	reader, err := connect(source(path, reading), max(minReaders, runtime.GOMAXPROCS(0)))
	if err != nil {
		return db.Engine{}, errors.Join(err, writer.Close())
	}
	e, err := engine(reader, writer)
	if err != nil {
		return db.Engine{}, errors.Join(err, reader.Close(), writer.Close())
	}
	return e, nil
}

// minReaders is how many queries run at once at least: a long one must not keep out the short ones.
const minReaders = 4

// connect makes a pool that holds on to its connections.
func connect(source string, connections int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

func engine(reader, writer *sql.DB) (db.Engine, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return db.Engine{}, fmt.Errorf("find the migrations: %w", err)
	}
	applied, err := db.VersionTable(goose.DefaultTablename, versions{})
	if err != nil {
		return db.Engine{}, err
	}
	return db.Engine{
		Writer:        writer,
		Reader:        reader,
		Migrations:    files,
		Versions:      applied,
		Hold:          held,
		RowsAtOnce:    10, // it looks each value up by walking past those before it
		IsUnavailable: isUnavailable,
		IsTaken:       isTaken,
		IsOvertaken:   never, // one writes after the other
		IsUnanswered:  isCutOff,
	}, nil
}

// held has nothing to do: a transaction that writes has the file to itself.
func held(context.Context, *sql.Tx, []string) error { return nil }
