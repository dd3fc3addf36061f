package db_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/db/sqlite"
)

// few are tables and indexes of so few rows that all of them may be read.
var few = []string{
	"signing_keys", "secrets", "journal_head", "leases",
	"users_staff", "users_disabled", "events_waiting", "events_growing",
}

var (
	sqliteScan = regexp.MustCompile(`^SCAN (\S+)(?: USING (?:COVERING )?INDEX (\S+))?`)
	// firstPage is the beginning of a list that leaves out nobody.
	firstPage = regexp.MustCompile(`FROM (users|events) ORDER BY id( DESC)? LIMIT \$1$`)
	// nothing is what finds nothing, and so reads nothing.
	nothing = regexp.MustCompile(`CONSTANT ROW|WHERE (.* )?FALSE `)
)

// sqlitePlans asks an empty database: SQLite plans by the indexes alone as long as nobody has it analyze the tables.
func sqlitePlans(t *testing.T) plans {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	must(t, s.Migrate(t.Context()))
	must(t, s.Close())
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return func(t *testing.T, statement string, values []any) (wrong []string) {
		t.Helper()
		for _, step := range sqlitePlan(t, pool, statement, values) {
			if isWrongInSQLite(statement, step) {
				wrong = append(wrong, step)
			}
			if alone.MatchString(statement) && !strings.Contains(step, "COVERING INDEX") {
				t.Errorf("%s: %q reads the table too", statement, step)
			}
		}
		return wrong
	}
}

func isWrongInSQLite(statement, step string) bool {
	if scanned := sqliteScan.FindStringSubmatch(step); scanned != nil {
		small := slices.Contains(few, scanned[1]) || slices.Contains(few, scanned[2])
		return !small && !firstPage.MatchString(statement) && !nothing.MatchString(step+" "+statement)
	}
	return regexp.MustCompile(`TEMP B-TREE|AUTOMATIC|BLOOM`).MatchString(step)
}

// sqlitePlan are the steps of a plan (https://www.sqlite.org/eqp.html).
func sqlitePlan(t *testing.T, pool *sql.DB, statement string, values []any) []string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+statement, values...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer func() { must(t, rows.Close()) }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		must(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	must(t, rows.Err())
	return steps
}
