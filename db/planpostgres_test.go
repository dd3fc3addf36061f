package db_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

// TestPostgreSQLNumbersTheJournalWithoutReadingItAll looks at the plans that are kept for any argument, of a journal that
// is new, has grown since its statistics were taken, or has a great many events that wait.
func TestPostgreSQLNumbersTheJournalWithoutReadingItAll(t *testing.T) {
	server, err := postgrestest.Start()
	must(t, err)
	pool, err := sql.Open("pgx", server.Database(t))
	must(t, err)
	defer func() { must(t, pool.Close()) }()
	pool.SetMaxOpenConns(1)
	do := func(statement string) {
		_, err := pool.Exec(statement)
		must(t, err)
	}
	do(`SET plan_cache_mode = force_generic_plan`)
	const numbered, waiting = `
		INSERT INTO events (id, happened_at, action, number)
		SELECT 'evt_1' || lpad(CAST(i AS TEXT), 25, '0'), now(), 'SIGNED_IN', i FROM generate_series(1, 20000) AS i`, `
		INSERT INTO events (id, happened_at, action)
		SELECT 'evt_2' || lpad(CAST(i AS TEXT), 25, '0'), now(), 'SIGNED_IN' FROM generate_series(1, 5000) AS i`
	const empty = `SELECT 1`
	for _, state := range []string{empty, numbered, `ANALYZE events`, waiting, `ANALYZE events`} {
		do(state)
		for name, statement := range map[string]string{
			"whether any event waits": db.AnyWait, "the events that wait": db.WaitingEvents, "what has grown": db.FinishTallies,
			"the events from a number on": db.NumberedEvents, "what is pruned": db.RemoveNumbered,
		} {
			do(`PREPARE hot AS ` + statement)
			plan := planOf(t, pool, `EXECUTE hot(`+strings.Repeat(`, NULL`, strings.Count(statement, "$2")+1)[2:]+`)`)
			do(`DEALLOCATE hot`)
			if state == empty && statement == db.FinishTallies {
				continue // it is not run where nothing has grown
			}
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") {
				t.Errorf("after %q the plan of %s is\n%s", strings.TrimSpace(state), name, plan)
			}
		}
	}
}

func planOf(t *testing.T, pool *sql.DB, statement string) string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `EXPLAIN (COSTS OFF) `+statement)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var lines []string
	for rows.Next() {
		var line string
		must(t, rows.Scan(&line))
		lines = append(lines, line)
	}
	must(t, rows.Err())
	return strings.Join(lines, "\n")
}
