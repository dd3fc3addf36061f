package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

// isUnavailable asks that a caller is told to come back, and the log what happened.
func isUnavailable(t *testing.T, err error, cause string) {
	t.Helper()
	shown, ok := errors.AsType[*auth.Error](err)
	if !ok || shown.Code != auth.Unavailable || shown.RetryAfter <= 0 {
		t.Fatalf("got the error %v, want one of the code UNAVAILABLE", err)
	}
	if strings.Contains(shown.Message, "database") || !strings.Contains(err.Error(), cause) {
		t.Errorf("a caller reads %q, and the log says %q, want %s in the log alone", shown.Message, err, cause)
	}
}

func TestFullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	s, engine := openWithEngine(t, filepath.Join(t.TempDir(), "test.db"))
	set := func(pragma string) {
		_, err := engine.Writer.Exec(pragma)
		must(t, err)
	}
	first := ada()
	must(t, s.AddUser(t.Context(), first))
	set(`PRAGMA max_page_count = 1`) // SQLite takes as many as there are
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		n := ada()
		n.User.Email = auth.EmailAddress(n.User.ID) + "@example.org"
		err = s.AddUser(t.Context(), n)
	}
	isUnavailable(t, err, "database or disk is full")
	if got, err := s.User(t.Context(), first.User.ID); err != nil || got.Email != first.User.Email {
		t.Errorf("reading on a full disk: %+v, %v", got, err)
	}
	set(`PRAGMA max_page_count = 100000`)
	n := ada()
	n.User.Email = "grace@example.org"
	must(t, s.AddUser(t.Context(), n))
}

func TestLockedFileIsUnavailableToWritersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, engine := openWithEngine(t, path)
	_, err := engine.Writer.Exec(`PRAGMA busy_timeout = 20`)
	must(t, err)
	conn, err := raw(t, path).Conn(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	isUnavailable(t, s.AddUser(t.Context(), ada()), "SQLITE_BUSY")
	isUnavailable(t, s.Record(t.Context(), auth.Event{ID: "evt_1", At: ada().User.CreatedAt}), "SQLITE_BUSY")
	isUnavailable(t, s.Ping(t.Context()), "SQLITE_BUSY")
	_, err = s.CountUsers(t.Context(), auth.UserFilter{})
	must(t, err)
	_, err = conn.ExecContext(t.Context(), `ROLLBACK`)
	must(t, err)
	must(t, s.Ping(t.Context())) // of two failures nothing is concluded
	must(t, s.AddUser(t.Context(), ada()))
}

func TestWhoGivesUpLeavesTheQueueOfWriters(t *testing.T) {
	s, engine := openWithEngine(t, filepath.Join(t.TempDir(), "test.db"))
	conn, err := engine.Writer.Conn(t.Context())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- s.AddUser(ctx, ada()) }()
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	must(t, conn.Close())
	must(t, s.AddUser(t.Context(), ada()))
}

func TestReadersCannotWrite(t *testing.T) {
	_, engine := openWithEngine(t, filepath.Join(t.TempDir(), "test.db"))
	if _, err := engine.Reader.Exec(`DELETE FROM users`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("got the error %v", err)
	}
}

func TestEachConnectionIsSetUp(t *testing.T) {
	_, engine := openWithEngine(t, filepath.Join(t.TempDir(), "test.db"))
	const full = 2
	for name, pool := range map[string]*sql.DB{"the writer": engine.Writer, "a reader": engine.Reader} {
		conn, err := pool.Conn(t.Context())
		must(t, err)
		for pragma, want := range map[string]any{
			"journal_mode": "wal", "synchronous": int64(full), "foreign_keys": int64(1), "busy_timeout": int64(5000),
		} {
			var got any
			must(t, conn.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s has %s = %v, want %v", name, pragma, got, want)
			}
		}
		must(t, conn.Close())
	}
}

// openWithEngine opens and migrates the file, and keeps hold of what is beneath the store.
func openWithEngine(t *testing.T, path string) (*db.Store, db.Engine) {
	t.Helper()
	engine, err := sqlite.OpenEngine(t.Context(), path)
	must(t, err)
	s := db.New(engine)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Migrate(t.Context()))
	return s, engine
}

func TestTransactionLocksTheFileFromItsBeginning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	_, engine := openWithEngine(t, path)
	tx, err := engine.Writer.Begin()
	must(t, err)
	if _, err := raw(t, path).Exec(`BEGIN IMMEDIATE`); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got the error %v", err)
	}
	must(t, tx.Rollback())
}

func TestTwoProgramsWriteAtOnceAndNeitherFails(t *testing.T) {
	const each = 50
	path := filepath.Join(t.TempDir(), "test.db")
	stores := []*db.Store{open(t, path), open(t, path)}
	var all sync.WaitGroup
	for _, s := range stores {
		all.Go(func() {
			for range each {
				n := ada()
				n.User.Email = auth.EmailAddress(n.User.ID) + "@example.org"
				if err := s.AddUser(t.Context(), n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, s := range stores {
		n, err := s.CountUsers(t.Context(), auth.UserFilter{})
		must(t, err)
		if n != len(stores)*each {
			t.Errorf("one of the programs sees %d users, want %d", n, len(stores)*each)
		}
	}
}

func TestWhoAsksAgainAndAgainWritesOnlyWhereNobodyElseHas(t *testing.T) {
	s, engine := openWithEngine(t, filepath.Join(t.TempDir(), "test.db"))
	version := func() (n int) {
		must(t, engine.Reader.QueryRow(`PRAGMA data_version`).Scan(&n)) // moves with each change of another connection
		return n
	}
	engine.Reader.SetMaxOpenConns(1)
	before := version()
	must(t, s.Ping(t.Context()))
	if version() == before {
		t.Error("nothing was tried though nobody has written")
	}
	must(t, s.AddUser(t.Context(), ada()))
	before = version()
	must(t, s.Ping(t.Context()))
	if version() != before {
		t.Error("it was tried though a change has just succeeded")
	}
	var left int
	must(t, engine.Reader.QueryRow(`SELECT count(*) FROM tallies`).Scan(&left))
	if left > 0 {
		t.Errorf("the tries leave %d rows", left)
	}
}

// TestStatementThatIsCutOffIsNotReportedAsFailed holds the file for longer than the caller waits: the driver's answer is
// the same where the statement has just succeeded.
func TestStatementThatIsCutOffIsNotReportedAsFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, _ := openWithEngine(t, path)
	conn, err := raw(t, path).Conn(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	err = s.Record(ctx, auth.Event{ID: "evt_1", At: ada().User.CreatedAt})
	if shown, ok := errors.AsType[*auth.Error](err); !ok || shown.Message != auth.Unsure(0).Message {
		t.Errorf("got the error %v", err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the caller waits %s", took)
	}
	_, err = conn.ExecContext(t.Context(), `ROLLBACK`)
	must(t, err)
}

func TestSeveralChangesThatFailInARowAreRememberedUntilOneSucceeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, engine := openWithEngine(t, path)
	_, err := engine.Writer.Exec(`PRAGMA busy_timeout = 1`)
	must(t, err)
	conn, err := raw(t, path).Conn(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	for range 3 {
		isUnavailable(t, s.AddUser(t.Context(), ada()), "SQLITE_BUSY")
	}
	_, err = conn.ExecContext(t.Context(), `ROLLBACK`)
	must(t, err)
	isUnavailable(t, s.Ping(t.Context()), "several have failed")
	must(t, s.AddUser(t.Context(), ada()))
	must(t, s.Ping(t.Context()))
	for range 3 {
		if err := s.AddUser(t.Context(), ada()); !errors.Is(err, auth.ErrEmailTaken) {
			t.Errorf("got the error %v", err)
		}
	}
	must(t, s.Ping(t.Context())) // those failed for a reason of their own
}
