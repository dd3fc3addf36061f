package db_test

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

func TestListsAreReadInOrderFromAnIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	must(t, s.Migrate(t.Context()))
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	must(t, err)
	defer func() { must(t, pool.Close()) }()

	const primary, staff = "USING PRIMARY KEY", "USING INDEX users_staff"
	tests := map[string]struct {
		filter auth.UserFilter
		page   auth.Page
		want   string
	}{
		"all, from the beginning":  {auth.UserFilter{}, auth.Page{Limit: 20}, "SCAN users"},
		"all, further on":          {auth.UserFilter{}, auth.Page{Limit: 20, Beyond: "usr_1"}, primary},
		"all, backward":            {auth.UserFilter{}, auth.Page{Limit: 20, Beyond: "usr_1", Backward: true}, primary},
		"by a part of the address": {auth.UserFilter{EmailContains: new("a")}, auth.Page{Limit: 20, Beyond: "usr_1"}, primary},
		"everyone with a role":     {auth.UserFilter{Role: new(auth.RoleUser)}, auth.Page{Limit: 20, Beyond: "usr_1"}, primary},
		"staff":                    {auth.UserFilter{Role: new(auth.RoleAdmin)}, auth.Page{Limit: 20}, staff},
		"staff, further on":        {auth.UserFilter{Role: new(auth.RoleSupport)}, auth.Page{Limit: 20, Beyond: "usr_1"}, staff},
		"staff, backward": {
			auth.UserFilter{Role: new(auth.RoleAdmin), NameContains: new("a")}, auth.Page{Limit: 20, Backward: true}, staff,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			query, args := db.UserPage(test.filter, test.page)
			plan := explain(t, pool, query, args)
			if !strings.Contains(plan, test.want) || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("the plan is %q, want it to say %q and nothing of sorting", plan, test.want)
			}
		})
	}
}

func TestWhatIsAskedAgainAndAgainIsAnsweredFromAnIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	must(t, s.Migrate(t.Context()))
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	must(t, err)
	defer func() { must(t, pool.Close()) }()

	tests := map[string]struct {
		statement string
		args      []any
		want      []string
	}{
		"whether any event waits":     {db.AnyWait, []any{""}, []string{"SCAN events USING INDEX events_waiting", "SEARCH events USING INDEX events_growing"}},
		"the events that wait":        {db.WaitingEvents, []any{500}, []string{"SCAN events USING INDEX events_waiting"}},
		"what does not grow any more": {db.FinishTallies, []any{"", 500}, []string{"SEARCH events USING INDEX events_growing"}},
		"the events from a number on": {db.NumberedEvents, []any{7, 500}, []string{"USING INDEX events_by_number (number>?)"}},
		"how many events wait":        {db.CountWaiting, nil, []string{"SCAN events USING INDEX events_waiting", "USING COVERING INDEX events_by_tally_key"}},
		"the events that are pruned":  {db.RemoveNumbered, []any{7, 500}, []string{"USING INDEX events_by_number (number>? AND number<?)"}},
		"how a session stands": {
			db.Standing, []any{"ses_1", "usr_1"}, []string{"SEARCH sessions USING PRIMARY KEY", "SEARCH users USING PRIMARY KEY"},
		},
		"the events that revoke": {db.RevokingEvents, []any{""}, []string{"USING INDEX events_revoking (happened_at>?)"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, pool, test.statement, test.args)
			for _, want := range test.want {
				if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("the plan is %q, and not %q", plan, want)
				}
			}
		})
	}
}

func explain(t *testing.T, pool *sql.DB, query string, args []any) string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, args...)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		must(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	must(t, rows.Err())
	return strings.Join(steps, "; ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
