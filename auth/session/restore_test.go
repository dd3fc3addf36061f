package session_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth/session"
)

// behind returns what runs statements on the database at the path, behind the store's back.
func behind(t *testing.T, path string) (run func(statements ...string)) {
	t.Helper()
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: "_busy_timeout=10000&_txlock=immediate"}).String())
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = pool.Close() })
	return func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := pool.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
}

// putBack copies the database at the path, and returns what puts it back to the copy.
func putBack(t *testing.T, path string) (restore func()) {
	t.Helper()
	run := behind(t, path)
	copied := filepath.Join(t.TempDir(), "copy.db")
	run(`VACUUM INTO '`+copied+`'`, `ATTACH '`+copied+`' AS copy`)
	return func() {
		t.Helper()
		run(`BEGIN IMMEDIATE`)
		for _, table := range []string{"users", "sessions", "events", "journal_head"} {
			run(`DELETE FROM main.`+table, `INSERT INTO main.`+table+` SELECT * FROM copy.`+table)
		}
		run(`COMMIT`)
	}
}

func TestADatabaseThatWasPutBackLogsOutNobodyButWhoWasRevoked(t *testing.T) {
	synctest.Test(t, putBackLogsOutNobody)
}

func putBackLogsOutNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "restored.db")
	w := newWorldIn(t, path, grace)
	ada := w.user
	outBefore, outAfter, kept := w.open(t), w.open(t), w.open(t)
	end := func(o session.Opened) {
		if _, err := w.End(t.Context(), o.Caller, "", desk); err != nil {
			t.Fatal(err)
		}
	}
	w.user = w.addUser(t, "bob@example.com")
	bob := w.open(t)
	end(outBefore)
	poll := w.follow(t, w.revocations)
	poll()
	restore := putBack(t, path)
	end(outAfter)
	if _, err := w.EndAll(t.Context(), bob.Caller, desk); err != nil {
		t.Fatal(err)
	}
	poll()
	w.clock.Move(10 * time.Second)
	restore()
	poll()
	w.clock.Move(2 * time.Second)
	again := w.open(t) // bob's generation is the old one again
	w.user = ada
	for name, test := range map[string]struct {
		token    string
		accepted bool
	}{
		"a session that ended before the copy":        {outBefore.Tokens.Access, false},
		"a session whose end is lost":                 {outAfter.Tokens.Access, false},
		"a session that never ended":                  {kept.Tokens.Access, true},
		"a session that goes on":                      {w.renew(t, kept).Tokens.Access, true},
		"tokens of a generation whose raise is lost":  {bob.Tokens.Access, false},
		"a new session of a user whose raise is lost": {again.Tokens.Access, true},
		"a new session of a user who was not revoked": {w.open(t).Tokens.Access, true},
	} {
		if got := w.accepted(t, test.token); got != test.accepted {
			t.Errorf("%s is accepted: %v", name, got)
		}
	}
	if _, err := w.EndAll(t.Context(), again.Caller, desk); err != nil {
		t.Fatal(err)
	}
	if w.accepted(t, again.Tokens.Access) {
		t.Error("who is revoked now is accepted")
	}
	w.clock.Move(keep + time.Second)
	w.revocations.Sweep()
	if entries, ends := w.revocations.Held(); entries != 0 || ends != 0 {
		t.Errorf("in the end %d entries and %d ends are left", entries, ends)
	}
}

func TestADisabledUsersSessionThatWasLeftOpenIsNotRenewed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disabled.db")
	w := newWorldIn(t, path, grace)
	o := w.open(t)
	next := w.renew(t, o)
	run := behind(t, path)
	run(`UPDATE users SET disabled_at = created_at`)
	w.ended(t, next.Tokens.Refresh)
	w.ended(t, o.Tokens.Refresh)
	run(`UPDATE users SET disabled_at = NULL`)
	w.renew(t, next) // nothing has moved
}
