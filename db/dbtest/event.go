package dbtest

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
)

func eventSentences() sentences {
	return sentences{
		"an event is read back as it was recorded":               readsBackEvent,
		"events revoke that end a session or raise a generation": readsRevokingOnly,
		"revoking events come oldest first, from a moment on":    readsSince,
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
	same(t, "the revoking events", events(t, s), want)
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
		got, err := s.RevokingEvents(ask(), noon().Add(from*time.Microsecond))
		must(t, err)
		same(t, "the events", got, want)
	}
}

func recordsOnce(t *testing.T, s *db.Store) {
	e := event(auth.SignedOut, auth.Session{}, noon())
	must(t, s.Record(ask(), e))
	if err := s.Record(ask(), e); err == nil {
		t.Error("it was recorded twice")
	}
	same(t, "the events", events(t, s), []auth.Event{e})
}
