package journal_test

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
	sqlitedb "github.com/fieldward/fieldward/db/sqlite"
)

// key is what the tests' journals are linked with.
func key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// open opens the store in the file.
func open(t testing.TB, path string) *db.Store {
	t.Helper()
	s, err := sqlitedb.Open(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.Migrate(t.Context()))
	return s
}

// raw opens the file past the store.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_busy_timeout=10000&_txlock=immediate"}).String())
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return pool
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// desk is where the tests' events come from.
func desk() auth.Client {
	return auth.Client{IPAddress: authtest.Text("192.0.2.10"), UserAgent: authtest.Text("Desk/1.0")}
}

// happen records n events, and returns their IDs.
func happen(t testing.TB, s *db.Store, n int) []auth.ID {
	t.Helper()
	ids := make([]auth.ID, n)
	for i := range ids {
		e := auth.NewEvent(auth.SignedIn, time.Now(), desk())
		e.Details = map[string]any{"i": i}
		must(t, s.Record(t.Context(), e))
		ids[i] = e.ID
	}
	return ids
}

// numberAll numbers until no event waits.
func numberAll(t testing.TB, j *journal.Journal) {
	t.Helper()
	for {
		n, err := j.Number(t.Context())
		must(t, err)
		if n < journal.Batch {
			return
		}
	}
}

// all reads the whole journal.
func all(t testing.TB, s *db.Store) []journal.Entry {
	t.Helper()
	entries, err := s.Entries(t.Context(), 0, 1_000_000)
	must(t, err)
	return entries
}

// snapshot copies the database as it is now.
func snapshot(t testing.TB, path string) (copied string) {
	t.Helper()
	copied = filepath.Join(t.TempDir(), "copy.db")
	onDriver(t, path, func(c backuper) (*sqlite.Backup, error) { return c.NewBackup(copied) })
	return copied
}

// restore puts the database back to a copy, beneath all who have it open.
func restore(t testing.TB, path, copied string) {
	t.Helper()
	onDriver(t, path, func(c backuper) (*sqlite.Backup, error) { return c.NewRestore(copied) })
}

type backuper interface {
	NewBackup(to string) (*sqlite.Backup, error)
	NewRestore(from string) (*sqlite.Backup, error)
}

func onDriver(t testing.TB, path string, begin func(backuper) (*sqlite.Backup, error)) {
	t.Helper()
	conn, err := raw(t, path).Conn(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	must(t, conn.Raw(func(driver any) error {
		b, err := begin(driver.(backuper))
		if err != nil {
			return err
		}
		if _, err := b.Step(-1); err != nil {
			return err
		}
		return b.Finish()
	}))
}

func TestAnEventHasNoNumberUntilItIsNumbered(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "test.db"))
	j := journal.New(s, key(), time.Now)
	id := happen(t, s, 1)[0]
	if e, err := j.Event(t.Context(), id); err != nil || e.Number != nil || e.Hash != nil {
		t.Fatalf("before: %+v, %v", e, err)
	}
	numberAll(t, j)
	e, err := j.Event(t.Context(), id)
	must(t, err)
	head, err := s.Head(t.Context())
	must(t, err)
	if e.Number == nil || *e.Number != 1 || e.Hash == nil || *e.Hash != head.Hash.String() {
		t.Errorf("after: %+v, and the head is %s", e, head)
	}
}

func TestNumberingLetsOtherWritersInBetween(t *testing.T) {
	const burst = 5_000
	path := filepath.Join(t.TempDir(), "test.db")
	s := open(t, path)
	j := journal.New(s, key(), time.Now)
	bulk(t, path, burst)
	first, err := j.Number(t.Context())
	must(t, err)
	if first != journal.Batch {
		t.Fatalf("%d were numbered at once", first)
	}
	recorded := make(chan error)
	go func() { recorded <- s.Record(context.Background(), auth.NewEvent(auth.SignedIn, time.Now(), desk())) }()
	numbered := first
	for waiting := true; waiting; {
		select {
		case err := <-recorded:
			must(t, err)
			waiting = false
		default:
			n, err := j.Number(t.Context())
			must(t, err)
			numbered += n
			waiting = n > 0
		}
	}
	if numbered >= burst {
		t.Error("the writer waited until all were numbered")
	}
	numberAll(t, j)
	if _, err := j.Verify(t.Context(), journal.Head{}); err != nil {
		t.Error(err)
	}
}

// bulk writes n events at once, as an import does.
func bulk(t testing.TB, path string, n int) {
	t.Helper()
	tx, err := raw(t, path).BeginTx(t.Context(), nil)
	must(t, err)
	stmt, err := tx.Prepare(`
		INSERT INTO events (id, happened_at, action, actor_id, subject_id, ip_address, user_agent)
		VALUES ($1, '2027-01-31T08:15:00.000000Z', 'USER_CREATED', $1, $1, '192.0.2.10', 'Desk/1.0')`)
	must(t, err)
	defer func() { _ = stmt.Close() }() // the transaction's end closes it too
	for range n {
		_, err := stmt.Exec(string(auth.NewID(auth.EventPrefix, time.Now())))
		must(t, err)
	}
	must(t, tx.Commit())
}
