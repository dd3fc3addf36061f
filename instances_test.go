package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db/postgres"
)

const (
	startersAtOnce  = 8
	instancesAtOnce = 3
)

// fleet is several servers on one database, behind a balancer.
type fleet struct {
	*testing.T
	all      []*instance
	database *sql.DB
	balancer *balancer
	load     *load
	admin    string // an access token
}

// TestInstancesOnOneDatabaseActAsOne starts eight servers at once on an empty database, goes on with three of them behind
// a balancer, and under load rotates keys, revokes tokens, guesses passwords and restarts one after the other.
func TestInstancesOnOneDatabaseActAsOne(t *testing.T) {
	t.Parallel()
	program, key, address := buildProgram(t), masterKey(), postgresServer(t).Empty(t)
	f := &fleet{T: t}
	begun := time.Now()
	for range startersAtOnce {
		i := newInstance(t, program, address, key, "FIELDWARD_DRAIN_DELAY=2s")
		f.all = append(f.all, i)
		i.begin()
	}
	for _, i := range f.all {
		i.listen()
		i.awaitReady(true)
	}
	t.Logf("%d instances have started at once after %s", startersAtOnce, time.Since(begun).Round(time.Millisecond))
	pool, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	f.database = pool
	f.isMigratedOnce()
	f.keepSome()

	store, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	f.balancer = newBalancer(t, f.all...)
	f.load = begin(t, newLedger(f.balancer.url), store, writersAtOnce)
	defer f.load.halt()
	f.admin = f.newAdmin()
	since := time.Now()
	f.load.work()
	f.signsInAtOneAndIsKnownToAll()
	f.revokes()
	f.rotates()
	f.guesses()
	f.restarts()
	f.revokes()
	f.load.halt()

	v := f.load.judge(t, store, since)
	failed := f.load.all(func(a attempt) bool { return a.answer != toldDone && !isProbe(a) }) // which may ask one that drains
	all := f.load.all(func(attempt) bool { return true })
	t.Logf("%d requests in %s, %d changes among them; %d failed, %d are lost, %d wrongly reported; the slowest took %s", len(all),
		time.Since(since).Round(time.Second), len(f.load.all(isChange)), len(failed), len(v.lost), len(v.wrong), slowest(all).Round(time.Millisecond))
	for _, a := range failed {
		t.Errorf("failed: %s", a)
	}
	for _, what := range slices.Concat(v.lost, v.wrong) {
		t.Errorf("lost or wrong: %s", what)
	}
}

func (f *fleet) isMigratedOnce() {
	f.Helper()
	files, err := os.ReadDir("db/postgres/migrations")
	if err != nil {
		f.Fatal(err)
	}
	var versions, distinct, keys int
	const look = `SELECT count(*), count(DISTINCT version_id), (SELECT count(*) FROM signing_keys) FROM fieldward_migrations`
	if err := f.database.QueryRow(look).Scan(&versions, &distinct, &keys); err != nil {
		f.Fatal(err)
	}
	if want := len(files) + 1; versions != want || distinct != want || keys != 1 { // and version 0
		f.Errorf("%d versions are noted, %d different ones, want %d; there are %d signing keys", versions, distinct, want, keys)
	}
}

// keepSome ends all but some instances, as a manager of processes does.
func (f *fleet) keepSome() {
	f.Helper()
	var ending sync.WaitGroup
	for _, i := range f.all[instancesAtOnce:] {
		ending.Go(func() {
			if code := i.end(syscall.SIGTERM); code != 0 {
				f.Errorf("an instance ends with %d: %s", code, i.log.String())
			}
		})
	}
	ending.Wait()
	f.all = f.all[:instancesAtOnce]
}

// newAdmin signs someone up, makes them an administrator in the database, and signs them in.
func (f *fleet) newAdmin() (access string) {
	f.Helper()
	f.tokenOf(0, "signUp", "admin@example.com")
	if _, err := f.database.Exec(`UPDATE users SET roles = 'ADMIN USER' WHERE email = 'admin@example.com'`); err != nil {
		f.Fatal(err)
	}
	return f.tokenOf(0, "signIn", "admin@example.com")
}

// tokenOf signs someone up or in at an instance.
func (f *fleet) tokenOf(at int, how, address string) (access string) {
	f.Helper()
	name := ""
	if how == "signUp" {
		name = `name: "Fleet", `
	}
	return tokenOf(f.T, f.all[at].url(), fmt.Sprintf(`mutation { s: %s(input: {%semail: %q, password: %q}) { accessToken } }`, how, name, address, goodPassword))
}

func (f *fleet) signsInAtOneAndIsKnownToAll() {
	f.Helper()
	for at := range f.all {
		address := fmt.Sprintf("known%d@example.com", at)
		for _, access := range []string{f.tokenOf(at, "signUp", address), f.tokenOf((at+1)%len(f.all), "signIn", address)} {
			for _, i := range f.all {
				isAnswered(f.T, i.url(), access, http.StatusOK)
			}
		}
	}
}

// revokes has tokens revoked at one instance after the other, and measures how long they pass at the others.
func (f *fleet) revokes() {
	f.Helper()
	var felt []time.Duration
	for round := range 2 * len(f.all) {
		at := round % len(f.all)
		access := f.tokenOf(at, "signUp", fmt.Sprintf("revoked%d@example.com", time.Now().UnixNano()))
		for _, i := range f.all {
			isAnswered(f.T, i.url(), access, http.StatusOK)
		}
		time.Sleep(time.Duration(round) * 83 * time.Millisecond) // at any moment between two polls
		if status, body := answerTo(f.T, f.all[at].url(), access, `mutation { signOutEverywhere { endedSessions } }`); status != http.StatusOK {
			f.Fatalf("answered %d, %s", status, body)
		}
		isAnswered(f.T, f.all[at].url(), access, http.StatusUnauthorized)
		for _, i := range f.all {
			felt = append(felt, untilRefused(f.T, i.url(), access, i == f.all[at]))
		}
		for _, i := range f.all {
			isAnswered(f.T, i.url(), access, http.StatusUnauthorized) // from then on
		}
	}
	slices.Sort(felt)
	f.Logf("a revoked token is refused at all after %s at the most, half of the time within %s", felt[len(felt)-1], felt[len(felt)/2])
	if felt[len(felt)*3/4] > time.Second {
		f.Errorf("it takes longer than a second: %v", felt)
	}
}

// rotates announces a key at one instance. All publish it; when its time has come one signs with it, and all verify.
func (f *fleet) rotates() {
	f.Helper()
	const rotate = `mutation { rotateSigningKey { signingKey { keyId } } }`
	status, body := answerTo(f.T, f.all[0].url(), f.admin, rotate)
	var got struct {
		Data struct {
			RotateSigningKey struct{ SigningKey struct{ KeyID string } }
		}
	}
	if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK {
		f.Fatalf("answered %d, %s", status, body)
	}
	keyID := got.Data.RotateSigningKey.SigningKey.KeyID
	begun := time.Now()
	for _, i := range f.all {
		for !strings.Contains(f.keySetOf(i), keyID) {
			if time.Since(begun) > 10*time.Second {
				f.Fatal("a key that one instance announces is not published by another")
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	f.Logf("an announced key is published by all after %s", time.Since(begun).Round(time.Millisecond))
	before := f.tokenOf(0, "signIn", "known0@example.com")
	if _, err := f.database.Exec(`UPDATE signing_keys SET signs_from = now() WHERE key_id = $1`, keyID); err != nil {
		f.Fatal(err)
	}
	for at := range f.all {
		access := f.tokenOf(at, "signIn", "known1@example.com")
		for begun := time.Now(); kidOf(f.T, access) != keyID; access = f.tokenOf(at, "signIn", "known1@example.com") {
			if time.Since(begun) > 10*time.Second {
				f.Fatal("an instance does not sign with the key whose time has come")
			}
		}
		for _, i := range f.all {
			isAnswered(f.T, i.url(), access, http.StatusOK)
			isAnswered(f.T, i.url(), before, http.StatusOK)
		}
	}
}

func (f *fleet) keySetOf(i *instance) string {
	f.Helper()
	resp, err := http.Get(i.url() + keySet)
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.Fatal(err)
	}
	return string(body)
}

// guesses tries passwords at all instances at once: they let through as many as one would.
func (f *fleet) guesses() {
	f.Helper()
	const tries, free = 12, 5
	f.tokenOf(0, "signUp", "guessed@example.com")
	counts := map[auth.Code]int{}
	var mu sync.Mutex
	var trying sync.WaitGroup
	for n := range tries {
		at := f.all[n%len(f.all)].url()
		trying.Go(func() {
			_, body, err := post(http.DefaultClient, at, "-", `mutation { signIn(input: {email: "guessed@example.com", password: "not the right one"}) { accessToken } }`, nil)
			var got struct {
				Errors []struct{ Extensions struct{ Code auth.Code } }
			}
			if err != nil || json.Unmarshal(body, &got) != nil || len(got.Errors) != 1 {
				f.Errorf("answered %s, %v", body, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			counts[got.Errors[0].Extensions.Code]++
		})
	}
	trying.Wait()
	if counts[auth.InvalidCredentials] != free || counts[auth.RateLimited] != tries-free {
		f.Errorf("of %d guesses at %d instances the answers are %v", tries, len(f.all), counts)
	}
}

// restarts ends one instance after the other with SIGTERM, and starts it again.
func (f *fleet) restarts() {
	f.Helper()
	for _, i := range f.all {
		begun := time.Now()
		if code := i.end(syscall.SIGTERM); code != 0 {
			f.Errorf("an instance ends with %d: %s", code, i.log.String())
		}
		ended := time.Now()
		i.start()
		i.awaitReady(true)
		f.Logf("an instance ends within %s, and is ready again after %s", ended.Sub(begun).Round(time.Millisecond), time.Since(ended).Round(time.Millisecond))
		time.Sleep(3 * lookEvery)
	}
}
