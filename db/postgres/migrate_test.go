package postgres_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/dbtest"
	"github.com/fieldward/fieldward/db/postgres"
)

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestBothEnginesHaveTheSameMigrations(t *testing.T) {
	if diff := cmp.Diff(names(t, "../sqlite/migrations"), names(t, "migrations")); diff != "" {
		t.Errorf("the migrations differ (-sqlite +postgres):\n%s", diff)
	}
}

func TestMigrationsTakeTheTimeThatTheyNeed(t *testing.T) {
	for _, name := range names(t, "migrations") {
		text, err := os.ReadFile("migrations/" + name)
		must(t, err)
		if !strings.Contains(string(text), "\nSET LOCAL statement_timeout = 0;\n") {
			t.Errorf("%s is cut off after the time of a query", name)
		}
	}
}

const openers = 8

// urlVariable tells a process that runs this test again which database to open.
const urlVariable = "POSTGRES_TEST_URL"

func TestEightGoroutinesStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	address := server(t).Empty(t)
	startAtOnce(t, func() error { return start(t, address) })
	isWholeAfterStart(t, address)
}

func TestEightProcessesStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	if address := os.Getenv(urlVariable); address != "" {
		must(t, start(t, address))
		return
	}
	address := server(t).Empty(t)
	startAtOnce(t, func() error {
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		process.Env = append(os.Environ(), urlVariable+"="+address)
		if out, err := process.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	isWholeAfterStart(t, address)
}

// start does what a server does first, and adds a user of its own.
func start(t *testing.T, address string) error {
	s, err := postgres.Open(t.Context(), address)
	if err != nil {
		return err
	}
	defer func() { must(t, s.Close()) }()
	if err := s.Migrate(t.Context()); err != nil {
		return err
	}
	n := ada()
	n.User.Email = auth.EmailAddress(n.User.ID) + "@example.org"
	return s.AddUser(t.Context(), n)
}

func startAtOnce(t *testing.T, start func() error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range openers {
		all.Go(func() {
			if err := start(); err != nil {
				t.Errorf("opener %d: %v", i, err)
			}
		})
	}
	all.Wait()
}

func isWholeAfterStart(t *testing.T, address string) {
	t.Helper()
	n, err := open(t, address).CountUsers(t.Context(), auth.UserFilter{})
	must(t, err)
	if n != openers {
		t.Errorf("there are %d users, want one of each of the %d openers", n, openers)
	}
	var versions, last int
	must(t, raw(t, address).QueryRow(`SELECT count(*), max(version_id) FROM fieldward_migrations`).Scan(&versions, &last))
	files := names(t, "migrations")
	lastFile := files[len(files)-1]
	if versions != len(files)+1 || !strings.HasPrefix(lastFile, fmt.Sprintf("%05d_", last)) { // and version 0
		t.Errorf("%d versions are noted, the last is %d, and of %d files the last is %s", versions, last, len(files), lastFile)
	}
}

// withLast are the engine's migrations, and one more.
func withLast(t *testing.T, migrations fs.FS, last string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{"90001_last.sql": {Data: []byte("-- +goose Up\n" + last)}}
	for _, name := range names(t, "migrations") {
		text, err := fs.ReadFile(migrations, name)
		must(t, err)
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

func TestMigrationThatFailsLeavesTheVersionBefore(t *testing.T) {
	address := server(t).Database(t)
	engine, err := postgres.OpenEngine(t.Context(), address)
	must(t, err)
	engine.Migrations = withLast(t, engine.Migrations, `
		CREATE TABLE half (id TEXT);
		CREATE TABLE users (id TEXT);`)
	s := db.New(engine)
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "migrate the database") {
		t.Errorf("got the error %v", err)
	}
	must(t, s.Close())
	var version, half int
	must(t, raw(t, address).QueryRow(`
		SELECT (SELECT max(version_id) FROM fieldward_migrations), (SELECT count(*) FROM pg_tables WHERE tablename = 'half')`).
		Scan(&version, &half))
	if version > 90000 || half != 0 {
		t.Errorf("the version is %d, and there are %d tables of the broken migration", version, half)
	}
	must(t, open(t, address).Migrate(t.Context())) // the lease was given back
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	address := server(t).Database(t)
	_, err := raw(t, address).Exec(`INSERT INTO fieldward_migrations (version_id, is_applied) VALUES (10001, TRUE)`)
	must(t, err)
	if err := open(t, address).Migrate(t.Context()); !errors.Is(err, db.ErrNewer) {
		t.Errorf("got the error %v", err)
	}
}

func TestWhatIsPendingIsToldWithoutATrace(t *testing.T) {
	address := server(t).Empty(t)
	s := open(t, address)
	m, err := s.Migrations(t.Context())
	must(t, err)
	if len(m.Applied) != 0 || len(m.Pending) != len(names(t, "migrations")) || m.Pending[0] != "00001_start" || m.Newer != nil {
		t.Errorf("of an empty database it says %+v", m)
	}
	var things int
	must(t, raw(t, address).QueryRow(`SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`).Scan(&things))
	if things != 0 {
		t.Errorf("asking has made %d things", things)
	}
	applied, err := s.Upgrade(t.Context())
	must(t, err)
	if diff := cmp.Diff(m.Pending, applied); diff != "" {
		t.Errorf("it applied other migrations than were pending (-want +got):\n%s", diff)
	}
	now, err := s.Migrations(t.Context())
	must(t, err)
	if diff := cmp.Diff(m.Pending, now.Applied); diff != "" || len(now.Pending) != 0 {
		t.Errorf("afterwards it says %+v", now)
	}
	applied, err = s.Upgrade(t.Context())
	must(t, err)
	if len(applied) != 0 {
		t.Errorf("a second time it applied %q", applied)
	}
}

func TestProgramLivesWithWhatNewerOnesAdd(t *testing.T) {
	dbtest.Run(t, func(t *testing.T) *db.Store {
		address := server(t).Database(t)
		for _, addition := range dbtest.Additions("BIGINT") {
			_, err := raw(t, address).Exec(addition)
			must(t, err)
		}
		_, err := raw(t, address).Exec(`INSERT INTO fieldward_migrations (version_id, is_applied) VALUES (9999, TRUE)`)
		must(t, err)
		s := open(t, address)
		must(t, s.Migrate(t.Context()))
		m, err := s.Migrations(t.Context())
		must(t, err)
		if diff := cmp.Diff([]int64{9999}, m.Newer); diff != "" {
			t.Errorf("the newer migrations (-want +got):\n%s", diff)
		}
		return s
	})
}
