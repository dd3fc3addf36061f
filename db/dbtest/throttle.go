package dbtest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/db"
)

func throttleSentences() sentences {
	return sentences{
		"a tally is read back as it was kept":                 readsBackTally,
		"a change of tallies that fails keeps nothing":        keepsNoFailedTally,
		"tallies that change at once lose no count":           losesNoTally,
		"tallies that cross do not wait for each other":       talliesCross,
		"a tally that is zero is not kept":                    keepsNoZero,
		"the oldest tallies are forgotten, up to a limit":     forgetsOldest,
		"a tally that counts again is not forgotten":          keepsWhatCountsAgain,
		"failures of one key are one event with a count":      countsFailures,
		"failures that come at once are all counted":          countsInParallel,
		"events without a key are many":                       failuresApart,
		"a caller who has gone changes no tally and no count": goneCountsNothing,
	}
}

func tallyKey(name string) account.TallyKey { return sha256.Sum256([]byte(name)) }

// tallies reads tallies, and leaves them as they are.
func tallies(t *testing.T, s *db.Store, names ...string) []account.Tally {
	t.Helper()
	var read []account.Tally
	must(t, s.ChangeTallies(ask(), tallyKeys(names), func(kept []account.Tally) error {
		read = append([]account.Tally(nil), kept...)
		return nil
	}))
	return read
}

func tallyKeys(names []string) []account.TallyKey {
	keys := make([]account.TallyKey, len(names))
	for i, name := range names {
		keys[i] = tallyKey(name)
	}
	return keys
}

// setTally keeps a tally.
func setTally(t *testing.T, s *db.Store, name string, to account.Tally) {
	t.Helper()
	must(t, s.ChangeTallies(ask(), tallyKeys([]string{name}), func(kept []account.Tally) error {
		kept[0] = to
		return nil
	}))
}

func readsBackTally(t *testing.T, s *db.Store) {
	names := []string{"a", "b", "c", "d", "e"} // their keys are in another order
	want := make([]account.Tally, len(names))
	must(t, s.ChangeTallies(ask(), tallyKeys(names), func(kept []account.Tally) error {
		same(t, "what was never counted", kept, make([]account.Tally, len(names)))
		for i := range kept {
			at := noon().Add(time.Duration(i) * time.Hour)
			kept[i] = account.Tally{Count: int64(i) + 1<<40, Since: at, LastAt: at.Add(time.Microsecond)}
		}
		copy(want, kept)
		return nil
	}))
	same(t, "the tallies", tallies(t, s, names...), want)
	same(t, "two of them", tallies(t, s, "d", "b"), []account.Tally{want[3], want[1]})
}

func keepsNoFailedTally(t *testing.T, s *db.Store) {
	before := account.Tally{Count: 3, Since: noon(), LastAt: noon()}
	setTally(t, s, "old", before)
	refused := errors.New("refused")
	err := s.ChangeTallies(ask(), tallyKeys([]string{"old", "new"}), func(kept []account.Tally) error {
		kept[0].Count++
		kept[1] = before
		return refused
	})
	fails(t, "the change", err, refused)
	same(t, "the tallies", tallies(t, s, "old", "new"), []account.Tally{before, {}})
}

func losesNoTally(t *testing.T, s *db.Store) {
	seen := make([]int64, parallel)
	for _, err := range inParallel(func(i int) error {
		return s.ChangeTallies(ask(), tallyKeys([]string{"a"}), func(kept []account.Tally) error {
			seen[i] = kept[0].Count
			kept[0] = account.Tally{Count: kept[0].Count + 1, Since: noon(), LastAt: noon()}
			return nil
		})
	}) {
		must(t, err)
	}
	once := map[int64]bool{}
	for _, n := range seen {
		once[n] = true
	}
	same(t, "how many counts were seen", len(once), parallel)
	same(t, "the count", tallies(t, s, "a")[0].Count, parallel)
}

func talliesCross(t *testing.T, s *db.Store) {
	for _, err := range inParallel(func(i int) error {
		names := []string{"a", "b", "c"}
		names[0], names[i%3] = names[i%3], names[0]
		return s.ChangeTallies(ask(), tallyKeys(names), func(kept []account.Tally) error {
			for j := range kept {
				kept[j] = account.Tally{Count: kept[j].Count + 1, Since: noon(), LastAt: noon()}
			}
			return nil
		})
	}) {
		must(t, err)
	}
	for _, got := range tallies(t, s, "a", "b", "c") {
		same(t, "the count", got.Count, parallel)
	}
}

func keepsNoZero(t *testing.T, s *db.Store) {
	setTally(t, s, "a", account.Tally{Count: 1, Since: noon(), LastAt: noon()})
	setTally(t, s, "a", account.Tally{})
	setTally(t, s, "b", account.Tally{Count: 1, Since: noon(), LastAt: noon()})
	forgets(t, s, noon().Add(time.Hour), 1, 1) // takes b, since nothing of a is there
	same(t, "the tallies", tallies(t, s, "a", "b"), []account.Tally{{}, {}})
}

// forgets forgets tallies, which are so many.
func forgets(t *testing.T, s *db.Store, before time.Time, limit, want int) {
	t.Helper()
	n, err := s.ForgetTallies(ask(), before, limit)
	must(t, err)
	same(t, "how many are forgotten", n, want)
}

func forgetsOldest(t *testing.T, s *db.Store) {
	var names []string
	var want []account.Tally
	for i := range 6 {
		at := noon().Add(time.Duration(i) * time.Minute)
		names = append(names, fmt.Sprint(i))
		want = append(want, account.Tally{Count: 1, Since: noon(), LastAt: at})
		setTally(t, s, names[i], want[i])
	}
	forgets(t, s, noon().Add(4*time.Minute), 3, 3)
	copy(want, make([]account.Tally, 3))
	same(t, "after the first three of four", tallies(t, s, names...), want)
	forgets(t, s, noon().Add(4*time.Minute), 3, 1)
	want[3] = account.Tally{}
	same(t, "after the rest", tallies(t, s, names...), want)
}

// keepsWhatCountsAgain forgets a tally and counts on it at once. Whichever comes first, no later count is lost.
func keepsWhatCountsAgain(t *testing.T, s *db.Store) {
	for round := range 5 {
		name := fmt.Sprint(round)
		setTally(t, s, name, account.Tally{Count: 1, Since: noon(), LastAt: noon()})
		for _, err := range inParallel(func(i int) error {
			if i%2 == 0 {
				_, err := s.ForgetTallies(ask(), noon().Add(time.Hour), 100)
				return err
			}
			return s.ChangeTallies(ask(), tallyKeys([]string{name}), func(kept []account.Tally) error {
				kept[0] = account.Tally{Count: kept[0].Count + 1, Since: noon(), LastAt: noon().Add(2 * time.Hour)}
				return nil
			})
		}) {
			must(t, err)
		}
		if got := tallies(t, s, name)[0].Count; got < parallel/2 {
			t.Errorf("%d are counted, want %d or one more", got, parallel/2)
		}
	}
}

// failure is a failed sign-in that the revoking events show.
func failure(at time.Time) auth.Event {
	userID := auth.NewID(auth.UserPrefix, noon())
	return auth.Event{
		ID: auth.NewID(auth.EventPrefix, at), At: at, Action: auth.SignInFailed, SubjectID: &userID, Generation: new(int64(1)),
		Client: auth.Client{IPAddress: new("192.0.2.7"), UserAgent: new("Browser/1 \x00")},
	}
}

// counted is the event as it is read back.
func counted(e auth.Event, n float64) auth.Event {
	e.Details = map[string]any{"count": n}
	if e.UserAgent != nil {
		e.UserAgent = new("Browser/1 \ufffd")
	}
	return e
}

func countsFailures(t *testing.T, s *db.Store) {
	first, other := failure(noon()), failure(noon().Add(time.Second))
	nobody := auth.Event{ID: auth.NewID(auth.EventPrefix, noon()), At: noon().Add(time.Minute), Action: auth.SignInFailed, Generation: new(int64(1))}
	for range 12 {
		must(t, s.CountFailure(ask(), tallyKey("first"), first))
		first.ID = auth.NewID(auth.EventPrefix, noon()) // of the later ones nothing but their number is kept
		first.IPAddress = nil
	}
	first = events(t, s)[0]
	for range 2 {
		must(t, s.CountFailure(ask(), tallyKey("other"), other))
	}
	must(t, s.CountFailure(ask(), tallyKey("nobody"), nobody))
	same(t, "where the first came from", first.IPAddress, new("192.0.2.7"))
	same(t, "the events", events(t, s), []auth.Event{counted(first, 12), counted(other, 2), counted(nobody, 1)})
}

func countsInParallel(t *testing.T, s *db.Store) {
	for _, err := range inParallel(func(int) error { return s.CountFailure(ask(), tallyKey("a"), failure(noon())) }) {
		must(t, err)
	}
	all := events(t, s)
	if len(all) != 1 {
		t.Fatalf("there are %d events", len(all))
	}
	same(t, "the count", all[0].Details["count"], any(float64(parallel)))
}

func failuresApart(t *testing.T, s *db.Store) {
	one, two := event(auth.SignedOut, auth.Session{}, noon()), event(auth.SignedOut, auth.Session{}, noon().Add(time.Second))
	must(t, s.Record(ask(), one))
	must(t, s.Record(ask(), two))
	same(t, "the events", events(t, s), []auth.Event{one, two})
}

func goneCountsNothing(t *testing.T, s *db.Store) {
	err := s.ChangeTallies(cut(), tallyKeys([]string{"a"}), func(kept []account.Tally) error {
		kept[0] = account.Tally{Count: 1, Since: noon(), LastAt: noon()}
		return nil
	})
	if err == nil || s.CountFailure(cut(), tallyKey("a"), failure(noon())) == nil {
		t.Error("it was counted")
	}
	same(t, "the tally", tallies(t, s, "a"), []account.Tally{{}})
	same(t, "how many events there are", len(events(t, s)), 0)
}
