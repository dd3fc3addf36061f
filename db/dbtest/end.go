package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func endSentences() sentences {
	return sentences{
		"a session ends once":                                       endsOnce,
		"of parallel ends one ends the session":                     endsOnceInParallel,
		"a session that has expired, or never was, does not end":    endsLiveOnly,
		"ending all ends every live session and raises generations": endsAll,
		"ending all of nobody finds nobody":                         endsAllOfNobody,
		"parallel ends of all raise the generation by each":         endsAllInParallel,
	}
}

func endsOnce(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened, other := open(t, s, n, noon()), open(t, s, n, noon())
	e := event(auth.SignedOut, opened, noon().Add(time.Hour))
	ended, err := s.End(ask(), opened.ID, e)
	must(t, err)
	same(t, "whether it ended", ended, true)
	opened.EndedAt = &e.At
	same(t, "the session", sessionIs(t, s, opened.ID), opened)

	ended, err = s.End(ask(), opened.ID, event(auth.SessionRevoked, opened, noon().Add(2*time.Hour)))
	must(t, err)
	same(t, "whether it ended again", ended, false)
	same(t, "the session, later", sessionIs(t, s, opened.ID), opened)
	same(t, "another session", sessionIs(t, s, other.ID), other)
	same(t, "the events", events(t, s), []auth.Event{e})
}

func endsOnceInParallel(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	won := make([]bool, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		won[i], err = s.End(ask(), opened.ID, event(auth.SignedOut, opened, noon()))
		return err
	}) {
		must(t, err)
	}
	winners := 0
	for _, w := range won {
		if w {
			winners++
		}
	}
	same(t, "how many ended it", winners, 1)
	same(t, "how many events there are", len(events(t, s)), 1)
}

func endsLiveOnly(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	for id, at := range map[auth.ID]time.Time{
		opened.ID: opened.ExpiresAt, auth.NewID(auth.SessionPrefix, noon()): noon(), "": noon(),
	} {
		ended, err := s.End(ask(), id, event(auth.SignedOut, opened, at))
		must(t, err)
		same(t, "whether it ended", ended, false)
	}
	same(t, "the session", sessionIs(t, s, opened.ID), opened)
	same(t, "how many events there are", len(events(t, s)), 0)
}

func endsAll(t *testing.T, s *db.Store) {
	n, other := add(t, s, "ada@example.org"), add(t, s, "bob@example.org")
	ids, others := openSeveral(t, s, n, 3), openSeveral(t, s, other, 2)
	_, err := s.End(ask(), ids[0], event(auth.SignedOut, auth.Session{ID: ids[0], UserID: n.User.ID}, noon()))
	must(t, err)
	before := sessionIs(t, s, ids[0])

	e := event(auth.TokensRevoked, auth.Session{UserID: n.User.ID}, noon().Add(time.Hour))
	e.SessionID = nil
	all, err := s.EndAll(ask(), n.User.ID, e)
	must(t, err)
	same(t, "what it did", all, session.EndedAll{Sessions: 2, Generation: 2})
	same(t, "who is left", len(live(t, s, ids)), 0)
	same(t, "the end of one", *sessionIs(t, s, ids[2]).EndedAt, e.At)
	same(t, "the one that had ended", sessionIs(t, s, ids[0]), before)
	same(t, "who is left of another user", live(t, s, others), others)
	user, err := s.User(ask(), n.User.ID)
	must(t, err)
	same(t, "the user's generation", user.Generation, 2)
	e.Generation = new(int64(2))
	same(t, "the event", events(t, s)[1], e)

	all, err = s.EndAll(ask(), n.User.ID, event(auth.TokensRevoked, auth.Session{UserID: n.User.ID}, noon().Add(time.Hour)))
	must(t, err)
	same(t, "what it did again", all, session.EndedAll{Sessions: 0, Generation: 3})
}

func endsAllOfNobody(t *testing.T, s *db.Store) {
	all, err := s.EndAll(ask(), auth.NewID(auth.UserPrefix, noon()), event(auth.TokensRevoked, auth.Session{}, noon()))
	isNothing(t, "nobody", all, err)
	same(t, "how many events there are", len(events(t, s)), 0)
}

func endsAllInParallel(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	openSeveral(t, s, n, 3)
	done := make([]session.EndedAll, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		done[i], err = s.EndAll(ask(), n.User.ID, event(auth.TokensRevoked, auth.Session{UserID: n.User.ID}, noon()))
		return err
	}) {
		must(t, err)
	}
	ended, reached := 0, map[int64]bool{}
	for _, d := range done {
		ended += d.Sessions
		reached[d.Generation] = true
	}
	same(t, "how many sessions ended", ended, 3)
	same(t, "how many generations there were", len(reached), parallel)
}
