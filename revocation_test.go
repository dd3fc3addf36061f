package main

import (
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/cli"
)

// TestWhatOneProcessRevokesIsRefusedByEveryOther runs two servers on one file, as real processes.
func TestWhatOneProcessRevokesIsRefusedByEveryOther(t *testing.T) {
	const times = 8
	for _, mode := range []string{"fast", "strict"} {
		t.Run(mode, func(t *testing.T) {
			t.Setenv("FIELDWARD_REVOCATION", mode)
			program, err := exec.LookPath("fieldward")
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			here, killHere := launch(t, program, folder)
			defer killHere()
			there, killThere := launch(t, program, folder)
			defer killThere()
			signedUp := tokenOf(t, here, `mutation { s: signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery"}) { accessToken } }`)
			var felt []time.Duration
			for i := range times {
				access := tokenOf(t, there, `mutation { s: signIn(input: {email: "ada@example.com", password: "correct horse battery"}) { accessToken } }`)
				isAnswered(t, here, access, http.StatusOK)
				isAnswered(t, there, access, http.StatusOK)
				time.Sleep(rand.N(500 * time.Millisecond)) // at any moment between two polls
				revoke := `mutation { signOut { endedSessions } }`
				if i%2 == 1 {
					revoke = `mutation { signOutEverywhere { endedSessions } }`
				}
				if status, body := answerTo(t, here, access, revoke); status != http.StatusOK {
					t.Fatalf("answered %d, %s", status, body)
				}
				felt = append(felt, untilRefused(t, there, access, mode == "strict"))
				isAnswered(t, here, access, http.StatusUnauthorized)
			}
			slices.Sort(felt)
			t.Logf("%s: refused elsewhere after %s to %s, half of the time within %s", mode, felt[0], felt[times-1], felt[times/2])
			if felt[times/2] > time.Second {
				t.Errorf("half of the time it takes longer than a second: %v", felt)
			}
			isAnswered(t, there, signedUp, http.StatusUnauthorized) // its generation was raised
		})
	}
}

// untilRefused is how long a token is accepted still; not at all where that must be so at once.
func untilRefused(t *testing.T, url, access string, atOnce bool) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		status, body := answerTo(t, url, access, `{ me { id } }`)
		took := time.Since(began)
		switch {
		case status == http.StatusUnauthorized:
			return took
		case atOnce || status != http.StatusOK || took > 10*time.Second:
			t.Fatalf("answered %d after %s: %s", status, took, body)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// isAnswered wants a status for whoever has the token.
func isAnswered(t *testing.T, url, access string, want int) {
	t.Helper()
	if status, body := answerTo(t, url, access, `{ me { id } }`); status != want {
		t.Errorf("answered %d, not %d: %s", status, want, body)
	}
}

func answerTo(t *testing.T, url, access, query string) (status int, body []byte) {
	t.Helper()
	status, body, err := post(http.DefaultClient, url, access, query, nil)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// tokenOf is the access token that the mutation s answers.
func tokenOf(t *testing.T, url, mutation string) string {
	t.Helper()
	_, body := answerTo(t, url, "-", mutation)
	var got struct {
		Data struct{ S struct{ AccessToken string } }
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Data.S.AccessToken == "" {
		t.Fatalf("answered %s", body)
	}
	return got.Data.S.AccessToken
}

func TestAStrictServerIsUnavailableWhereItsDatabaseDoesNotAnswer(t *testing.T) {
	a := newAPIWith(t, func(s *cli.ServeSettings) { s.Revocation = "strict" })
	access := a.token(t, "ada@example.com", auth.RoleUser)
	isAnswered(t, a.url, access, http.StatusOK)
	ada := a.signedIn(t)
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	for name, query := range map[string]string{
		"what claims alone open": `{ claims { subject } }`,
		"what anybody may see":   `{ __typename }`,
		"to sign out":            `mutation { signOut { endedSessions } }`,
	} {
		status, got := a.ask(t, access, query, nil)
		if status != http.StatusServiceUnavailable || got.Data != nil || len(got.Errors) != 1 ||
			got.Errors[0].Extensions["code"] != "UNAVAILABLE" || got.Errors[0].Extensions["retryAfter"] == nil {
			t.Errorf("%s: answered %d, %v", name, status, got)
		}
		if got := ada.send(t, query, nil); got.status != http.StatusServiceUnavailable || got.Data != nil || len(got.set) > 0 {
			t.Errorf("%s, by cookie: answered %d, %s, and sets %v", name, got.status, got.body, got.set)
		}
	}
	if status, got := a.ask(t, "-", `{ __typename }`, nil); status != http.StatusOK {
		t.Errorf("nobody in particular is answered %d, %v", status, got)
	}
}

func TestAServerThatCannotFollowTheJournalIsNotReadyAndGoesOnRefusing(t *testing.T) {
	var of cli.StoreSettings
	a := newAPIWith(t, func(s *cli.ServeSettings) { of = s.StoreSettings })
	driver, source := "sqlite", (&url.URL{Scheme: "file", Path: of.SQLiteFile(), RawQuery: "_busy_timeout=10000"}).String()
	if of.IsPostgres() {
		driver, source = "pgx", of.Database
	}
	pool, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	rename := func(from, to string) {
		t.Helper()
		if _, err := pool.Exec(`ALTER TABLE ` + from + ` RENAME TO ` + to); err != nil {
			t.Fatal(err)
		}
	}
	out, kept := a.token(t, "ada@example.com", auth.RoleUser), a.token(t, "bob@example.com", auth.RoleUser)
	if status, body := answerTo(t, a.url, out, `mutation { signOut { endedSessions } }`); status != http.StatusOK {
		t.Fatalf("answered %d, %s", status, body)
	}
	a.isReady(t, true, time.Second)
	rename("journal_head", "away")
	a.isReady(t, false, 10*time.Second)
	isAnswered(t, a.url, out, http.StatusUnauthorized)
	isAnswered(t, a.url, kept, http.StatusOK)
	if !strings.Contains(a.log.String(), "journal not followed") {
		t.Error("the log does not say so")
	}
	rename("away", "journal_head")
	a.isReady(t, true, 10*time.Second)
}

// isReady wants the server to be ready, or not, within a time.
func (a *api) isReady(t *testing.T, want bool, within time.Duration) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		status, body := do(t, r)
		if (status == http.StatusOK) == want {
			return
		}
		if time.Since(began) > within {
			t.Fatalf("/readyz answers %d, %s", status, body)
		}
	}
}
