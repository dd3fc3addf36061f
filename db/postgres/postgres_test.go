package postgres_test

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/dbtest"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

// started is the server of all tests here.
var started = sync.OnceValues(postgrestest.Start)

func server(t testing.TB) *postgrestest.Server {
	t.Helper()
	s, err := started()
	must(t, err)
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	s := server(t)
	dbtest.Run(t, func(t *testing.T) *db.Store { return open(t, s.Database(t)) })
}

// open opens the database, until the test ends.
func open(t testing.TB, url string) *db.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// raw opens the database past the store.
func raw(t testing.TB, url string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", url)
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

func ada() account.NewUser {
	at := time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)
	return account.NewUser{PasswordHash: "hash", User: auth.User{
		ID: auth.NewID(auth.UserPrefix, at), Name: "Ada", Email: "ada@example.org", Roles: []auth.Role{auth.RoleUser},
		CreatedAt: at, UpdatedAt: at,
	}}
}
