package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// locate makes the path absolute, and an empty file at it where there is nothing.
func locate(path string) (string, error) {
	if path == "" {
		return "", errors.New("the database needs the path of a file")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return path, create(path)
	case err != nil:
		return "", fmt.Errorf("find the database: %w", err)
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a file for the database", path)
	}
	return path, nil
}

// create makes the file that only its owner may read. SQLite, which takes an empty file for a new database, gives its
// mode to the files that it makes beside it.
func create(path string) error {
	made, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	folder := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil // someone else was first
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s for the database does not exist", folder)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the database cannot be made: this user may not write in the folder %s", folder)
	case err != nil:
		return fmt.Errorf("make the database: %w", err)
	}
	return made.Close()
}

// The driver sets these on each connection (see its Driver.Open). What begins a transaction to write takes the lock
// then: taking it in the middle fails at once where someone else writes.
const (
	always  = "_busy_timeout=5000&_foreign_keys=1&_synchronous=FULL&_dqs=0&_defensive=1&_error_rc=1"
	writing = always + "&_txlock=immediate"
	reading = always + "&_query_only=1"
	alone   = always + "&_txlock=exclusive&_pragma=locking_mode(EXCLUSIVE)"
)

// source is the URI (https://www.sqlite.org/uri.html) of the file at an absolute path.
func source(path, parameters string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive's letter
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: parameters}).String()
}

// errForeign says that the tables are another program's.
var errForeign = errors.New("foreign database")

// prepare finds out whether the file can be worked with, and has SQLite keep a write-ahead log for it.
func prepare(ctx context.Context, writer *sql.DB) error {
	if err := recognize(ctx, writer); err != nil {
		return err
	}
	if err := logAhead(ctx, writer); err != nil {
		return err
	}
	return tryWriting(ctx, writer)
}

// tryWriting finds out whether the file is read-only, with a change that it takes back: SQLite opens such a file
// nevertheless, and begins transactions on it.
func tryWriting(ctx context.Context, writer *sql.DB) error {
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `PRAGMA user_version = 1`)
	return errors.Join(err, tx.Rollback())
}

// recognize fails with errForeign where the file holds tables, and not the mark that comes with ours.
func recognize(ctx context.Context, writer *sql.DB) error {
	const mark = 0x46574442 // as in the first migration
	const look = `
		SELECT application_id, EXISTS (
			SELECT 1 FROM sqlite_master WHERE name <> 'goose_db_version' AND name NOT LIKE 'sqlite\_%' ESCAPE '\')
		FROM pragma_application_id`
	var id int64
	var tables bool
	if err := writer.QueryRowContext(ctx, look).Scan(&id, &tables); err != nil {
		return err
	}
	if tables && id != mark {
		return errForeign
	}
	return nil
}

const (
	logAheadTries = 100
	logAheadPause = 50 * time.Millisecond
)

// logAhead turns to the write-ahead log, for good. SQLite does not wait by itself where another program does the same.
func logAhead(ctx context.Context, writer *sql.DB) error {
	for try := 1; ; try++ {
		var mode string
		err := writer.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("keep a write-ahead log: SQLite keeps to its mode %q", mode)
		case !is(err, sqlite3.SQLITE_BUSY) || try == logAheadTries:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(logAheadPause):
		}
	}
}

// describe says what is wrong with the file at path, where SQLite fails to work with it.
func describe(path string, err error) error {
	switch {
	case errors.Is(err, errForeign):
		return fmt.Errorf("%s is the SQLite database of another program", path)
	case is(err, sqlite3.SQLITE_NOTADB):
		return fmt.Errorf("%s is not a SQLite database", path)
	case is(err, sqlite3.SQLITE_READONLY):
		return fmt.Errorf("the database %s is read-only for this user, who needs to write it and the folder %s, "+
			"where SQLite keeps two more files: %w", path, filepath.Dir(path), err)
	case is(err, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
		return fmt.Errorf("the database %s cannot be opened: this user needs to read and write it and the folder %s: %w",
			path, filepath.Dir(path), err)
	case is(err, sqlite3.SQLITE_BUSY):
		return fmt.Errorf("the database %s is in use by a program that does not let go of it: %w", path, err)
	}
	return fmt.Errorf("open the database %s: %w", path, err)
}
