package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
)

func pruneSentences() sentences {
	return sentences{
		"a journal that was never pruned has no checkpoint":     hasNoCheckpoint,
		"a prune removes what comes after the checkpoint":       prunes,
		"a prune from where the checkpoint is not is overtaken": prunesFromCheckpointOnly,
		"a prune that misses an event removes none":             prunesNoneOfTooFew,
		"of parallel prunes one removes the events":             prunesOnce,
		"events without a number are counted":                   countsWaiting,
		"lists go on where an event was pruned":                 listsGoOn,
	}
}

// checkpoint is one at a number, whose hash is as linked makes it.
func checkpoint(number, removed int64) journal.Checkpoint {
	return journal.Checkpoint{
		Head: journal.Head{Number: number, Hash: journal.Hash{31: byte(number)}}, At: noon(), Removed: removed,
		MAC: journal.Hash{byte(number), byte(removed)},
	}
}

func checkpointIs(t *testing.T, s *db.Store, want journal.Checkpoint) {
	t.Helper()
	got, err := s.Checkpoint(ask())
	must(t, err)
	same(t, "the checkpoint", got, want)
}

func pruneEvent() auth.Event {
	return auth.Event{ID: auth.NewID(auth.EventPrefix, noon()), At: noon(), Action: auth.JournalPruned, Details: map[string]any{"last": 2.0}}
}

// numbered records and numbers events, and returns them with their numbers.
func numbered(t *testing.T, s *db.Store, n int) []auth.Event {
	t.Helper()
	all := placed(record(t, s, n))
	number(t, s, n)
	return all
}

func hasNoCheckpoint(t *testing.T, s *db.Store) {
	checkpointIs(t, s, journal.Checkpoint{})
	numbered(t, s, 3)
	checkpointIs(t, s, journal.Checkpoint{})
}

func prunes(t *testing.T, s *db.Store) {
	all := numbered(t, s, 5)
	waits := record(t, s, 1)[0]
	told := pruneEvent()
	must(t, s.Prune(ask(), journal.Removal{To: checkpoint(2, 2), Events: []auth.Event{told}}))
	checkpointIs(t, s, checkpoint(2, 2))
	same(t, "the entries", entries(t, s, 0, 10), all[2:])
	must(t, s.Prune(ask(), journal.Removal{After: 2, To: checkpoint(5, 5)}))
	checkpointIs(t, s, checkpoint(5, 5))
	same(t, "the entries, then", entries(t, s, 0, 10), nil)
	list, err := s.Events(ask(), auth.EventFilter{}, auth.Page{Limit: 10, Backward: true})
	must(t, err)
	same(t, "what is left", byID(list.Items), byID([]auth.Event{waits, told}))
	same(t, "the head", head(t, s), journal.Head{Number: 5, Hash: journal.Hash{31: 5}})
	same(t, "how many were numbered", number(t, s, 10), 2)
	same(t, "the head, then", head(t, s).Number, 7)
}

func prunesFromCheckpointOnly(t *testing.T, s *db.Store) {
	all := numbered(t, s, 5)
	must(t, s.Prune(ask(), journal.Removal{To: checkpoint(2, 2)}))
	for _, after := range []int64{0, 1, 3} {
		err := s.Prune(ask(), journal.Removal{After: after, To: checkpoint(4, 4), Events: []auth.Event{pruneEvent()}})
		fails(t, "a prune from elsewhere", err, journal.ErrOvertaken)
	}
	checkpointIs(t, s, checkpoint(2, 2))
	same(t, "the entries", entries(t, s, 0, 10), all[2:])
	same(t, "how many wait", waiting(t, s), 0)
}

func prunesNoneOfTooFew(t *testing.T, s *db.Store) {
	all := numbered(t, s, 3)
	if err := s.Prune(ask(), journal.Removal{To: checkpoint(4, 4), Events: []auth.Event{pruneEvent()}}); err == nil {
		t.Error("four of three events were removed")
	}
	if err := s.Prune(cut(), journal.Removal{To: checkpoint(2, 2)}); err == nil {
		t.Error("events were removed for a caller who has gone")
	}
	checkpointIs(t, s, journal.Checkpoint{})
	same(t, "the entries", entries(t, s, 0, 10), all)
	same(t, "how many wait", waiting(t, s), 0)
}

func prunesOnce(t *testing.T, s *db.Store) {
	all := numbered(t, s, 6)
	oneSucceeds(t, inParallel(func(int) error {
		return s.Prune(ask(), journal.Removal{To: checkpoint(4, 4), Events: []auth.Event{pruneEvent()}})
	}), journal.ErrOvertaken)
	same(t, "the entries", entries(t, s, 0, 10), all[4:])
	same(t, "how many wait", waiting(t, s), 1)
}

func waiting(t *testing.T, s *db.Store) int64 {
	t.Helper()
	n, err := s.Waiting(ask())
	must(t, err)
	return n
}

func countsWaiting(t *testing.T, s *db.Store) {
	same(t, "how many wait of none", waiting(t, s), 0)
	record(t, s, 3)
	failures(t, s, 2, 0, 1)
	same(t, "how many wait", waiting(t, s), 5)
	number(t, s, 2)
	same(t, "how many wait, then", waiting(t, s), 3)
	numberBefore(t, s, noon().Add(time.Hour))
	same(t, "how many wait at last", waiting(t, s), 0)
}

func listsGoOn(t *testing.T, s *db.Store) {
	all := numbered(t, s, 4)
	must(t, s.Prune(ask(), journal.Removal{To: checkpoint(2, 2)}))
	for beyond, want := range map[int][]auth.Event{0: all[2:], 1: all[2:], 2: all[3:]} { // the first two are gone
		list, err := s.Events(ask(), auth.EventFilter{}, auth.Page{Limit: 10, Beyond: all[beyond].ID, Backward: true})
		must(t, err)
		same(t, "the newer events", byID(list.Items), want)
	}
	list, err := s.Events(ask(), auth.EventFilter{}, auth.Page{Limit: 10, Beyond: all[2].ID})
	must(t, err)
	same(t, "the older events", len(list.Items), 0)
	_, err = s.Event(ask(), all[0].ID)
	isNothing(t, "the event", 0, err)
}
