package dbtest

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
)

func journalSentences() sentences {
	return sentences{
		"an empty journal stands at its beginning":          startsAtZero,
		"events are numbered in the order of their IDs":     numbersByID,
		"numbering goes on where it ended":                  numbersOn,
		"so many events are numbered at once as was said":   numbersUpToLimit,
		"entries are read from a number on":                 readsEntries,
		"an entry is read back as it was linked":            readsBackLink,
		"an event is read with its number and hash":         readsNumber,
		"of parallel numberings each event gets one number": numbersOnceInParallel,
		"an event that still grows waits":                   growingWaits,
		"an event that was numbered does not grow":          numberedGrowsNoMore,
		"a link that cannot be kept leaves all as it was":   keepsNoFailedLink,
	}
}

// linked numbers events without a chain: the hash of each is its number.
func linked(head journal.Head, events []journal.Entry) journal.Head {
	for i := range events {
		head.Number++
		head.Hash = journal.Hash{31: byte(head.Number)}
		events[i].Link = journal.Link{
			Number: head.Number, Salt: []byte{1, byte(head.Number)}, ClientDigest: []byte{2, byte(head.Number)}, Hash: head.Hash,
		}
	}
	return head
}

// number numbers up to limit events, and returns how many it says that it has.
func number(t *testing.T, s *db.Store, limit int) int {
	t.Helper()
	n, err := s.Number(ask(), journal.Numbering{Limit: limit, Whole: noon(), Link: linked})
	must(t, err)
	return n
}

// record writes events of the same time, and returns them in the order of their IDs.
func record(t *testing.T, s *db.Store, n int) []auth.Event {
	t.Helper()
	all := make([]auth.Event, n)
	for i := range all {
		all[i] = event(auth.SignedIn, sessionOf(auth.NewID(auth.UserPrefix, noon()), noon()), noon())
		must(t, s.Record(ask(), all[i]))
	}
	return byID(all)
}

func byID(all []auth.Event) []auth.Event {
	return slices.SortedFunc(slices.Values(all), func(a, b auth.Event) int { return cmp.Compare(a.ID, b.ID) })
}

// placed are the events with the numbers from 1 on.
func placed(all []auth.Event) []auth.Event {
	all = slices.Clone(all)
	for i := range all {
		hash := journal.Hash{31: byte(i + 1)}
		all[i].Number, all[i].Hash = new(int64(i+1)), new(hex.EncodeToString(hash[:]))
	}
	return all
}

func entries(t *testing.T, s *db.Store, from int64, limit int) []auth.Event {
	t.Helper()
	read, err := s.Entries(ask(), from, limit)
	must(t, err)
	var all []auth.Event
	for _, e := range read {
		all = append(all, e.Event)
	}
	return all
}

func head(t *testing.T, s *db.Store) journal.Head {
	t.Helper()
	h, err := s.Head(ask())
	must(t, err)
	return h
}

func startsAtZero(t *testing.T, s *db.Store) {
	same(t, "the head", head(t, s), journal.Head{})
	same(t, "how many were numbered", number(t, s, 10), 0)
	same(t, "the entries", entries(t, s, 0, 10), nil)
	same(t, "the head, then", head(t, s), journal.Head{})
}

func numbersByID(t *testing.T, s *db.Store) {
	var all []auth.Event
	for _, second := range []time.Duration{3, 1, 2} { // not in the order in which they are written
		e := event(auth.SignedIn, auth.Session{}, noon().Add(second*time.Second))
		must(t, s.Record(ask(), e))
		all = append(all, e)
	}
	same(t, "how many were numbered", number(t, s, 10), 3)
	same(t, "the entries", entries(t, s, 0, 10), placed([]auth.Event{all[1], all[2], all[0]}))
}

func numbersOn(t *testing.T, s *db.Store) {
	var all []auth.Event
	for range 3 {
		all = append(all, record(t, s, 2)...)
		same(t, "how many were numbered", number(t, s, 10), 2)
	}
	same(t, "how many were numbered of none", number(t, s, 10), 0)
	same(t, "the entries", entries(t, s, 0, 10), placed(all))
	same(t, "the head", head(t, s), journal.Head{Number: 6, Hash: journal.Hash{31: 6}})
}

func numbersUpToLimit(t *testing.T, s *db.Store) {
	all := record(t, s, 5)
	for _, want := range []int{2, 2, 1, 0} {
		same(t, "how many were numbered", number(t, s, 2), want)
	}
	same(t, "the entries", entries(t, s, 0, 10), placed(all))
}

func readsEntries(t *testing.T, s *db.Store) {
	all := placed(record(t, s, 5))
	number(t, s, 10)
	record(t, s, 1)
	for from, want := range map[int64][]auth.Event{-1: all[:3], 0: all[:3], 1: all[:3], 3: all[2:5], 5: all[4:], 6: nil} {
		same(t, fmt.Sprintf("the entries from %d", from), entries(t, s, from, 3), want)
	}
}

func readsBackLink(t *testing.T, s *db.Store) {
	e := event(auth.TokensRevoked, auth.Session{}, noon())
	e.Details = map[string]any{"b": 1.5, "a": "<'>"}
	must(t, s.Record(ask(), e))
	bare := event(auth.SignedIn, auth.Session{}, noon().Add(time.Second))
	must(t, s.Record(ask(), bare))
	var seen []journal.Entry
	_, err := s.Number(ask(), journal.Numbering{Limit: 10, Whole: noon(), Link: func(h journal.Head, all []journal.Entry) journal.Head {
		seen = slices.Clone(all)
		return linked(h, all)
	}})
	must(t, err)
	same(t, "what was to be linked", seen, []journal.Entry{{Event: e, Written: new(`{"a":"\u003c'\u003e","b":1.5}`)}, {Event: bare}})
	linked(journal.Head{}, seen)
	for i, e := range placed([]auth.Event{e, bare}) {
		seen[i].Event = e
	}
	read, err := s.Entries(ask(), 1, 10)
	must(t, err)
	same(t, "the entries", read, seen)
}

func readsNumber(t *testing.T, s *db.Store) {
	e := record(t, s, 1)[0]
	got, err := s.Event(ask(), e.ID)
	must(t, err)
	same(t, "the event without a number", got, e)
	number(t, s, 1)
	e = placed([]auth.Event{e})[0]
	got, err = s.Event(ask(), e.ID)
	must(t, err)
	same(t, "the event", got, e)
	list, err := s.Events(ask(), auth.EventFilter{}, auth.Page{Limit: 10})
	must(t, err)
	same(t, "the list", list.Items, []auth.Event{e})
}

func numbersOnceInParallel(t *testing.T, s *db.Store) {
	all := record(t, s, 50)
	numbered := make([]int, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		numbered[i], err = s.Number(ask(), journal.Numbering{Limit: 7, Whole: noon(), Link: linked})
		return err
	}) {
		must(t, err)
	}
	sum := 0
	for _, n := range numbered {
		sum += n
	}
	same(t, "how many were numbered", sum, 50)
	same(t, "the entries", entries(t, s, 0, 100), placed(all))
}

// failures counts a failure of each minute, so many times, and returns the events.
func failures(t *testing.T, s *db.Store, times int, minutes ...time.Duration) []auth.Event {
	t.Helper()
	var all []auth.Event
	for _, m := range minutes {
		e := failure(noon().Add(m * time.Minute))
		for range times {
			must(t, s.CountFailure(ask(), tallyKey(fmt.Sprint(int(m))), e))
		}
		all = append(all, counted(e, float64(times)))
	}
	return all
}

func numberBefore(t *testing.T, s *db.Store, whole time.Time) int {
	t.Helper()
	n, err := s.Number(ask(), journal.Numbering{Limit: 10, Whole: whole, Link: linked})
	must(t, err)
	return n
}

func growingWaits(t *testing.T, s *db.Store) {
	all := failures(t, s, 2, 0, 1, 2)
	same(t, "how many were numbered while all grow", numberBefore(t, s, noon()), 0)
	plain := event(auth.SignedIn, auth.Session{}, noon().Add(time.Hour))
	must(t, s.Record(ask(), plain))
	same(t, "how many were numbered after the first minute", numberBefore(t, s, noon().Add(time.Minute)), 2)
	must(t, s.CountFailure(ask(), tallyKey("1"), failure(noon())))
	all[1] = counted(all[1], 3)
	same(t, "how many were numbered after the last", numberBefore(t, s, noon().Add(3*time.Minute)), 2)
	same(t, "the entries", entries(t, s, 0, 10), placed([]auth.Event{all[0], plain, all[1], all[2]}))
}

func numberedGrowsNoMore(t *testing.T, s *db.Store) {
	first := failures(t, s, 3, 0)[0]
	same(t, "how many were numbered", numberBefore(t, s, noon().Add(time.Minute)), 1)
	late := failures(t, s, 1, 0)[0] // by an instance whose clock is behind
	same(t, "the events", events(t, s), oldestFirst([]auth.Event{placed([]auth.Event{first})[0], late}))
}

func keepsNoFailedLink(t *testing.T, s *db.Store) {
	all := record(t, s, 3)
	grows := failures(t, s, 1, 0)[0]
	_, err := s.Number(ask(), journal.Numbering{Limit: 10, Whole: noon().Add(time.Minute), Link: func(h journal.Head, all []journal.Entry) journal.Head {
		h = linked(h, all)
		all[2].Link.Number = 1 // which the first has
		return h
	}})
	if err == nil {
		t.Fatal("two events have one number")
	}
	same(t, "the head", head(t, s), journal.Head{})
	same(t, "the entries", entries(t, s, 0, 10), nil)
	must(t, s.CountFailure(ask(), tallyKey("0"), failure(noon()))) // it grows as before
	same(t, "how many were numbered then", numberBefore(t, s, noon().Add(time.Minute)), 4)
	same(t, "the entries, then", entries(t, s, 0, 10), placed(byID(append(all, counted(grows, 2)))))
	_, err = s.Number(cut(), journal.Numbering{Limit: 10, Whole: noon(), Link: linked})
	if err == nil || errors.Is(err, auth.ErrNotFound) {
		t.Errorf("for a caller who has gone the error is %v", err)
	}
}
