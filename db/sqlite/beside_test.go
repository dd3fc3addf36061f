package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

// number adds users to the store until stop is called, which returns how many.
func number(t *testing.T, s *db.Store) (stop func() int) {
	t.Helper()
	done := make(chan struct{})
	added := 0
	var adding sync.WaitGroup
	adding.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			n := account.NewUser{PasswordHash: "hash", User: ada().User}
			n.User.ID = auth.ID(fmt.Sprintf("usr_%08d", added))
			n.User.Email = auth.EmailAddress(n.User.ID) + "@example.org"
			if err := s.AddUser(t.Context(), n); err != nil {
				t.Errorf("while a backup is made: %v", err)
				return
			}
			added++
		}
	})
	return func() int {
		close(done)
		adding.Wait()
		return added
	}
}

func TestBackupIsTheDatabaseOfOneMomentWhileItIsWritten(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "test.db")
	s := open(t, path)
	stop := sync.OnceValue(number(t, s))
	defer stop()
	var last string
	for i := range 5 {
		last = filepath.Join(folder, fmt.Sprintf("backup %d?.db", i))
		must(t, sqlite.Backup(t.Context(), path, last))
	}
	added := stop()
	if files := filesIn(t, folder); len(files) != 8 { // and the two of the log
		t.Errorf("there are the files %q", files)
	}
	info, err := os.Stat(last)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("the backup has the mode %v", info.Mode())
	}
	var fit string
	must(t, raw(t, last).QueryRow(`PRAGMA integrity_check`).Scan(&fit))
	if fit != "ok" {
		t.Errorf("the backup is not fit: %s", fit)
	}
	kept, err := open(t, last).CountUsers(t.Context(), auth.UserFilter{})
	must(t, err)
	if kept == 0 || kept > added {
		t.Errorf("it holds %d users of %d", kept, added)
	}
	var highest string
	must(t, raw(t, last).QueryRow(`SELECT MAX(id) FROM users`).Scan(&highest))
	if want := fmt.Sprintf("usr_%08d", kept-1); highest != want {
		t.Errorf("it holds %d users, up to %s: some before are missing", kept, highest)
	}
}

func TestBackupThatCannotBeMadeLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "test.db")
	open(t, path)
	foreign := filepath.Join(folder, "foreign.db")
	run(t, foreign, `CREATE TABLE mine (id TEXT)`)
	before := filesIn(t, folder)
	for name, test := range map[string]struct{ from, to, want string }{
		"over a file that is there": {path, foreign, "is there already"},
		"over itself":               {path, path, "is there already"},
		"into no folder":            {path, filepath.Join(folder, "missing", "to.db"), "make the backup"},
		"of what is missing":        {filepath.Join(folder, "missing.db"), filepath.Join(folder, "to.db"), "there is no database"},
		"of another program's":      {foreign, filepath.Join(folder, "to.db"), "the SQLite database of another program"},
	} {
		if err := sqlite.Backup(t.Context(), test.from, test.to); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if after := filesIn(t, folder); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("there are the files %q, there were %q", after, before)
	}
}
