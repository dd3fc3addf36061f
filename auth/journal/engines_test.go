package journal_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/fieldward/fieldward/db"
	postgresdb "github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

// database is a store, and what somebody does behind its back.
type database struct {
	*db.Store
	pool *sql.DB
	zero string // how the engine writes 32 zero bytes
}

// engines open a database of the test's own each.
func engines() map[string]func(testing.TB) database {
	return map[string]func(testing.TB) database{
		"on SQLite": func(t testing.TB) database {
			path := filepath.Join(t.TempDir(), "test.db")
			return database{open(t, path), raw(t, path), "zeroblob(32)"}
		},
		"on PostgreSQL": func(t testing.TB) database {
			server, err := startedPostgres()
			must(t, err)
			return openPostgres(t, server.Database(t))
		},
	}
}

// startedPostgres is the server of all tests here.
var startedPostgres = sync.OnceValues(postgrestest.Start)

func openPostgres(t testing.TB, url string) database {
	t.Helper()
	s, err := postgresdb.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	pool, err := sql.Open("pgx", url)
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return database{s, pool, "decode(repeat('00', 32), 'hex')"}
}

// tamper runs statements, which a semicolon ends, behind the store's back. In them {zero} stands for 32 zero bytes.
func (d database) tamper(t testing.TB, statements string) {
	t.Helper()
	for statement := range strings.SplitSeq(strings.ReplaceAll(statements, "{zero}", d.zero), ";") {
		_, err := d.pool.Exec(statement)
		must(t, err)
	}
}

// onEngines runs a test on each engine.
func onEngines(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	for name, open := range engines() {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}
