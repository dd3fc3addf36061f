package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db/sqlite"
)

const openers = 8

// pathVariable tells a process that runs this test again which file to open.
const pathVariable = "SQLITE_TEST_PATH"

func TestEightGoroutinesStartAtOnceOnAnEmptyFile(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "test.db")
		startAtOnce(t, func(int) error { return start(t, path) })
		isWholeAfterStart(t, path)
	}
}

func TestEightProcessesStartAtOnceOnAnEmptyFile(t *testing.T) {
	if path := os.Getenv(pathVariable); path != "" {
		must(t, start(t, path))
		return
	}
	for range 3 {
		path := filepath.Join(t.TempDir(), "test.db")
		startAtOnce(t, func(int) error {
			process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
			process.Env = append(os.Environ(), pathVariable+"="+path)
			if out, err := process.CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
		isWholeAfterStart(t, path)
	}
}

// start does what a server does first, and adds a user of its own.
func start(t *testing.T, path string) error {
	s, err := sqlite.Open(t.Context(), path)
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

func startAtOnce(t *testing.T, start func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range openers {
		all.Go(func() {
			if err := start(i); err != nil {
				t.Errorf("opener %d: %v", i, err)
			}
		})
	}
	all.Wait()
}

func isWholeAfterStart(t *testing.T, path string) {
	t.Helper()
	n, err := open(t, path).CountUsers(t.Context(), auth.UserFilter{})
	must(t, err)
	if n != openers {
		t.Errorf("there are %d users, want one of each of the %d openers", n, openers)
	}
	var versions, distinct int
	must(t, raw(t, path).QueryRow(`SELECT count(*), count(DISTINCT version_id) FROM goose_db_version`).Scan(&versions, &distinct))
	if versions != distinct {
		t.Errorf("%d versions are noted %d times", distinct, versions)
	}
}
