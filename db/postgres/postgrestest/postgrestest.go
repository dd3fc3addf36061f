// Package postgrestest gives tests a PostgreSQL of their own: a cluster in a throw-away folder on a free port of the
// loopback address, or the server that FIELDWARD_TEST_POSTGRES names, and a database for each test. For tests only.
//
// Where there is neither, it fails, and says how to get one: it refuses to let a test pass that has not run.
package postgrestest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/fieldward/fieldward/db/postgres"
)

// serverVariable names a server that is there already: the URL of a superuser, and of no database that matters.
const serverVariable = "FIELDWARD_TEST_POSTGRES"

// Server makes databases on a server. A test binary keeps one for all its tests.
type Server struct {
	url      *url.URL
	pool     *sql.DB
	cluster  *cluster // nil where the server is not ours
	template func() (string, error)
	stem     func() (site, error)
}

// Start begins a cluster, which ends by itself when this process does, however it does; or it turns to the server that
// the environment names.
func Start() (*Server, error) {
	address := os.Getenv(serverVariable)
	var own *cluster
	if address == "" {
		var err error
		if own, err = startCluster(); err != nil {
			return nil, err
		}
		address = own.url
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read %s: it is no URL", serverVariable)
	}
	pool, err := sql.Open("pgx", address)
	if err != nil {
		return nil, fmt.Errorf("read %s: it is no URL of PostgreSQL", serverVariable)
	}
	s := &Server{url: parsed, pool: pool, cluster: own}
	s.template = sync.OnceValues(s.makeTemplate)
	s.stem = sync.OnceValues(makeStem)
	return s, nil
}

// URL finds the server, for another process of the test to name in FIELDWARD_TEST_POSTGRES.
func (s *Server) URL() string { return s.url.String() }

// Database makes a database with the tables, drops it at the end of the test, and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	if s.cluster == nil { // a template would be left behind
		made := s.Empty(t)
		if err := migrate(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		return made
	}
	template, err := s.template()
	if err != nil {
		t.Fatal(err)
	}
	return s.database(t, template)
}

// Empty makes a database without tables, drops it at the end of the test, and returns its URL.
func (s *Server) Empty(t testing.TB) string {
	t.Helper()
	return s.database(t, "template0")
}

func (s *Server) database(t testing.TB, template string) string {
	t.Helper()
	name := newName()
	if err := s.create(t.Context(), name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := s.pool.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.at(name)
}

// create makes a database that sorts as a human would where the server can: what must sort by the bytes has to say so.
func (s *Server) create(ctx context.Context, name, template string) error {
	statement := `CREATE DATABASE ` + name + ` TEMPLATE ` + template
	if template == "template0" {
		statement += ` ENCODING 'UTF8'`
		var icu bool
		if err := s.pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_collation WHERE collprovider = 'i')`).Scan(&icu); err != nil {
			return fmt.Errorf("ask PostgreSQL for its languages: %w", err)
		}
		if icu {
			statement += ` LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`
		}
	}
	if _, err := s.pool.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	return nil
}

// makeTemplate makes the database that those with tables are copies of.
func (s *Server) makeTemplate() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	const name = "fieldward_template"
	if err := s.create(ctx, name, "template0"); err != nil {
		return "", err
	}
	return name, migrate(ctx, s.at(name))
}

// migrate makes the tables.
func migrate(ctx context.Context, url string) error {
	store, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(store.Migrate(ctx), store.Close())
}

// at is the URL of a database.
func (s *Server) at(name string) string {
	u := *s.url
	u.Path = "/" + name
	return u.String()
}

func newName() string { return "fieldward_test_" + strings.ToLower(rand.Text()) }
