package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
)

func forgetSentences() sentences {
	return sentences{
		"sessions that are long over are forgotten, and no others":    forgetsWhatIsOver,
		"the longest over are forgotten first, up to a limit":         forgetsLongestOver,
		"of those who forget at once none forgets twice, nor is late": forgetsInParallel,
		"what is forgotten leaves the journal as it is":               forgetsNoEvent,
	}
}

// endedAt ends the session then, where it is given.
func endedAt(t *testing.T, s *db.Store, of auth.Session, at time.Time) {
	t.Helper()
	ended, err := s.End(ask(), of.ID, event(auth.SignedOut, of, at))
	must(t, err)
	same(t, "whether it ended", ended, true)
}

// forgetSessions forgets sessions, which are so many.
func forgetSessions(t *testing.T, s *db.Store, before time.Time, limit, want int) {
	t.Helper()
	n, err := s.ForgetSessions(ask(), before, limit)
	must(t, err)
	same(t, "how many are forgotten", n, want)
}

// kept are those of the sessions that are there.
func kept(t *testing.T, s *db.Store, all ...auth.Session) []auth.ID {
	t.Helper()
	var ids []auth.ID
	for _, one := range all {
		if _, _, err := s.Session(ask(), one.ID); err == nil {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

func forgetsWhatIsOver(t *testing.T, s *db.Store) {
	n, other := add(t, s, "ada@example.org"), add(t, s, "bob@example.org")
	// Each lives for a day, unless it is ended.
	expired, live := open(t, s, n, noon()), open(t, s, n, noon().Add(time.Microsecond))
	ended, endedLater := open(t, s, other, noon().Add(time.Hour)), open(t, s, n, noon().Add(time.Hour))
	before := noon().Add(24*time.Hour + time.Microsecond)
	endedAt(t, s, ended, noon().Add(time.Hour))
	endedAt(t, s, endedLater, before)

	forgetSessions(t, s, noon().Add(time.Hour), 100, 0)
	forgetSessions(t, s, before, 100, 2)
	same(t, "what is kept", kept(t, s, expired, live, ended, endedLater), []auth.ID{live.ID, endedLater.ID})
	forgetSessions(t, s, before, 100, 0)
	_, err := s.User(ask(), other.User.ID)
	must(t, err)
}

func forgetsLongestOver(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	var all []auth.Session
	for i := range 5 {
		all = append(all, open(t, s, n, noon().Add(time.Duration(i)*time.Minute)))
	}
	endedAt(t, s, all[3], noon().Add(time.Hour)) // before the first expires
	never := noon().AddDate(1, 0, 0)
	forgetSessions(t, s, never, 0, 0)
	forgetSessions(t, s, never, 2, 2)
	same(t, "what is kept", kept(t, s, all...), []auth.ID{all[1].ID, all[2].ID, all[4].ID})
	forgetSessions(t, s, never, 2, 2)
	forgetSessions(t, s, never, 2, 1)
	same(t, "what is kept in the end", len(kept(t, s, all...)), 0)
}

func forgetsInParallel(t *testing.T, s *db.Store) {
	ids := openSeveral(t, s, add(t, s, "ada@example.org"), 2*parallel)
	forgotten := make([]int, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		forgotten[i], err = s.ForgetSessions(ask(), noon().AddDate(1, 0, 0), 2)
		return err
	}) {
		must(t, err)
	}
	sum := 0
	for _, n := range forgotten {
		sum += n
	}
	for _, id := range ids {
		if _, _, err := s.Session(ask(), id); err == nil {
			sum++
		}
	}
	same(t, "how many are forgotten or left", sum, len(ids))
}

func forgetsNoEvent(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	endedAt(t, s, opened, noon().Add(time.Minute))
	before := everything(t, s)
	forgetSessions(t, s, noon().Add(time.Hour), 10, 1)
	same(t, "the journal", everything(t, s), before)
	same(t, "what is revoked", len(revokedSince(t, s, noon())), 1)
}
