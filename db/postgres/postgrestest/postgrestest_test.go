package postgrestest_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

// startVariable tells a process that runs the test again that it is to start a server, and to wait.
const startVariable = "POSTGRES_TEST_START"

func TestServerEndsWithTheProcessThatBeganIt(t *testing.T) {
	if os.Getenv(startVariable) != "" {
		startAndWait(t)
	}
	for name, signal := range map[string]os.Signal{"killed": os.Kill, "interrupted": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			temporary := t.TempDir()
			must(t, os.Chmod(temporary, 0o777)) // the server may run as another user
			must(t, os.Chmod(filepath.Dir(temporary), 0o755))
			process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServerEndsWithTheProcessThatBeganIt$")
			process.Env = append(os.Environ(), startVariable+"=1", "TMPDIR="+temporary, "FIELDWARD_TEST_POSTGRES=")
			out, err := process.StdoutPipe()
			must(t, err)
			begin := time.Now()
			must(t, process.Start())
			address, err := bufio.NewReader(out).ReadString('\n')
			must(t, err)
			t.Logf("a test has its database after %s", time.Since(begin).Round(time.Millisecond))
			pool, err := sql.Open("pgx", strings.TrimSpace(address))
			must(t, err)
			defer func() { must(t, pool.Close()) }()
			must(t, pool.PingContext(t.Context()))

			must(t, process.Process.Signal(signal))
			_ = process.Wait() // it did not end well
			for range 1000 {
				left, err := os.ReadDir(temporary)
				must(t, err)
				if pool.PingContext(t.Context()) != nil && len(left) == 0 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Error("the server, or its folder, is still there")
		})
	}
}

func startAndWait(t *testing.T) {
	t.Helper()
	s, err := postgrestest.Start()
	must(t, err)
	_, _ = fmt.Fprintln(os.Stdout, s.Database(t))
	time.Sleep(time.Hour)
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	s, err := postgrestest.Start()
	must(t, err)
	var dropped string
	t.Run("one", func(t *testing.T) {
		dropped = s.Database(t)
		pool := open(t, dropped)
		_, err := pool.Exec(`DELETE FROM users`)
		must(t, err)
		_, err = pool.Exec(`CREATE TABLE mine (id TEXT)`)
		must(t, err)
	})
	t.Run("another", func(t *testing.T) {
		var tables int
		must(t, open(t, s.Database(t)).QueryRow(`SELECT count(*) FROM pg_tables WHERE tablename IN ('mine', 'users')`).Scan(&tables))
		if tables != 1 {
			t.Errorf("there are %d of the tables, want the users alone", tables)
		}
		must(t, open(t, s.Empty(t)).QueryRow(`SELECT count(*) FROM pg_tables WHERE tablename = 'users'`).Scan(&tables))
		if tables != 0 {
			t.Error("an empty database has tables")
		}
	})
	if err := open(t, dropped).PingContext(t.Context()); err == nil {
		t.Error("a database outlives its test")
	}
}

func TestMissingPostgreSQLIsSaidInOneLine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := postgrestest.FindPrograms([]string{t.TempDir() + "/*"})
	if err == nil || !strings.Contains(err.Error(), "internal/install-postgres.sh") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got the error %v", err)
	}
}

func TestNewestPostgreSQLIsTaken(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	folder := t.TempDir()
	for _, version := range []string{"9", "15", "17", "100"} {
		bin := filepath.Join(folder, "v"+version)
		must(t, os.Mkdir(bin, 0o700))
		for _, name := range []string{"initdb", "postgres"} {
			if version != "100" || name == "initdb" { // which lacks a server
				must(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o700))
			}
		}
	}
	got, err := postgrestest.FindPrograms([]string{filepath.Join(folder, "v*")})
	must(t, err)
	if filepath.Base(got) != "v17" {
		t.Errorf("it takes %s", got)
	}
}

func open(t *testing.T, address string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", address)
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return pool
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
