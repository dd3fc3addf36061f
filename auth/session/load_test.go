package session_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

// endMany writes the events of so many sessions that have just ended.
func endMany(t testing.TB, w *world, path string, n int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_busy_timeout=10000"}).String())
	must(err)
	defer func() { _ = pool.Close() }()
	tx, err := pool.Begin()
	must(err)
	insert, err := tx.Prepare(`
		INSERT INTO events (id, happened_at, action, actor_id, subject_id, session_id, ip_address, user_agent)
		VALUES ($1, $2, 'SIGNED_OUT', $3, $3, $4, '192.0.2.10', 'Desk/1.0')`)
	must(err)
	defer func() { _ = insert.Close() }() // the transaction's end closes it too
	now := w.clock.Now()
	for range n {
		_, err := insert.Exec(string(auth.NewID(auth.EventPrefix, now)), now.Format("2006-01-02T15:04:05.000000Z"), string(w.user.ID),
			string(auth.NewID(auth.SessionPrefix, now)))
		must(err)
	}
	must(tx.Commit())
}

// BenchmarkLoadAHundredThousand is what a start costs after a hundred thousand sessions have ended.
func BenchmarkLoadAHundredThousand(b *testing.B) {
	const ended = 100_000
	path := filepath.Join(b.TempDir(), "many.db")
	w := newWorldIn(b, path, grace)
	endMany(b, w, path, ended)
	b.ReportAllocs()
	for b.Loop() {
		r := session.NewRevocations(keep, w.clock.Now)
		if err := r.Load(b.Context(), w.store); err != nil {
			b.Fatal(err)
		}
		if entries, _ := r.Held(); entries != ended {
			b.Fatalf("%d are held", entries)
		}
	}
}
