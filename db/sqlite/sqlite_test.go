package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/dbtest"
	"github.com/fieldward/fieldward/db/sqlite"
)

func TestStoreKeepsTheContract(t *testing.T) {
	dbtest.Run(t, func(t *testing.T) *db.Store { return open(t, filepath.Join(t.TempDir(), "test.db")) })
}

// open opens and migrates the file, until the test ends.
func open(t testing.TB, path string) *db.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Migrate(t.Context()))
	return s
}

// raw opens the file past the store.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return pool
}

func run(t testing.TB, path string, statements ...string) {
	t.Helper()
	pool := raw(t, path)
	for _, s := range statements {
		_, err := pool.Exec(s)
		must(t, err)
	}
	must(t, pool.Close())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ada() account.NewUser {
	at := time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)
	return account.NewUser{PasswordHash: "hash", User: auth.User{
		ID: auth.NewID(auth.UserPrefix, at), Name: "Ada", Email: "ada@example.org", Roles: []auth.Role{auth.RoleUser},
		CreatedAt: at, UpdatedAt: at,
	}}
}

func TestReopenedFileHoldsEverything(t *testing.T) {
	for _, name := range []string{"plain.db", "with space.db", "what?.db", "a#b.db", "100%.db", "%41.db", "a&_query_only=on.db", "ü李.db", ":memory:"} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "folder of "+name)
			must(t, os.Mkdir(folder, 0o700))
			path := filepath.Join(folder, name)
			n := ada()
			first, err := sqlite.Open(t.Context(), path)
			must(t, err)
			must(t, first.Migrate(t.Context()))
			must(t, first.AddUser(t.Context(), n))
			must(t, first.Close())
			if files := filesIn(t, folder); len(files) != 1 || files[0] != name {
				t.Errorf("after closing there are the files %q, want %q alone", files, name)
			}
			got, err := open(t, path).User(t.Context(), n.User.ID)
			must(t, err)
			if got.Email != n.User.Email {
				t.Errorf("the user is %+v", got)
			}
		})
	}
}

func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	folder := t.TempDir()
	must(t, open(t, filepath.Join(folder, "test.db")).AddUser(t.Context(), ada()))
	names := filesIn(t, folder)
	if len(names) != 3 {
		t.Errorf("there are the files %q, want the database, its log and the log's index", names)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(folder, name))
		must(t, err)
		if info.Mode() != 0o600 {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
	}
}

func TestRelativePathIsTakenFromTheWorkingFolder(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	s := open(t, "test.db")
	t.Chdir(t.TempDir())
	must(t, s.AddUser(t.Context(), ada()))
	if _, err := os.Stat(filepath.Join(folder, "test.db")); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoDatabaseOfOursIsRefusedUntouched(t *testing.T) {
	tests := map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"a text": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte("Dear diary,\n"), 0o600))
		}, "/test.db is not a SQLite database"},
		"a long file": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(strings.Repeat("Dear diary,\n", 1000)), 0o600))
		}, "/test.db is not a SQLite database"},
		"another program's database": {func(t *testing.T, path string) {
			run(t, path, `CREATE TABLE users (name TEXT)`, `INSERT INTO users VALUES ('Ada')`)
		}, "/test.db is the SQLite database of another program"},
		"another program's, with a log": {func(t *testing.T, path string) {
			run(t, path, `PRAGMA journal_mode = WAL`, `PRAGMA application_id = 7`, `CREATE TABLE t (name TEXT)`)
		}, "/test.db is the SQLite database of another program"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			test.prepare(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			isRefused(t, path, test.want)
			after, err := os.ReadFile(path)
			must(t, err)
			if string(before) != string(after) {
				t.Error("the file has changed")
			}
			if names := filesIn(t, filepath.Dir(path)); len(names) != 1 {
				t.Errorf("there are the files %q now", names)
			}
		})
	}
}

func TestBadPathsAreRefusedInPlainWords(t *testing.T) {
	folder := t.TempDir()
	isRefused(t, "", "the database needs the path of a file")
	isRefused(t, folder, " is a folder, not a file for the database")
	isRefused(t, filepath.Join(folder, "missing", "test.db"), "/missing for the database does not exist")
}

func isRefused(t *testing.T, path, want string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err == nil {
		_ = s.Close()
		t.Fatalf("%q was opened", path)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got the error %q, want it to say %q", err, want)
	}
}

func TestNewerDatabaseIsRefusedUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	must(t, s.Migrate(t.Context()))
	must(t, s.Close())
	run(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (10001, 1)`)
	before, err := os.ReadFile(path)
	must(t, err)

	s, err = sqlite.Open(t.Context(), path)
	must(t, err)
	err = s.Migrate(t.Context())
	if !errors.Is(err, db.ErrNewer) || !strings.Contains(err.Error(), "it is at migration 10001") {
		t.Errorf("got the error %v", err)
	}
	must(t, s.Close())
	after, err := os.ReadFile(path)
	must(t, err)
	if string(before) != string(after) {
		t.Error("the file has changed")
	}
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := open(t, path)
	for range 3 {
		must(t, s.Migrate(t.Context()))
	}
	var versions string
	must(t, raw(t, path).QueryRow(`SELECT group_concat(version_id) FROM goose_db_version`).Scan(&versions))
	if !strings.HasPrefix(versions, "0,1") {
		t.Errorf("the versions are %s", versions)
	}
}

func TestCancelledStartLeavesTheFileToTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sqlite.Open(ctx, path)
	must(t, err)
	cancel()
	if err := s.Migrate(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	must(t, s.Close())
	must(t, open(t, path).AddUser(t.Context(), ada()))
}
