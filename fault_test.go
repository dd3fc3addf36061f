package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/postgres"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
	"github.com/fieldward/fieldward/db/sqlite"
)

// fault is something that goes wrong under a server, or with it.
type fault struct {
	// harm does the harm, and returns when it is over.
	harm func(s *scene)
	// stage sets the scene; the usual one is a server on a PostgreSQL that the test has for itself.
	stage func(s *scene)
	// estranges is that for a moment a good token may seem not to be: a client renews it, and nothing has run.
	estranges bool
	// ends is that the server itself is not there at times.
	ends bool
}

// scene is a server under load, and what it stands on.
type scene struct {
	*testing.T
	program  string
	postgres *postgrestest.Own // nil on SQLite
	database string
	server   *instance
	other    *instance // beside it, where there are two
	url      string    // where clients ask
	store    *db.Store
	load     *load
	folder   string // of the database, where the disk is one that fills
	clock    *clockFile
	backup   string
	cutting  *cutter

	begun, ended, healed time.Time
	// silentFrom and silentUntil are when the database answers nobody, where there is such a time.
	silentFrom, silentUntil time.Time
	// since is when the database's memory begins.
	since time.Time
}

// scenesAtOnce is how many faults happen at once, each to a server of its own: most of the time all wait.
const scenesAtOnce = 4

// TestFaultsLoseNothing does what can happen to a database, or to a server, while clients write through the server, and
// holds what they were told against what is there afterwards. It prints what came of each fault.
func TestFaultsLoseNothing(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	var mu sync.Mutex
	var rows []string
	var all sync.WaitGroup
	turns := make(chan struct{}, scenesAtOnce)
	begun := time.Now()
	for name, f := range faults() {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(name, func(t *testing.T) {
				row := name + "\t" + play(&scene{T: t, program: program}, f)
				mu.Lock()
				defer mu.Unlock()
				rows = append(rows, row)
			})
		})
	}
	all.Wait()
	slices.Sort(rows)
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "fault\tlasted s\trequests\tdone\trefused\tnot known\tno answer\tlost\twrongly reported\tslowest s\tfrom memory\tslowest s\theals s\tready s")
	_, _ = fmt.Fprint(w, strings.Join(rows, "\n"), "\n")
	_ = w.Flush()
	t.Logf("%d faults in %s\n%s", len(rows), time.Since(begun).Round(time.Second), table.String())
}

// healTime is how long a server may take to be as before once the fault is over.
const healTime = time.Minute

// play lets the fault happen, and returns its row of the table.
func play(s *scene, f fault) string {
	if f.stage == nil {
		f.stage = onPostgres
	}
	f.stage(s)
	s.since = time.Now()
	s.load.work()
	time.Sleep(time.Second)
	s.begun = time.Now()
	f.harm(s)
	s.ended = time.Now()
	s.awaitHealed()
	s.load.halt()
	v := s.load.judge(s.T, s.store, s.since)
	for _, what := range v.lost {
		s.Errorf("lost: %s", what)
	}
	for _, what := range v.wrong {
		s.Errorf("wrong: %s", what)
	}
	s.checkAnswers(f)
	s.checkReadiness()
	return s.row(v)
}

// awaitHealed waits until for a while everything has been answered as it should be.
func (s *scene) awaitHealed() {
	const well = 1500 * time.Millisecond
	for time.Since(s.ended) < healTime {
		time.Sleep(100 * time.Millisecond)
		from := time.Now().Add(-well)
		if from.Before(s.ended) {
			continue
		}
		ill := s.load.all(func(a attempt) bool { return a.answer != toldDone && a.to.After(from) })
		good := s.load.all(func(a attempt) bool { return a.answer == toldDone && a.to.After(from) && isChange(a) })
		if len(ill) == 0 && len(good) > 0 {
			s.healed = time.Now()
			return
		}
	}
	s.healed = time.Now()
	s.Errorf("it has not healed within %s: %v\n%s", healTime, s.load.all(func(a attempt) bool {
		return a.answer != toldDone && a.to.After(s.healed.Add(-well))
	}), s.server.log.String())
}

// longest is how long a client may be kept waiting: an operation has 20 s.
const longest = 25 * time.Second

// checkAnswers holds the answers themselves against what clients may be told.
func (s *scene) checkAnswers(f fault) {
	for _, a := range s.load.all(func(attempt) bool { return true }) {
		during := a.to.After(s.begun)
		switch {
		case a.to.Sub(a.from) > longest:
			s.Errorf("a client waited %s: %s", a.to.Sub(a.from), a)
		case isProbe(a) || a.answer == toldDone || a.answer == toldWrong: // told elsewhere
		case !during:
			s.Errorf("before anything has happened: %s", a)
		case f.estranges && a.answer == toldLate:
		case needsNoDatabase(a) && !f.ends:
			s.Errorf("what needs no database is not answered: %s", a)
		case a.answer == toldNothing && !f.ends:
			s.Errorf("a client was told nothing: %s", a)
		}
	}
}

// checkReadiness holds what the server said of itself against how it did.
func (s *scene) checkReadiness() {
	changes := s.load.all(isChange)
	for _, p := range s.load.all(isProbe) {
		ready := p.answer == toldDone
		switch {
		case !ready && p.to.Before(s.begun):
			s.Errorf("before anything has happened it is not ready: %s", p)
		case ready && p.from.After(s.silentFrom) && p.to.Before(s.silentUntil):
			s.Errorf("it is ready though no database answers: %s", p)
		case ready && allFail(changes, p):
			s.Errorf("it is ready though changes fail: %s", p)
		}
	}
}

// allFail tells that for a while before a probe changes have failed, and none has succeeded until it was answered.
func allFail(changes []attempt, probe attempt) bool {
	const while, many = 1500 * time.Millisecond, 8
	failed := 0
	for _, c := range changes {
		if c.to.Before(probe.from.Add(-while)) || c.from.After(probe.to) {
			continue
		}
		if c.answer == toldDone {
			return false
		}
		if c.to.Before(probe.from) {
			failed++
		}
	}
	return failed >= many
}

// row counts what happened from the fault on until it was healed.
func (s *scene) row(v verdict) string {
	count := map[answerKind]int{}
	requests := s.load.all(func(a attempt) bool { return asksDatabase(a) && a.to.After(s.begun) && a.from.Before(s.healed) })
	for _, a := range requests {
		count[a.answer]++
	}
	memory := s.load.all(func(a attempt) bool { return needsNoDatabase(a) && a.to.After(s.begun) && a.from.Before(s.healed) })
	return fmt.Sprintf("%.1f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f\t%d\t%.2f\t%.1f\t%.1f",
		s.ended.Sub(s.begun).Seconds(), len(requests), count[toldDone], count[toldBusy], count[toldUnsure], count[toldNothing],
		len(v.lost), len(v.wrong), slowest(requests).Seconds(), len(memory), slowest(memory).Seconds(),
		s.until(asksDatabase).Seconds(), s.until(isProbe).Seconds())
}

func slowest(attempts []attempt) (most time.Duration) {
	for _, a := range attempts {
		most = max(most, a.to.Sub(a.from))
	}
	return most
}

// until is how long after the fault something still went wrong.
func (s *scene) until(is func(attempt) bool) time.Duration {
	var last time.Duration
	for _, a := range s.load.all(func(a attempt) bool { return is(a) && a.answer != toldDone && a.to.Before(s.healed) }) {
		last = max(last, a.to.Sub(s.ended))
	}
	return last
}

// writersAtOnce is how many clients write at once.
const writersAtOnce = 3

// onPostgres sets the usual scene.
func onPostgres(s *scene) {
	s.startPostgres("")
	s.startServer(s.database)
}

func (s *scene) startPostgres(within string) {
	s.Helper()
	s.postgres = postgresServer(s.T).Own(s.T, within)
	s.database = s.postgres.Database()
}

// startServer starts the server on what may be a way around to the database, and signs the writers up.
func (s *scene) startServer(database string) {
	s.Helper()
	s.server = newInstance(s.T, s.program, database, masterKey())
	s.server.start()
	s.url = s.server.url()
	s.signUp()
}

func (s *scene) signUp() {
	s.Helper()
	s.server.awaitReady(true)
	s.store = s.open()
	s.load = begin(s.T, newLedger(s.url), s.store, writersAtOnce)
	s.Cleanup(s.load.halt)
}

// open opens the database past the server.
func (s *scene) open() *db.Store {
	s.Helper()
	var store *db.Store
	var err error
	if s.postgres == nil {
		store, err = sqlite.Open(s.Context(), strings.TrimPrefix(s.database, "sqlite:"))
	} else {
		store, err = postgres.Open(s.Context(), s.database)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = store.Close() })
	return store
}

// silence calls for the time in which the database answers nobody.
func (s *scene) silence(d time.Duration) {
	s.silentFrom = time.Now()
	time.Sleep(d)
	s.silentUntil = time.Now()
}

// crash ends the server with -9, and starts it again.
func (s *scene) crash() {
	s.Helper()
	s.server.end(syscall.SIGKILL)
	s.server.start()
}
