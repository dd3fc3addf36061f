package db_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/upkeep"
	"github.com/fieldward/fieldward/db/dbtest"
)

// TestEachStatementIsAnsweredFromAnIndex asks both engines how they would go about every statement that the contract of
// a store brings up, and every statement in this package is among them: a new one is held to the same.
func TestEachStatementIsAnsweredFromAnIndex(t *testing.T) {
	r := record{values: map[string][]any{}}
	t.Run("contract", func(t *testing.T) { dbtest.Run(t, r.open) })
	r.askWhatIsAskedInNeed(t)
	t.Run("each that is written has been asked", func(t *testing.T) {
		for pattern, matches := range written(t) {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(r.values)), matches.MatchString) {
				t.Errorf("nothing asks %s", pattern)
			}
		}
	})
	t.Logf("there are %d statements", len(r.values))
	used := map[string]bool{}
	t.Run("SQLite", func(t *testing.T) { r.judge(t, sqlitePlans(t), used) })
	t.Run("PostgreSQL", func(t *testing.T) { r.judge(t, postgresPlans(t), used) })
	for excuse := range excuses {
		if !used[excuse] {
			t.Errorf("nothing needs to be excused because %s", excuse)
		}
	}
}

// askWhatIsAskedInNeed asks what the contract does not: whether the database is there, what came of a change whose
// answer was lost, and what an engine asks itself where a user is deleted; and it forgets as much as upkeep does at once.
func (r *record) askWhatIsAskedInNeed(t *testing.T) {
	t.Helper()
	s := r.open(t)
	must(t, s.Ping(t.Context()))
	_, err := s.ForgetSessions(t.Context(), time.Now().AddDate(0, 0, -30), upkeep.Batch)
	must(t, err)
	_, err = s.ForgetTallies(t.Context(), time.Now().Add(-time.Hour), upkeep.Batch)
	must(t, err)
	r.lost = true
	must(t, s.Record(t.Context(), auth.NewEvent(auth.SignedIn, time.Now(), auth.Client{})))
	r.lost = true
	if err := s.Advance(t.Context(), session.Advance{SessionID: "ses_1", To: 1, At: time.Now()}); err == nil {
		t.Error("nobody's session was advanced")
	}
	r.values[`SELECT 1 FROM sessions WHERE user_id = $1`] = []any{"usr_1"}
}

// plans finds what is wrong with an engine's plan for a statement.
type plans func(t *testing.T, statement string, values []any) (wrong []string)

// excuses are statements that may read more than they answer, with the reason.
var excuses = map[string]*regexp.Regexp{
	"a part of an address or a name is looked for by staff, in the order of the list, until the page is full": regexp.MustCompile(
		` FROM users WHERE .*(email_key|name_key) LIKE `),
	"nearly everyone is a USER, so that a page of them is soon full": regexp.MustCompile(
		`^SELECT users\.id.* FROM users WHERE .*roles \|\| ' '\) LIKE `),
	"nearly everyone is enabled, so that a page of them is soon full": regexp.MustCompile(
		`^SELECT users\.id.* FROM users WHERE .*disabled_at IS NULL`),
	"how many users there are is counted only where staff ask for it": regexp.MustCompile(
		`^SELECT COUNT\(\*\) FROM users`),
	"a page of what happens often is soon full": regexp.MustCompile(
		`^SELECT id, happened_at.* FROM events WHERE (.* )?action (= \$\d+|IN \([$0-9, ]*\)) ORDER BY`),
	"of several things that seldom happen all that happened is sorted": regexp.MustCompile(
		`^SELECT id, happened_at.* FROM events WHERE (.* )?action IN \([$0-9, ]*\) AND action NOT IN `),
	"all that can still refuse a token is read, at the start of a server": regexp.MustCompile(
		`^SELECT happened_at, action, session_id`),
	"a user has 50 live sessions at the most": regexp.MustCompile(
		`^UPDATE sessions SET ended_at .* NOT IN`),
}

// alone is what must be answered from the index, without its table.
var alone = regexp.MustCompile(`^SELECT happened_at, action, session_id`)

func (r *record) judge(t *testing.T, ask plans, used map[string]bool) {
	t.Helper()
	for _, statement := range slices.Sorted(maps.Keys(r.values)) {
		wrong := ask(t, statement, r.values[statement])
		if len(wrong) == 0 {
			continue
		}
		excused := false
		for excuse, statements := range excuses {
			if statements.MatchString(statement) {
				excused, used[excuse] = true, true
			}
		}
		if !excused {
			t.Errorf("%s: %q", statement, wrong)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
