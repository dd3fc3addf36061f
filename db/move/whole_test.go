package move_test

import (
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// odd are values at which something may go wrong on the way.
var odd = map[string][]any{
	"text": {
		"", " ", "Ada", "ü李🙂\u0301", "\u202e\ufeff\u0001\u007f", `'"\$1%_;--`, "NULL", "\ufffd", "\r\n\t", strings.Repeat("long ", 4000), `{"a":"\u0000"}`,
	},
	"time": {
		"0001-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00.000000Z", "2026-11-24T07:52:47.000001Z",
		"2026-03-29T02:30:00.123456Z", "2016-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z",
	},
	"number": {int64(0), int64(1), int64(-1), int64(math.MaxInt64), int64(math.MinInt64)},
	"truth":  {int64(0), int64(1)},
	"bytes":  {[]byte{}, []byte{0}, []byte("\xff\xfe\x00"), make([]byte, 32), []byte(`\x41`), []byte(strings.Repeat("\x00\x01", 9000))},
}

// column is one of a table's.
type column struct {
	name, kind string
	null       bool
}

// columnsOf are those of a table, as PostgreSQL has them.
func columnsOf(t *testing.T, pool *sql.DB, table string) (all []column) {
	t.Helper()
	rows, err := pool.Query(`
		SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`, table)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	kinds := map[string]string{
		"text": "text", "timestamp with time zone": "time", "bigint": "number", "boolean": "truth", "bytea": "bytes",
	}
	for rows.Next() {
		var c column
		must(t, rows.Scan(&c.name, &c.kind, &c.null))
		if kinds[c.kind] == "" {
			t.Fatalf("%s.%s is of the type %s, of which no test knows what is odd", table, c.name, c.kind)
		}
		c.kind = kinds[c.kind]
		all = append(all, c)
	}
	must(t, rows.Err())
	return all
}

// fill adds rows of odd values to a SQLite database; those that a constraint refuses are left out.
func (p place) fill(t *testing.T, r *rand.Rand, table string, columns []column, rows int) {
	t.Helper()
	tx, err := p.raw.Begin()
	must(t, err)
	defer func() { must(t, tx.Commit()) }()
	for i := range rows {
		var names, places []string
		var values []any
		for _, c := range columns {
			value := odd[c.kind][r.IntN(len(odd[c.kind]))]
			switch text, isText := value.(string); {
			case c.null && r.IntN(4) == 0:
				value = nil
			case table == "sessions" && c.name == "user_id":
				must(t, tx.QueryRow(`SELECT id FROM users LIMIT 1 OFFSET $1`, r.IntN(20)).Scan(&value))
			case isText && c.kind == "text" && (c.name == columns[0].name || strings.HasSuffix(c.name, "_key")):
				value = fmt.Sprint(text, i) // they are unique
			}
			names, values = append(names, c.name), append(values, value)
			places = append(places, fmt.Sprint("$", len(values)))
		}
		_, err := tx.Exec(`INSERT OR IGNORE INTO `+table+` (`+strings.Join(names, `, `)+`) VALUES (`+strings.Join(places, `, `)+`)`, values...)
		must(t, err)
	}
}

// dump is all that a table holds.
func (p place) dump(t *testing.T, table string) (all [][]any) {
	t.Helper()
	rows, err := p.raw.Query(`SELECT * FROM ` + table + ` ORDER BY 1, 2`)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	columns, err := rows.Columns()
	must(t, err)
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		must(t, rows.Scan(into...))
		all = append(all, row)
	}
	must(t, rows.Err())
	return all
}

func TestWhatIsMovedThereAndBackIsTheSame(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // no secret is made of it
	first, second, third := inFile(t), onServer(t), inFile(t)
	first.exec(t, `DELETE FROM journal_head`)
	rows := map[string]int{"users": 500, "sessions": 1203, "events": 1001}
	for _, table := range tables() {
		columns := columnsOf(t, second.raw, table)
		first.fill(t, r, table, columns, max(rows[table], 60))
		if table == "journal_head" {
			first.exec(t, `INSERT OR REPLACE INTO journal_head (id, number, hash) VALUES (1, 9223372036854775807, x'')`)
		}
	}
	for _, way := range []struct{ from, to place }{{first, second}, {second, third}} {
		moved, err := way.from.moveTo(t.Context(), way.to, nil)
		must(t, err)
		var names []string
		for _, m := range moved {
			names = append(names, m.Table)
			if n := first.count(t, m.Table); n == 0 || m.Read != n || m.Written != n {
				t.Errorf("%s has %d rows, and %+v is told", m.Table, n, m)
			}
		}
		if diff := cmp.Diff(tables(), names); diff != "" {
			t.Errorf("the tables that are told of (-want +got):\n%s", diff)
		}
	}
	for _, table := range tables() {
		if diff := cmp.Diff(first.dump(t, table), third.dump(t, table)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", table, diff)
		}
	}
}
