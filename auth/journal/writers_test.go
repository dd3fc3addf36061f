package journal_test

import (
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
)

// TestOfSixteenWritersNoAcknowledgedEventIsMissedOrSeenTwice has events whose IDs and times are made long before they
// are committed, in transactions that are held open, some of which are taken back; and three instances on the file.
func TestOfSixteenWritersNoAcknowledgedEventIsMissedOrSeenTwice(t *testing.T) {
	const writers, each = 16, 20
	path := filepath.Join(t.TempDir(), "test.db")
	stores := []*db.Store{open(t, path), open(t, path), open(t, path)}
	readers := make([]reader, len(stores))
	var followers []*journal.Follower
	var stops []func() []error
	for i, s := range stores {
		f := journal.NewFollower(journal.New(s, key(), time.Now), readers[i].subscriber())
		must(t, f.Load(t.Context()))
		followers = append(followers, f)
		stops = append(stops, follow(t, f))
	}
	pool := raw(t, path)
	acknowledged := make([][]auth.ID, writers)
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for range each {
				e := auth.NewEvent(auth.SignedIn, time.Now(), desk())
				time.Sleep(rand.N(50 * time.Millisecond))
				write := func() (kept bool, err error) { return hold(pool, e) }
				if w%2 == 0 {
					write = func() (bool, error) { return true, stores[w%len(stores)].Record(t.Context(), e) }
				}
				kept, err := write()
				if err != nil {
					t.Error(err)
					return
				}
				if kept {
					acknowledged[w] = append(acknowledged[w], e.ID)
				}
			}
		})
	}
	writing.Wait()
	want := slices.Sorted(slices.Values(slices.Concat(acknowledged...)))
	for i := range readers {
		waitFor(t, 30*time.Second, func() bool { return len(readers[i].ids()) >= len(want) })
	}
	time.Sleep(time.Second) // two polls more, which must find nothing
	for i, stop := range stops {
		if errs := stop(); errs != nil {
			t.Errorf("instance %d: %v", i, errs)
		}
		must(t, followers[i].Ready())
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(readers[i].ids()))); diff != "" {
			t.Errorf("instance %d has not seen (-), or seen too much (+):\n%s", i, diff)
		}
		for at, e := range readers[i].seen {
			if *e.Number != int64(at)+1 {
				t.Fatalf("instance %d has seen event %d at place %d", i, *e.Number, at+1)
			}
		}
	}
	head, err := journal.New(stores[0], key(), time.Now).Verify(t.Context(), journal.Head{})
	if err != nil || head.Number != int64(len(want)) {
		t.Errorf("the journal is whole up to %s, %v", head, err)
	}
	t.Logf("%d events of %d writers, %d taken back", len(want), writers, writers*each-len(want))
}

// hold writes the event in a transaction that stays open for a while, and takes back every fifth.
func hold(pool *sql.DB, e auth.Event) (kept bool, err error) {
	tx, err := pool.Begin()
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	_, err = tx.Exec(`INSERT INTO events (id, happened_at, action) VALUES ($1, $2, $3)`,
		string(e.ID), e.At.UTC().Format("2006-01-02T15:04:05.000000Z"), string(e.Action))
	if err != nil {
		return false, err
	}
	time.Sleep(rand.N(20 * time.Millisecond))
	if rand.IntN(5) == 0 {
		return false, nil
	}
	return true, tx.Commit()
}

func waitFor(t *testing.T, atMost time.Duration, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(atMost); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to pass")
		}
	}
}
