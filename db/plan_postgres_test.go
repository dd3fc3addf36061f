package db_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

// crowd makes the tables as large as it takes for PostgreSQL to see a difference between reading all and little, and
// shaped as those of a large server: nearly everyone is a plain user who is enabled, nearly all events have a number.
const crowd = `
	INSERT INTO users (id, email, email_key, email_verified, name, name_key, password_hash, roles, generation, created_at, updated_at, disabled_at)
	SELECT 'usr_' || lpad(CAST(i AS TEXT), 26, '0'), i || '@example.org', i || '@example.org', TRUE, 'User ' || i, 'user ' || i, repeat('h', 97),
	       CASE WHEN i % 2000 = 0 THEN 'USER ADMIN' ELSE 'USER' END, 0, now() - i * interval '1 second', now(),
	       CASE WHEN i % 1000 = 0 THEN now() END
	FROM generate_series(1, 10000) AS i;

	INSERT INTO sessions (id, user_id, counter, auth_time, user_agent, created_at, renewed_at, expires_at, ended_at)
	SELECT 'ses_' || lpad(CAST(i AS TEXT), 26, '0'), 'usr_' || lpad(CAST(1 + i % 10000 AS TEXT), 26, '0'), 0, now(), repeat('u', 100),
	       now() - i * interval '1 second', now(), now() - i * interval '1 second' + interval '30 days',
	       CASE WHEN i % 5 = 0 THEN now() - i * interval '1 second' + interval '1 hour' END
	FROM generate_series(1, 30000) AS i;

	INSERT INTO events (id, happened_at, action, actor_id, subject_id, session_id, user_agent, generation, number, salt, client_digest, hash)
	SELECT 'evt_' || lpad(CAST(i AS TEXT), 26, '0'), now() - (30000 - i) * interval '1 second',
	       CASE WHEN i % 500 = 0 THEN 'ROLES_CHANGED' WHEN i % 4 = 0 THEN 'SIGNED_OUT' WHEN i % 9 = 0 THEN 'SIGN_IN_FAILED' ELSE 'SIGNED_IN' END,
	       'usr_' || lpad(CAST(1 + i % 10000 AS TEXT), 26, '0'), 'usr_' || lpad(CAST(1 + i % 10000 AS TEXT), 26, '0'),
	       'ses_' || lpad(CAST(i AS TEXT), 26, '0'), repeat('u', 100), CASE WHEN i % 500 = 0 THEN 1 END,
	       i, CAST(repeat('s', 16) AS BYTEA), CAST(repeat('d', 32) AS BYTEA), CAST(repeat('h', 32) AS BYTEA)
	FROM generate_series(1, 30000) AS i;

	INSERT INTO tallies (tally_key, tally, since, counted_at)
	SELECT sha256(CAST(CAST(i AS TEXT) AS BYTEA)), 1, now(), now() - (i * 7919) % 50000 * interval '1 second'
	FROM generate_series(1, 50000) AS i;

	VACUUM ANALYZE users, sessions, events, tallies;

	-- As on a disk without arms. Tables of this size are then worth an index, as larger ones are.
	SET random_page_cost = 1.1;`

// page is what may be sorted, and read without a limit.
const page = 500

// executions are so many that PostgreSQL has made up its mind whether it plans a prepared statement each time, or once
// for all values: it looks at five plans first.
const executions = 7

// postgresPlans asks a database that holds a crowd.
func postgresPlans(t *testing.T) plans {
	t.Helper()
	server, err := postgrestest.Start()
	must(t, err)
	pool, err := sql.Open("pgx", server.Database(t)+"&default_query_exec_mode=simple_protocol")
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	pool.SetMaxOpenConns(1) // what is prepared is so on one connection
	for _, statement := range strings.Split(crowd, ";") {
		if strings.TrimSpace(statement) != "" {
			_, err := pool.ExecContext(t.Context(), statement)
			must(t, err)
		}
	}
	return func(t *testing.T, statement string, values []any) (wrong []string) {
		t.Helper()
		do := func(statement string) {
			if _, err := pool.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		do(`PREPARE asked AS ` + statement)
		defer do(`DEALLOCATE asked`)
		for range executions {
			plan := postgresPlan(t, pool, values)
			wrong = append(wrong, plan.wrong(false)...)
			if alone.MatchString(statement) && !plan.isAlone() {
				t.Errorf("%s: %+v reads the table too", statement, plan)
			}
		}
		slices.Sort(wrong)
		return slices.Compact(wrong)
	}
}

// step is one of a plan (https://www.postgresql.org/docs/current/sql-explain.html).
type step struct {
	Kind   string  `json:"Node Type"`
	Parent string  `json:"Parent Relationship"`
	Table  string  `json:"Relation Name"`
	Index  string  `json:"Index Name"`
	Cond   string  `json:"Index Cond"`
	Filter string  `json:"Filter"`
	Rows   float64 `json:"Plan Rows"`
	Steps  []step  `json:"Plans"`
}

// wrong is what reads or sorts more than it should. A step is limited where the one above takes no more rows from it
// than it needs.
func (s step) wrong(limited bool) (all []string) {
	say := func(what string) {
		all = append(all, fmt.Sprintf("%s: %s %s %s, %v rows, cond %s, filter %s", what, s.Kind, s.Table, s.Index, s.Rows, s.Cond, s.Filter))
	}
	small := func(s step) bool { return slices.Contains(few, s.Table) || slices.Contains(few, s.Index) }
	switch {
	case small(s):
	case s.Kind == "Seq Scan":
		say("reads a table")
	case s.Index != "" && (s.Cond == "" && (!limited || s.Filter != "") || !limited && s.Rows > page):
		say("reads through an index")
	case strings.HasSuffix(s.Kind, "Sort") && s.Steps[0].Rows > page && !small(s.Steps[0]):
		say("sorts")
	}
	for _, below := range s.Steps {
		passes := s.Kind == "Limit" || limited && slices.Contains([]string{"Nested Loop", "LockRows", "Result", "Subquery Scan"}, s.Kind)
		all = append(all, below.wrong(passes || below.Parent == "InitPlan")...)
	}
	return all
}

// isAlone reports whether the rows are read from indexes alone.
func (s step) isAlone() bool {
	if s.Index != "" || s.Table != "" {
		return s.Kind == "Index Only Scan"
	}
	return !slices.ContainsFunc(s.Steps, func(below step) bool { return !below.isAlone() })
}

func postgresPlan(t *testing.T, pool *sql.DB, values []any) step {
	t.Helper()
	literals := make([]string, len(values))
	for i, v := range values {
		literals[i] = literal(v)
	}
	execute := `EXPLAIN (FORMAT JSON) EXECUTE asked`
	if len(literals) > 0 {
		execute += `(` + strings.Join(literals, `, `) + `)`
	}
	var text string
	if err := pool.QueryRowContext(t.Context(), execute).Scan(&text); err != nil {
		t.Fatalf("%s: %v", execute, err)
	}
	var explained []struct{ Plan step }
	must(t, json.Unmarshal([]byte(text), &explained))
	return explained[0].Plan
}

// literal writes a value as SQL has it.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return `NULL`
	case []byte:
		return `'\x` + hex.EncodeToString(v) + `'`
	case string:
		return `'` + strings.ReplaceAll(v, `'`, `''`) + `'`
	default:
		return fmt.Sprint(v)
	}
}
