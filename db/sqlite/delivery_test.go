package sqlite_test

import (
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

func TestASessionFromBeforeThereWereCookiesGoesOnInTheBody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	engine, err := sqlite.OpenEngine(t.Context(), path)
	must(t, err)
	engine.Migrations = before(t, engine.Migrations, "00005_delivery.sql")
	s := db.New(engine)
	must(t, s.Migrate(t.Context()))
	const rows = `
		INSERT INTO users (id, email, email_key, email_verified, name, name_key, password_hash, roles, generation, created_at, updated_at)
		VALUES ('usr_00000000000000000000000000', 'ada@example.org', 'ada@example.org', 0, 'Ada', 'ada', 'none', 'USER', 1,
		        '2026-11-24T12:00:00.000000Z', '2026-11-24T12:00:00.000000Z');
		INSERT INTO sessions (id, user_id, counter, auth_time, created_at, renewed_at, expires_at)
		VALUES ('ses_00000000000000000000000000', 'usr_00000000000000000000000000', 3, '2026-11-24T12:00:00.000000Z',
		        '2026-11-24T12:00:00.000000Z', '2026-11-24T12:00:00.000000Z', '2026-12-24T12:00:00.000000Z');`
	if _, err := raw(t, path).Exec(rows); err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
	read, _, err := open(t, path).Session(t.Context(), "ses_00000000000000000000000000")
	must(t, err)
	if read.Delivery != auth.InBody || read.Counter != 3 {
		t.Errorf("it is read as %+v", read)
	}
}

// before are the migrations whose names sort before one.
func before(t *testing.T, migrations fs.FS, name string) fstest.MapFS {
	t.Helper()
	names, err := fs.Glob(migrations, "*")
	must(t, err)
	files := fstest.MapFS{}
	for _, n := range names {
		text, err := fs.ReadFile(migrations, n)
		must(t, err)
		if n < name {
			files[n] = &fstest.MapFile{Data: text}
		}
	}
	return files
}
