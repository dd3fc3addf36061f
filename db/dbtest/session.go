package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func sessionSentences() sentences {
	return sentences{
		"a session is read with its user":                        readsSessionWithUser,
		"there is no session that nobody opened":                 findsNoSession,
		"a user agent that no database can hold is kept legible": keepsUserAgents,
		"a session keeps the delivery that it was opened with":   keepsDelivery,
		"advancing moves the counter and says from where":        advances,
		"a counter may jump":                                     jumps,
		"of parallel refreshes one advances the session":         advancesOnce,
		"a counter that has moved on does not move":              spentStaysPut,
		"a session that has ended does not advance":              endedStaysPut,
		"an event comes with a counter that moves, and else not": advancesWithEvent,
	}
}

func readsSessionWithUser(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	add(t, s, "bob@example.org")
	opened := open(t, s, n, noon())
	gotSession, gotUser, err := s.Session(ask(), opened.ID)
	must(t, err)
	same(t, "the session", gotSession, opened)
	n.User.LastSignInAt = &opened.CreatedAt
	same(t, "its user", gotUser, n.User)

	bare := opening(n, noon().Add(time.Second))
	bare.Session.Client = auth.Client{}
	bare.Session.Counter = 7
	_, err = s.Open(ask(), bare)
	must(t, err)
	same(t, "a session from nowhere", sessionIs(t, s, bare.Session.ID), bare.Session)
}

func findsNoSession(t *testing.T, s *db.Store) {
	open(t, s, add(t, s, "ada@example.org"), noon())
	for _, id := range []auth.ID{"", "ses_", auth.NewID(auth.SessionPrefix, noon())} {
		nothing, _, err := s.Session(ask(), id)
		isNothing(t, "another session", nothing, err)
	}
}

func keepsUserAgents(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	o := opening(n, noon())
	o.Session.UserAgent = new("Br\xfcwser\x00/1 é")
	_, err := s.Open(ask(), o)
	must(t, err)
	same(t, "the user agent", *sessionIs(t, s, o.Session.ID).UserAgent, "Br\ufffdwser\ufffd/1 é")
}

func keepsDelivery(t *testing.T, s *db.Store) {
	n := someone("ada@example.org")
	signedUp := sessionOf(n.User.ID, noon())
	signedUp.Delivery = auth.InCookies
	n.Session = &signedUp
	must(t, s.AddUser(ask(), n))
	o := opening(n, noon().Add(time.Second))
	o.Session.Delivery = auth.InCookies
	_, err := s.Open(ask(), o)
	must(t, err)
	for _, id := range []auth.ID{signedUp.ID, o.Session.ID} {
		must(t, s.Advance(ask(), step(id, 0, 1)))
		same(t, "the delivery", sessionIs(t, s, id).Delivery, auth.InCookies)
	}
}

// step advances a session from one counter to another.
func step(id auth.ID, from, to uint64) session.Advance {
	return session.Advance{SessionID: id, From: from, To: to, At: noon().Add(time.Hour), Client: auth.Client{
		IPAddress: new("2001:db8::1"), UserAgent: new("Browser/2"),
	}}
}

func advances(t *testing.T, s *db.Store) {
	n := add(t, s, "ada@example.org")
	other := open(t, s, n, noon())
	want := open(t, s, n, noon())
	a := step(want.ID, 0, 1)
	must(t, s.Advance(ask(), a))
	want.Counter, want.RenewedAt, want.Client = 1, a.At, a.Client
	same(t, "the session", sessionIs(t, s, want.ID), want)
	same(t, "another session", sessionIs(t, s, other.ID), other)

	a = step(want.ID, 1, 2)
	a.Client = auth.Client{}
	must(t, s.Advance(ask(), a))
	want.Counter, want.Client = 2, auth.Client{}
	same(t, "the session, from nowhere", sessionIs(t, s, want.ID), want)
}

func jumps(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	must(t, s.Advance(ask(), step(opened.ID, 0, 1<<62)))
	same(t, "the counter", sessionIs(t, s, opened.ID).Counter, 1<<62)
}

func advancesOnce(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	for counter := range uint64(5) {
		oneSucceeds(t, inParallel(func(i int) error {
			a := step(opened.ID, counter, counter+1)
			if i%2 == 0 {
				a.Event = new(event(auth.RefreshReplayed, opened, noon()))
			}
			return s.Advance(ask(), a)
		}), session.ErrSpent)
		same(t, "the counter", sessionIs(t, s, opened.ID).Counter, counter+1)
	}
}

func spentStaysPut(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	must(t, s.Advance(ask(), step(opened.ID, 0, 1)))
	want := sessionIs(t, s, opened.ID)
	for _, from := range []uint64{0, 2} {
		a := step(opened.ID, from, from+1)
		a.At, a.Client = a.At.Add(time.Hour), auth.Client{}
		fails(t, "another counter", s.Advance(ask(), a), session.ErrSpent)
	}
	same(t, "the session", sessionIs(t, s, opened.ID), want)
	fails(t, "no session", s.Advance(ask(), step(auth.NewID(auth.SessionPrefix, noon()), 0, 1)), session.ErrSpent)
}

func endedStaysPut(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	_, err := s.End(ask(), opened.ID, event(auth.SignedOut, opened, noon()))
	must(t, err)
	fails(t, "the ended session", s.Advance(ask(), step(opened.ID, 0, 1)), session.ErrSpent)
	same(t, "the counter", sessionIs(t, s, opened.ID).Counter, 0)
}

func advancesWithEvent(t *testing.T, s *db.Store) {
	opened := open(t, s, add(t, s, "ada@example.org"), noon())
	first := step(opened.ID, 0, 1)
	first.Event = new(seen(event(auth.RefreshReplayed, opened, noon())))
	must(t, s.Advance(ask(), first))
	second := step(opened.ID, 0, 1)
	second.Event = new(seen(event(auth.RefreshReplayed, opened, noon())))
	fails(t, "the second", s.Advance(ask(), second), session.ErrSpent)
	same(t, "the events", events(t, s), []auth.Event{*first.Event})
}
