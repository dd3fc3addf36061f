package session_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/session"
)

// kept is a session as the model has it: what the store must say of it, and what was handed out for it.
type kept struct {
	id        auth.ID
	delivery  auth.TokenDelivery
	counter   uint64
	renewedAt time.Time
	client    auth.Client
	expiresAt time.Time
	ended     bool
	refresh   map[uint64]string // each refresh token that was handed out, by its counter
	held      uint64            // the one that the client goes on with
	access    string            // the access token that was handed out last
	record    []auth.Action
}

// machine drives the manager on its real store, and a model of it, in the same steps.
type machine struct {
	*world
	sessions []*kept
}

const (
	modelTTL, modelIdle = 30 * 24 * time.Hour, 14 * 24 * time.Hour
	modelSessions       = 3 // fewer than a user may have, so that none is crowded out
)

var (
	neighbour = auth.Client{IPAddress: authtest.Text("192.0.2.99"), UserAgent: desk.UserAgent}
	elsewhere = auth.Client{IPAddress: authtest.Text("198.51.100.7"), UserAgent: desk.UserAgent}
	phone     = auth.Client{IPAddress: desk.IPAddress, UserAgent: authtest.Text("Phone/2")}
)

func TestASessionIsAsItsModel(t *testing.T) {
	worlds := []*world{newWorld(t, grace), newWorld(t, 0)}
	users := 0
	rapid.Check(t, func(rt *rapid.T) {
		users++
		m := &machine{world: worlds[rapid.IntRange(0, 1).Draw(rt, "without a grace time")]}
		m.user = m.addUser(t, fmt.Sprintf("user%d@example.com", users))
		rt.Repeat(map[string]func(*rapid.T){
			"open":             m.opens,
			"renew":            m.renews,
			"lose an answer":   m.losesAnswer,
			"replay":           m.replays,
			"go the wrong way": m.goesWrongWay,
			"prove again":      m.provesAgain,
			"restore":          func(rt *rapid.T) { m.restores(t, rt) },
			"end":              m.ends,
			"wait":             m.waits,
			"":                 func(rt *rapid.T) { m.agrees(t, rt) },
		})
	})
}

// by is the manager of the session's client.
func (m *machine) by(d auth.TokenDelivery) *session.Manager {
	return m.Delivering(session.Delivery{By: d, Fits: anything})
}

func (m *machine) one(rt *rapid.T) *kept {
	if len(m.sessions) == 0 {
		rt.Skip("no session yet")
	}
	return rapid.SampledFrom(m.sessions).Draw(rt, "session")
}

func client(rt *rapid.T) auth.Client {
	return rapid.SampledFrom([]auth.Client{desk, desk, neighbour, elsewhere, phone}).Draw(rt, "client")
}

// place is where a client is, as far as the journal cares: the neighbour is in the desk's network.
func place(c auth.Client) string {
	switch c {
	case neighbour:
		return place(desk)
	default:
		return *c.IPAddress + " " + *c.UserAgent
	}
}

func (m *machine) opens(rt *rapid.T) {
	if len(m.sessions) == modelSessions {
		rt.Skip("there are enough")
	}
	d := rapid.SampledFrom([]auth.TokenDelivery{auth.InBody, auth.InCookies}).Draw(rt, "delivery")
	o, err := m.by(d).Open(rt.Context(), m.user, session.Proof{Hash: hash}, desk)
	if err != nil {
		rt.Fatal(err)
	}
	at := auth.Instant(m.clock.Now())
	k := &kept{
		id: o.Session.ID, delivery: d, renewedAt: at, expiresAt: at.Add(modelTTL), client: desk,
		refresh: map[uint64]string{}, record: []auth.Action{auth.SignedIn},
	}
	m.sessions = append(m.sessions, k)
	m.handedOut(rt, k, o)
}

// handedOut notes what the client was given. Of one counter there is one token, for ever: else there is a fork.
func (m *machine) handedOut(rt *rapid.T, k *kept, o session.Opened) {
	if before, known := k.refresh[k.counter]; known && before != o.Tokens.Refresh {
		rt.Fatalf("counter %d has two refresh tokens", k.counter)
	}
	for counter, other := range k.refresh {
		if counter != k.counter && other == o.Tokens.Refresh {
			rt.Fatalf("the counters %d and %d have one refresh token", counter, k.counter)
		}
	}
	if _, err := m.verifier.Verify(rt.Context(), o.Tokens.Access); err != nil {
		rt.Fatalf("the access token is refused: %v", err)
	}
	k.refresh[k.counter], k.access = o.Tokens.Refresh, o.Tokens.Access
}

// String leaves the tokens out.
func (k *kept) String() string {
	return fmt.Sprintf("%s %s counter %d renewed %s expires %s ended %v", k.id, k.delivery, k.counter, k.renewedAt, k.expiresAt, k.ended)
}

func (k *kept) live(at time.Time) bool {
	return !k.ended && at.Add(time.Second).Before(k.expiresAt) && at.Before(k.renewedAt.Add(modelIdle))
}

// presents shows the refresh token of a counter, and holds what comes of it against the rules.
func (m *machine) presents(rt *rapid.T, k *kept, counter uint64, from auth.Client) (good bool) {
	at := auth.Instant(m.clock.Now())
	o, err := m.by(k.delivery).Renew(rt.Context(), auth.Secret(k.refresh[counter]), from)
	switch {
	case !k.live(at):
		return m.refused(rt, err)
	case counter >= k.counter: // the one in force; a higher one where the store has lost writes
		if counter > k.counter {
			k.record = append(k.record, auth.RefreshReplayed)
		}
		k.counter, k.renewedAt, k.client = counter+1, at, from
	case counter+1 == k.counter && m.within(k, at):
		if place(from) != place(k.client) {
			k.record = append(k.record, auth.RefreshReplayed)
		}
	default:
		k.ended = true
		k.record = append(k.record, auth.RefreshTokenReused)
		return m.refused(rt, err)
	}
	if err != nil {
		rt.Fatalf("counter %d at %d: %v", counter, k.counter, err)
	}
	m.handedOut(rt, k, o)
	return true
}

func (m *machine) within(k *kept, at time.Time) bool {
	return m.grace > 0 && !at.After(k.renewedAt.Add(m.grace))
}

func (m *machine) refused(rt *rapid.T, err error) bool {
	if !errors.Is(err, auth.ErrSessionEnded) {
		rt.Fatalf("it answers %v, not that the session has ended", err)
	}
	return false
}

func (m *machine) renews(rt *rapid.T) {
	k := m.one(rt)
	if m.presents(rt, k, k.held, desk) {
		k.held = k.counter
	}
}

func (m *machine) losesAnswer(rt *rapid.T) {
	k := m.one(rt)
	m.presents(rt, k, k.held, desk)
}

func (m *machine) replays(rt *rapid.T) {
	k := m.one(rt)
	known := make([]uint64, 0, len(k.refresh))
	for counter := range k.refresh {
		known = append(known, counter)
	}
	slices.Sort(known)
	m.presents(rt, k, rapid.SampledFrom(known).Draw(rt, "counter"), client(rt))
}

func (m *machine) goesWrongWay(rt *rapid.T) {
	k := m.one(rt)
	wrong := auth.InBody
	if k.delivery == auth.InBody {
		wrong = auth.InCookies
	}
	_, err := m.by(wrong).Renew(rt.Context(), auth.Secret(k.refresh[k.held]), client(rt))
	m.refused(rt, err)
}

func (m *machine) provesAgain(rt *rapid.T) {
	k := m.one(rt)
	at := auth.Instant(m.clock.Now())
	o, step, err := m.by(k.delivery).Reauthenticated(rt.Context(), m.user, k.id, desk)
	if !k.live(at) {
		m.refused(rt, err)
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	if err := m.store.Advance(rt.Context(), step); err != nil {
		rt.Fatal(err)
	}
	k.counter, k.renewedAt, k.client = k.counter+1, at, desk
	m.handedOut(rt, k, o)
	k.held = k.counter
}

// restores puts the session back to where it was some steps ago, as a backup does.
func (m *machine) restores(t *testing.T, rt *rapid.T) {
	k := m.one(rt)
	if k.counter == 0 || k.ended {
		rt.Skip("nothing to lose")
	}
	to := rapid.Uint64Range(0, k.counter-1).Draw(rt, "to")
	step := session.Advance{SessionID: k.id, From: k.counter, To: to, At: k.renewedAt, Client: k.client}
	if err := m.store.Advance(t.Context(), step); err != nil {
		rt.Fatal(err)
	}
	k.counter = to
}

func (m *machine) ends(rt *rapid.T) {
	k := m.one(rt)
	at := auth.Instant(m.clock.Now())
	n, err := m.by(k.delivery).End(rt.Context(), auth.Nobody, auth.Secret(k.refresh[k.held]), desk)
	if err != nil {
		rt.Fatal(err)
	}
	was := !k.ended && at.Before(k.expiresAt)
	if was {
		k.ended = true
		k.record = append(k.record, auth.SignedOut)
	}
	if was != (n == 1) {
		rt.Fatalf("%d sessions ended", n)
	}
}

func (m *machine) waits(rt *rapid.T) {
	const day = 24 * time.Hour
	m.clock.Move(rapid.SampledFrom([]time.Duration{
		time.Microsecond, time.Second, grace / 2, grace, grace + time.Microsecond, time.Hour, day, 13 * day, modelIdle, modelTTL,
	}).Draw(rt, "time"))
}

// agrees holds the store, the journal and the verifier against the model.
func (m *machine) agrees(t *testing.T, rt *rapid.T) {
	record := map[auth.ID][]auth.Action{}
	events, err := m.store.Events(t.Context(), auth.EventFilter{SubjectID: &m.user.ID}, auth.Page{Limit: 10_000})
	if err != nil {
		rt.Fatal(err)
	}
	for _, e := range slices.Backward(events.Items) {
		record[*e.SessionID] = append(record[*e.SessionID], e.Action)
	}
	for _, k := range m.sessions {
		s, _, err := m.store.Session(t.Context(), k.id)
		if err != nil {
			rt.Fatal(err)
		}
		if s.Counter != k.counter || !s.RenewedAt.Equal(k.renewedAt) || !s.ExpiresAt.Equal(k.expiresAt) || s.Delivery != k.delivery {
			rt.Fatalf("the store says %+v, the model %s", s, k)
		}
		if (s.EndedAt != nil) != k.ended || !cmp.Equal(s.Client, k.client) {
			rt.Fatalf("the store says %+v, the model %s", s, k)
		}
		slices.Sort(record[k.id]) // those of one instant stand in any order
		want := slices.Sorted(slices.Values(k.record))
		if !slices.Equal(record[k.id], want) {
			rt.Fatalf("on record are %v, and in the model %v", record[k.id], want)
		}
		if _, err := m.verifier.Verify(t.Context(), k.access); err == nil && k.ended {
			rt.Fatal("the session has ended, and its access token is accepted")
		}
	}
}
