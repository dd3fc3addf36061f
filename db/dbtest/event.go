package dbtest

import (
	"context"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/db"
)

func eventSentences() sentences {
	return sentences{
		"an event is read back as it was recorded":               readsBackEvent,
		"events revoke that end a session or raise a generation": readsRevokingOnly,
		"what is revoked comes oldest first, from a moment on":   readsSince,
		"a reader of what is revoked stops where the store does": readsNoneWhereGone,
		"an event is recorded once":                              recordsOnce,
	}
}

func readsBackEvent(t *testing.T, s *db.Store) {
	whole := event(auth.TokensRevoked, sessionOf(auth.NewID(auth.UserPrefix, noon()), noon()), noon())
	whole.Client = auth.Client{IPAddress: new("2001:db8::1"), UserAgent: new("Browser/1 (Ωmega 李)")}
	whole.Generation = new(int64(1) << 40)
	whole.Details = map[string]any{"reason": "„lost“ \x00 'phone'", "count": 3.5, "list": []any{"a", nil, true}}
	bare := auth.Event{
		ID: auth.NewID(auth.EventPrefix, noon()), At: noon().Add(time.Second), Action: auth.SignedOut,
	}
	empty := bare
	empty.ID, empty.At = auth.NewID(auth.EventPrefix, noon()), noon().Add(2*time.Second)
	empty.Details = map[string]any{}
	for _, e := range []auth.Event{whole, bare, empty} {
		must(t, s.Record(ask(), e))
	}
	same(t, "the events", events(t, s), []auth.Event{whole, bare, empty})
}

func readsRevokingOnly(t *testing.T, s *db.Store) {
	var want []auth.Event
	for i, a := range auth.Actions() {
		e := event(a, sessionOf(auth.NewID(auth.UserPrefix, noon()), noon()), noon().Add(time.Duration(i)*time.Second))
		must(t, s.Record(ask(), e))
		if a.EndsSession() {
			want = append(want, e)
		}
		e = seen(event(a, auth.Session{}, e.At.Add(time.Millisecond)))
		must(t, s.Record(ask(), e))
		want = append(want, e)
	}
	same(t, "what is revoked", revokedSince(t, s, time.Time{}), revokedBy(want))
}

// revokedSince reads what is revoked.
func revokedSince(t *testing.T, s *db.Store, since time.Time) []session.Revoked {
	t.Helper()
	var all []session.Revoked
	must(t, s.RevokedSince(ask(), since, func(r session.Revoked) { all = append(all, r) }))
	return all
}

// revokedBy is what the events say of it.
func revokedBy(events []auth.Event) []session.Revoked {
	var all []session.Revoked
	for _, e := range events {
		all = append(all, session.Revoked{
			At: e.At, Action: e.Action, SessionID: e.SessionID, SubjectID: e.SubjectID, Generation: e.Generation,
		})
	}
	return all
}

func readsSince(t *testing.T, s *db.Store) {
	var all []auth.Event
	for _, after := range []time.Duration{3, 0, 2, 1, 2, -1} {
		e := event(auth.SignedOut, auth.Session{}, noon().Add(after*time.Microsecond))
		must(t, s.Record(ask(), e))
		all = append(all, e)
	}
	all = oldestFirst(all)
	for from, want := range map[time.Duration][]auth.Event{-2: all, -1: all, 0: all[1:], 2: all[3:], 3: all[5:], 4: nil} {
		same(t, "what is revoked", revokedSince(t, s, noon().Add(from*time.Microsecond)), revokedBy(want))
	}
}

func readsNoneWhereGone(t *testing.T, s *db.Store) {
	must(t, s.Record(ask(), event(auth.SignedOut, auth.Session{}, noon())))
	err := s.RevokedSince(cut(), noon(), func(r session.Revoked) { t.Errorf("it hands over %v", r) })
	fails(t, "a reader who has gone", err, context.Canceled)
}

func recordsOnce(t *testing.T, s *db.Store) {
	e := event(auth.SignedOut, auth.Session{}, noon())
	must(t, s.Record(ask(), e))
	if err := s.Record(ask(), e); err == nil {
		t.Error("it was recorded twice")
	}
	same(t, "the events", events(t, s), []auth.Event{e})
}
