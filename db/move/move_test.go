package move_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/move"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
	"github.com/fieldward/fieldward/db/sqlite"
)

// started is the server of all tests here.
var started = sync.OnceValues(postgrestest.Start)

func server(t *testing.T) *postgrestest.Server {
	t.Helper()
	s, err := started()
	must(t, err)
	return s
}

// place is a database of a test, on either engine.
type place struct {
	open, alone func(context.Context, string) (*db.Store, error)
	at          string
	raw         *sql.DB
}

// tables are the names of all.
func tables() (names []string) {
	for _, t := range db.Tables() {
		names = append(names, t.Name)
	}
	return names
}

// inFile is a SQLite database with its tables.
func inFile(t *testing.T) place {
	t.Helper()
	p := place{open: sqlite.Open, alone: sqlite.OpenAlone, at: filepath.Join(t.TempDir(), "test.db")}
	s, err := p.open(t.Context(), p.at)
	must(t, err)
	must(t, s.Migrate(t.Context()))
	must(t, s.Close())
	p.raw, err = sql.Open("sqlite", (&url.URL{Scheme: "file", Path: p.at}).String())
	must(t, err)
	p.raw.SetMaxIdleConns(0) // else the file is in use
	t.Cleanup(func() { must(t, p.raw.Close()) })
	return p
}

// onServer is a PostgreSQL database with its tables.
func onServer(t *testing.T) place {
	t.Helper()
	p := place{open: postgres.Open, alone: postgres.OpenAlone, at: server(t).Database(t)}
	var err error
	p.raw, err = sql.Open("pgx", p.at)
	must(t, err)
	t.Cleanup(func() { must(t, p.raw.Close()) })
	return p
}

func engines() map[string]func(*testing.T) place {
	return map[string]func(*testing.T) place{"SQLite": inFile, "PostgreSQL": onServer}
}

func (p place) exec(t *testing.T, statement string) {
	t.Helper()
	_, err := p.raw.Exec(statement)
	must(t, err)
}

func (p place) count(t *testing.T, table string) (n int64) {
	t.Helper()
	must(t, p.raw.QueryRow(`SELECT COUNT(*) FROM `+table).Scan(&n))
	return n
}

// moveTo moves all rows.
func (p place) moveTo(ctx context.Context, to place, tell func(string, int64)) (moved []move.Moved, err error) {
	source, err := p.alone(ctx, p.at)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := to.open(ctx, to.at)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	return move.All(ctx, source, target, tell)
}

// isEmpty fails the test where a table has other rows than it came with.
func (p place) isEmpty(t *testing.T) {
	t.Helper()
	for _, table := range tables() {
		if n := p.count(t, table); n > 0 && table != "journal_head" {
			t.Errorf("%s holds %d rows", table, n)
		}
	}
	var number int64
	must(t, p.raw.QueryRow(`SELECT number FROM journal_head`).Scan(&number))
	if number != 0 {
		t.Errorf("the journal has come to %d", number)
	}
}

func TestNoTableIsForgotten(t *testing.T) {
	catalogues := map[string]string{
		"SQLite": `
			SELECT name FROM sqlite_master
			WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'goose_db_version'`,
		"PostgreSQL": `
			SELECT tablename FROM pg_tables
			WHERE schemaname = current_schema() AND tablename NOT IN ('fieldward_migrations', 'fieldward_migration_lease')`,
	}
	want := slices.Sorted(slices.Values(tables()))
	for name, engine := range engines() {
		t.Run(name, func(t *testing.T) {
			got := firsts(t, engine(t).raw, catalogues[name])
			slices.Sort(got)
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("the tables of the database, and those of tables.go (-database +tables.go):\n%s", diff)
			}
		})
	}
}

// firsts are the first columns of a query's rows.
func firsts(t *testing.T, pool *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := pool.Query(query)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var s string
		must(t, rows.Scan(&s))
		all = append(all, s)
	}
	must(t, rows.Err())
	return all
}

func TestWhatAnotherEngineWouldNotKeepIsNamed(t *testing.T) {
	const good = `
		INSERT INTO users (id, email, email_key, email_verified, name, name_key, password_hash, roles, generation, created_at, updated_at)
		VALUES ('usr_1', 'a', 'a', 1, 'Ada', 'ada', 'h', 'USER', 1, '2026-11-24T12:00:00.000000Z', '2026-11-24T12:00:00.000000Z')`
	tests := map[string]struct{ spoil, want string }{
		"NUL":           {`UPDATE users SET name = 'A' || char(0) || 'da'`, `copy users: the row "usr_1" has in the column name the character NUL`},
		"broken UTF-8":  {`UPDATE users SET name = CAST(x'41ff' AS TEXT)`, `the row "usr_1" has in the column name the character NUL, or what is not UTF-8`},
		"neither":       {`UPDATE users SET email_verified = 2`, `the row "usr_1" has in the column email_verified the number 2`},
		"nanoseconds":   {`UPDATE users SET created_at = '2026-11-24T12:00:00.123456789Z'`, `the row "usr_1" has in the column created_at a time that is not`},
		"another zone":  {`UPDATE users SET created_at = '2026-11-24T12:00:00.000000+01:00'`, `in the column created_at a time that is not`},
		"no such day":   {`UPDATE users SET created_at = '2026-02-30T12:00:00.000000Z'`, `in the column created_at a time that is not`},
		"a NUL, later":  {`INSERT INTO events (id, happened_at, action) VALUES ('evt_1', '2026-11-24T12:00:00.000000Z', char(0))`, `copy events: the row "evt_1" has in the column action`},
		"nobody's":      {`INSERT INTO sessions (id, user_id, counter, auth_time, created_at, renewed_at, expires_at) SELECT 'ses_1', 'usr_2', 0, created_at, created_at, created_at, created_at FROM users`, `copy sessions: write the rows from "ses_1" to "ses_1"`},
		"a tally's key": {`INSERT INTO tallies (tally_key, tally, since, counted_at) VALUES (x'00ff', 1, 'now', 'now')`, `copy tallies: the row 00ff has in the column since`},
	}
	to := onServer(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			from := inFile(t)
			from.exec(t, good)
			from.exec(t, test.spoil)
			if _, err := from.moveTo(t.Context(), to, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v, want %s", err, test.want)
			}
			to.isEmpty(t)
		})
	}
	from := inFile(t)
	from.exec(t, good)
	_, err := from.moveTo(t.Context(), to, nil) // nothing is left behind that keeps this from succeeding
	must(t, err)
}

// many adds users of which copying takes several batches.
func (p place) many(t *testing.T) {
	t.Helper()
	p.exec(t, `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)
		INSERT INTO users (id, email, email_key, email_verified, name, name_key, password_hash, roles, generation, created_at, updated_at)
		SELECT 'usr_' || i, i, i, 1 = 1, 'Ada', 'ada', 'h', 'USER', 1, '2026-11-24T12:00:00.000000Z', '2026-11-24T12:00:00.000000Z' FROM n`)
}

func TestInterruptedMoveLeavesTheTargetEmpty(t *testing.T) {
	for name, engine := range engines() {
		t.Run("to "+name, func(t *testing.T) {
			from, to := inFile(t), engine(t)
			from.many(t)
			ctx, interrupt := context.WithCancel(t.Context())
			copied := int64(0)
			_, err := from.moveTo(ctx, to, func(_ string, rows int64) {
				if copied = rows; rows >= 1000 {
					interrupt()
				}
			})
			if !errors.Is(err, context.Canceled) || copied < 1000 {
				t.Errorf("after %d rows: %v", copied, err)
			}
			to.isEmpty(t)
			_, err = from.moveTo(t.Context(), to, nil)
			must(t, err)
			if n := to.count(t, "users"); n != 2100 {
				t.Errorf("a second time it copies %d users", n)
			}
		})
	}
}

func TestServerThatEndsTheConnectionLeavesTheTargetEmpty(t *testing.T) {
	from, to := inFile(t), onServer(t)
	from.many(t)
	end := sync.OnceFunc(func() {
		to.exec(t, `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'fieldward'`)
	})
	if _, err := from.moveTo(t.Context(), to, func(string, int64) { end() }); err == nil {
		t.Error("it says that it has moved")
	}
	to.isEmpty(t)
	_, err := from.moveTo(t.Context(), to, nil)
	must(t, err)
}

func TestRowsThatGetLostOnTheWayAreMissed(t *testing.T) {
	from, to := inFile(t), onServer(t)
	from.many(t)
	to.exec(t, `CREATE RULE lossy AS ON INSERT TO users WHERE NEW.id = 'usr_77' DO INSTEAD NOTHING`)
	_, err := from.moveTo(t.Context(), to, nil)
	if err == nil || !strings.Contains(err.Error(), "count users: there were 2100 rows, and 2099 were copied") {
		t.Errorf("got the error %v", err)
	}
	to.isEmpty(t)
}

func TestNothingIsCopiedOnTopOfRows(t *testing.T) {
	for name, engine := range engines() {
		t.Run(name, func(t *testing.T) {
			for _, row := range []string{
				`INSERT INTO tallies (tally_key, tally, since, counted_at) VALUES ('\x00', 1, '2026-11-24T12:00:00.000000Z', '2026-11-24T12:00:00.000000Z')`,
				`UPDATE journal_head SET number = 1`,
			} {
				from, to := inFile(t), engine(t)
				from.many(t)
				to.exec(t, strings.ReplaceAll(row, `'\x00'`, map[string]string{"SQLite": `x'00'`, "PostgreSQL": `'\x00'`}[name]))
				if _, err := from.moveTo(t.Context(), to, nil); !errors.Is(err, move.ErrHoldsRows) {
					t.Errorf("after %s: %v", row, err)
				}
				if n := to.count(t, "users"); n != 0 {
					t.Errorf("it has copied %d users", n)
				}
			}
		})
	}
}

func TestDatabaseThatAServerWorksOnIsNotMoved(t *testing.T) {
	wants := map[string]string{"SQLite": "is in use by a program", "PostgreSQL": "a server works on the database"}
	for name, engine := range engines() {
		t.Run(name, func(t *testing.T) {
			from, to := engine(t), inFile(t)
			s, err := from.open(t.Context(), from.at)
			must(t, err)
			must(t, s.Ping(t.Context()))
			if _, err := from.moveTo(t.Context(), to, nil); err == nil || !strings.Contains(err.Error(), wants[name]) {
				t.Errorf("got the error %v", err)
			}
			must(t, s.Close())
			_, err = from.moveTo(t.Context(), to, nil)
			must(t, err)
		})
	}
}

func TestNobodyWritesWhileADatabaseIsMoved(t *testing.T) {
	for name, engine := range engines() {
		t.Run(name, func(t *testing.T) {
			from, to := engine(t), inFile(t)
			from.many(t)
			write := sync.OnceFunc(func() {
				if name == "PostgreSQL" {
					ctx, cancel := context.WithTimeout(t.Context(), 300e6)
					defer cancel()
					if _, err := from.raw.ExecContext(ctx, `DELETE FROM users`); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("someone has written: %v", err)
					}
				} else if _, err := from.raw.Exec(`DELETE FROM users`); err == nil || !strings.Contains(err.Error(), "locked") {
					t.Errorf("someone has written: %v", err)
				}
			})
			_, err := from.moveTo(t.Context(), to, func(string, int64) { write() })
			must(t, err)
			if a, b := from.count(t, "users"), to.count(t, "users"); a != 2100 || b != 2100 {
				t.Errorf("there are %d users, and %d were copied", a, b)
			}
		})
	}
}

func TestOnlyADatabaseOfThisProgramIsMoved(t *testing.T) {
	to := onServer(t)
	missing := place{alone: sqlite.OpenAlone, at: filepath.Join(t.TempDir(), "missing.db")}
	if _, err := missing.moveTo(t.Context(), to, nil); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Errorf("of what is missing: %v", err)
	}
	for statement, want := range map[string]string{
		`DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`: "run fieldward migrate on it",
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`:                         "move it with that program",
		`ALTER TABLE users ADD COLUMN shoe_size INTEGER`:                                                 `the column "shoe_size" is in the first database alone`,
	} {
		from := inFile(t)
		from.exec(t, statement)
		if _, err := from.moveTo(t.Context(), to, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("after %s: %v", statement, err)
		}
		to.isEmpty(t)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
