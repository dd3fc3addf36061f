package sqlite_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/dbtest"
	"github.com/fieldward/fieldward/db/sqlite"
)

// overtaken are migrations of which the first that is read lets someone else go first.
type overtaken struct {
	fs.FS
	by func() // called once; goose reads files in parallel
}

func (o *overtaken) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".sql") {
		o.by()
	}
	return o.FS.Open(name)
}

// with are the migrations, and one more.
func with(t *testing.T, migrations fs.FS, last string) fstest.MapFS {
	t.Helper()
	names, err := fs.Glob(migrations, "*")
	must(t, err)
	files := fstest.MapFS{"90001_last.sql": {Data: []byte("-- +goose Up\n" + last)}}
	for _, name := range names {
		text, err := fs.ReadFile(migrations, name)
		must(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

func TestMigrationThatAnotherProgramDidFirstIsNotDoneAgain(t *testing.T) {
	for name, migrated := range map[string]bool{"where it makes tables": false, "where it only adds rows": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			if migrated {
				open(t, path) // so that the last is all that is left to both
			}
			engine, err := sqlite.OpenEngine(t.Context(), path)
			must(t, err)
			files := with(t, engine.Migrations, `
				INSERT INTO events (id, happened_at, action) VALUES (hex(randomblob(8)), '2026-11-24T12:00:00.000000Z', 'MIGRATED');`)
			engine.Migrations = &overtaken{files, sync.OnceFunc(func() {
				other, err := sqlite.OpenEngine(t.Context(), path)
				must(t, err)
				other.Migrations = files
				s := db.New(other)
				must(t, s.Migrate(t.Context()))
				must(t, s.Close())
			})}
			s := db.New(engine)
			must(t, s.Migrate(t.Context()))
			must(t, s.Close())

			var last, versions, distinct, events int
			must(t, raw(t, path).QueryRow(`
				SELECT max(version_id), count(*), count(DISTINCT version_id), (SELECT count(*) FROM events)
				FROM goose_db_version`).Scan(&last, &versions, &distinct, &events))
			if last != 90001 || versions != distinct || events != 1 {
				t.Errorf("of %d versions %d are different, the last is %d, and it is done %d times", versions, distinct, last, events)
			}
		})
	}
}

func TestMigrationThatFailsLeavesTheVersionBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	open(t, path)
	engine, err := sqlite.OpenEngine(t.Context(), path)
	must(t, err)
	engine.Migrations = with(t, engine.Migrations, `
		CREATE TABLE half (id TEXT) STRICT;
		CREATE TABLE users (id TEXT) STRICT;`)
	s := db.New(engine)
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "migrate the database") {
		t.Errorf("got the error %v", err)
	}
	must(t, s.Close())
	var version, half int
	must(t, raw(t, path).QueryRow(`
		SELECT (SELECT max(version_id) FROM goose_db_version), (SELECT count(*) FROM sqlite_master WHERE name = 'half')`).Scan(&version, &half))
	if version > 90000 || half != 0 {
		t.Errorf("the version is %d, and there are %d tables of the broken migration", version, half)
	}
}

func TestWhatIsPendingIsToldWithoutATrace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "test.db")
	pending := func() db.Migrations {
		s, err := sqlite.Inspect(t.Context(), path)
		must(t, err)
		m, err := s.Migrations(t.Context())
		must(t, err)
		must(t, s.Close())
		return m
	}
	first := pending()
	if len(first.Applied) != 0 || len(first.Pending) == 0 || first.Pending[0] != "00001_start" || first.Newer != nil {
		t.Errorf("of no database it says %+v", first)
	}
	if files := filesIn(t, folder); len(files) != 0 {
		t.Errorf("asking has made %q", files)
	}
	must(t, os.WriteFile(path, nil, 0o600))
	if diff := cmp.Diff(first, pending(), cmpopts.IgnoreUnexported(db.Migrations{})); diff != "" {
		t.Errorf("of an empty file it says something else than of none (-none +empty):\n%s", diff)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) != 0 {
		t.Errorf("asking has written %d bytes, %v", len(text), err)
	}

	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	applied, err := s.Upgrade(t.Context())
	must(t, err)
	if diff := cmp.Diff(first.Pending, applied); diff != "" {
		t.Errorf("it applied other migrations than were pending (-want +got):\n%s", diff)
	}
	must(t, s.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	if m := pending(); len(m.Pending) != 0 || len(m.Applied) != len(applied) {
		t.Errorf("afterwards it says %+v", m)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if string(before) != string(after) {
		t.Error("asking has changed the file")
	}
	must(t, os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600))
	if _, err := sqlite.Inspect(t.Context(), path); err == nil || !strings.Contains(err.Error(), "is not a SQLite database") {
		t.Errorf("of what is no database: %v", err)
	}
}

func TestProgramLivesWithWhatNewerOnesAdd(t *testing.T) {
	dbtest.Run(t, func(t *testing.T) *db.Store {
		path := filepath.Join(t.TempDir(), "test.db")
		open(t, path)
		run(t, path, append(dbtest.Additions("INTEGER"), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)...)
		s := open(t, path)
		m, err := s.Migrations(t.Context())
		must(t, err)
		if diff := cmp.Diff([]int64{9999}, m.Newer); diff != "" {
			t.Errorf("the newer migrations (-want +got):\n%s", diff)
		}
		return s
	})
}
