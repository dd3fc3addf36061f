package dbtest

import (
	"slices"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func openSentences() sentences {
	return sentences{
		"opening is the user's last sign-in":                   notesSignIn,
		"opening puts a new hash in the place of the old":      rehashes,
		"nothing opens for a user who has changed":             changedOpensNothing,
		"nothing opens for a user who is disabled":             disabledOpensNothing,
		"nothing opens for nobody":                             nobodyOpensNothing,
		"of sessions beyond the limit the oldest end":          crowdsOutOldest,
		"a lower limit ends all that are too many":             crowdsOutSeveral,
		"a limit of one leaves the one that opens":             leavesTheNewOne,
		"ended and expired sessions, and others' do not count": countsLiveOnly,
		"sessions that open at once keep the limit":            keepsLimitInParallel,
	}
}

func notesSignIn(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	opened := open(t, s, n, noon().Add(time.Minute))
	got, hash, err := s.Credentials(ask(), n.User.Email.Key())
	must(t, err)
	n.User.LastSignInAt = &opened.CreatedAt
	same(t, "the user", got, n.User)
	same(t, "the hash", hash, n.PasswordHash)
}

func rehashes(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	o := opening(n, noon())
	o.Rehashed = "a better hash"
	_, err := s.Open(ask(), o)
	must(t, err)
	_, hash, err := s.Credentials(ask(), n.User.Email.Key())
	must(t, err)
	same(t, "the hash", hash, o.Rehashed)
}

// opensNothing asks that o is refused and changes nothing.
func opensNothing(t *testing.T, s *db.Store, what string, o session.Opening) {
	t.Helper()
	o.Rehashed = "a better hash"
	o.Event = seen(o.Event)
	before, count := events(t, s), 0
	userBefore, hashBefore, err := s.Credentials(ask(), "ada@example.org")
	must(t, err)
	o.CrowdedOut = func(auth.ID) auth.Event { count++; return auth.Event{} }
	crowdedOut, err := s.Open(ask(), o)
	fails(t, what, err, session.ErrChanged)
	if count != 0 || len(crowdedOut) != 0 {
		t.Errorf("%s: %d sessions were crowded out", what, count)
	}
	nothing, _, err := s.Session(ask(), o.Session.ID)
	isNothing(t, what, nothing, err)
	same(t, what+": the events", events(t, s), before)
	user, hash, err := s.Credentials(ask(), "ada@example.org")
	must(t, err)
	same(t, what+": the user", user, userBefore)
	same(t, what+": the hash", hash, hashBefore)
}

func changedOpensNothing(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	o := opening(n, noon())
	o.Rehashed = "a better hash"
	_, err := s.Open(ask(), o)
	must(t, err)
	opensNothing(t, s, "another hash", opening(n, noon()))

	n.PasswordHash = o.Rehashed
	_, err = s.EndAll(ask(), n.User.ID, event(auth.TokensRevoked, o.Session, noon()))
	must(t, err)
	opensNothing(t, s, "another generation", opening(n, noon()))

	n.User.Generation++
	open(t, s, n, noon())
}

func disabledOpensNothing(t *testing.T, s *db.Store) {
	n := someone("ada@example.org")
	n.User.DisabledAt = new(noon())
	must(t, s.AddUser(ask(), n))
	opensNothing(t, s, "a disabled user", opening(n, noon()))
}

func nobodyOpensNothing(t *testing.T, s *db.Store) {
	add(t, s, "ada@example.org")
	opensNothing(t, s, "nobody", opening(someone("bob@example.org"), noon()))
}

// openSeveral opens sessions of n, a minute apart, and returns their IDs, oldest first.
func openSeveral(t *testing.T, s *db.Store, n account.NewUser, count int) []auth.ID {
	t.Helper()
	var ids []auth.ID
	for i := range count {
		ids = append(ids, open(t, s, n, noon().Add(time.Duration(i)*time.Minute)).ID)
	}
	return ids
}

func crowdsOutOldest(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	ids := openSeveral(t, s, n, 5)
	for i := range 3 {
		at := noon().Add(time.Hour + time.Duration(i)*time.Second)
		o := opening(n, at)
		o.Limit = 5
		crowdedOut, err := s.Open(ask(), o)
		must(t, err)
		if len(crowdedOut) != 1 || *crowdedOut[0].SessionID != ids[i] || crowdedOut[0].Action != auth.SessionRevoked {
			t.Fatalf("crowded out: %+v, want the session %s", crowdedOut, ids[i])
		}
		same(t, "its end", *sessionIs(t, s, ids[i]).EndedAt, at)
		same(t, "the last event", events(t, s)[i], crowdedOut[0])
		ids = append(ids, o.Session.ID)
	}
	same(t, "who is left", live(t, s, ids), ids[3:])
}

func crowdsOutSeveral(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	ids := openSeveral(t, s, n, 6)
	o := opening(n, noon().Add(time.Hour))
	o.Limit = 3
	crowdedOut, err := s.Open(ask(), o)
	must(t, err)
	var ended []auth.ID
	for _, e := range crowdedOut {
		ended = append(ended, *e.SessionID)
	}
	same(t, "who was crowded out, oldest first", ended, ids[:4])
	same(t, "who is left", live(t, s, append(ids, o.Session.ID)), append(slices.Clone(ids[4:]), o.Session.ID))
	same(t, "the events", events(t, s), oldestFirst(crowdedOut))
}

func leavesTheNewOne(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	ids := openSeveral(t, s, n, 2)
	o := opening(n, noon().Add(-time.Hour)) // by its time the oldest
	o.Limit = 1
	crowdedOut, err := s.Open(ask(), o)
	must(t, err)
	same(t, "how many were crowded out", len(crowdedOut), 2)
	same(t, "who is left", live(t, s, append(ids, o.Session.ID)), []auth.ID{o.Session.ID})
}

func countsLiveOnly(t *testing.T, s *db.Store) {
	n, other := add(t, s, "ada@example.org"), add(t, s, "bob@example.org")
	ids := append(openSeveral(t, s, n, 3), openSeveral(t, s, other, 3)...)
	_, err := s.End(ask(), ids[0], event(auth.SignedOut, auth.Session{ID: ids[0], UserID: n.User.ID}, noon()))
	must(t, err)
	short := opening(n, noon())
	short.Session.ExpiresAt = noon().Add(time.Hour)
	_, err = s.Open(ask(), short)
	must(t, err)

	o := opening(n, noon().Add(time.Hour)) // the moment at which the short one has expired
	o.Limit = 3
	crowdedOut, err := s.Open(ask(), o)
	must(t, err)
	same(t, "how many were crowded out", len(crowdedOut), 0)
	same(t, "who is left", live(t, s, ids), ids[1:])
	same(t, "the end of the expired one", sessionIs(t, s, short.Session.ID).EndedAt, nil)
}

func keepsLimitInParallel(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	ids := make([]auth.ID, parallel)
	crowdedOut := make([][]auth.Event, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		o := opening(n, noon().Add(time.Duration(i)*time.Millisecond))
		o.Limit = 5
		ids[i] = o.Session.ID
		crowdedOut[i], err = s.Open(ask(), o)
		return err
	}) {
		must(t, err)
	}
	same(t, "how many are left", len(live(t, s, ids)), 5)
	same(t, "how many were crowded out", len(slices.Concat(crowdedOut...)), parallel-5)
	same(t, "the events", events(t, s), oldestFirst(slices.Concat(crowdedOut...)))
}
