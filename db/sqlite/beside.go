package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fieldward/fieldward/db"
)

// Inspect is Open for who changes nothing: no file is made, and what is not there is an empty database.
func Inspect(ctx context.Context, path string) (*db.Store, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0:
		return openOne(ctx, path, ":memory:")
	case err != nil:
		return nil, fmt.Errorf("find the database: %w", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	return openOne(ctx, path, source(path, reading))
}

// OpenAlone is Open for who needs the file for themselves: it makes none, nobody else can open it until it is closed, and
// it fails where a server works on it.
func OpenAlone(ctx context.Context, path string) (*db.Store, error) {
	path, err := existing(path)
	if err != nil {
		return nil, err
	}
	return openOne(ctx, path, source(path, alone))
}

// openOne opens with one connection, and asks the file for its mark, which is where a lock is taken.
func openOne(ctx context.Context, path, source string) (*db.Store, error) {
	pool, err := connect(source, 1)
	if err != nil {
		return nil, err
	}
	if err := recognize(ctx, pool); err != nil {
		return nil, errors.Join(describe(path, err), pool.Close())
	}
	e, err := engine(pool, pool)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db.New(e), nil
}

// existing is the absolute path of a file that is there.
func existing(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no database %s", path)
	case err != nil:
		return "", fmt.Errorf("find the database: %w", err)
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a database", path)
	}
	return path, nil
}

// Backup writes a copy of the database, as it is at one moment, to a new file that its owner alone may read. Servers may
// work on the database meanwhile. The copy has its name only once it is whole and on the disk.
func Backup(ctx context.Context, path, to string) (err error) {
	if path, err = existing(path); err != nil {
		return err
	}
	pool, err := connect(source(path, always), 1) // query_only would keep it from writing the copy, too
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := recognize(ctx, pool); err != nil {
		return describe(path, err)
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is there already, and a backup overwrites nothing", to)
	}
	draft, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*") // with mode 0600
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }() // its name in the end is a second one
	_, err = pool.ExecContext(ctx, `VACUUM INTO $1`, draft.Name())
	if is(err, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) {
		err = fmt.Errorf("no room, or a broken disk: %w", err)
	}
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := os.Link(draft.Name(), to); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder has the names in a folder outlast the loss of power. Systems that cannot do so say so of every folder.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("keep the backup's name: %w", err)
	}
	defer func() { _ = folder.Close() }() // it was only read
	_ = folder.Sync()
	return nil
}
