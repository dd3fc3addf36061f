package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
)

// verdict is what the database says of what clients were told.
type verdict struct {
	// lost was acknowledged, and is not there.
	lost []string
	// wrong was reported as failed, and is there, or is there more often than it was asked for.
	wrong []string
}

// judge holds the ledger against the database, of what happened since a time.
func (l *load) judge(t *testing.T, store *db.Store, since time.Time) verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var v verdict
	for _, w := range l.writers {
		if err := v.judgeNames(ctx, store, w.user, since, l.all(func(a attempt) bool { return a.kind == renaming && a.key == string(w.user) })); err != nil {
			t.Fatal(err)
		}
	}
	last := map[string]attempt{}
	for _, a := range l.all(func(a attempt) bool { return a.kind == renewing && a.answer == toldDone }) {
		last[a.key] = a
	}
	for _, a := range last {
		if stored, _, err := store.Session(ctx, auth.ID(a.key)); err != nil || stored.Counter < a.counter {
			v.lost = append(v.lost, fmt.Sprintf("%s: to %d, and it is at %d, %v", a, a.counter, stored.Counter, err))
		}
	}
	for _, a := range l.all(func(a attempt) bool { return a.kind == signingUp || a.kind == signingOut }) {
		there, err := isThere(ctx, store, a)
		switch {
		case err != nil:
			t.Fatal(err)
		case a.answer == toldDone && !there:
			v.lost = append(v.lost, a.String())
		case a.answer == toldBusy && there:
			v.wrong = append(v.wrong, a.String())
		}
	}
	for _, a := range l.all(func(a attempt) bool { return a.answer == toldWrong }) {
		v.wrong = append(v.wrong, a.String())
	}
	return v
}

// isThere tells whether someone has signed up, or out.
func isThere(ctx context.Context, store *db.Store, a attempt) (bool, error) {
	if a.kind == signingUp {
		_, _, err := store.Credentials(ctx, auth.EmailAddress(a.key).Key())
		if errors.Is(err, auth.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	s, _, err := store.Session(ctx, auth.ID(a.key))
	return s.EndedAt != nil, err
}

// judgeNames pairs the changes of a user's name with the events of them: what was acknowledged by its time, to the
// microsecond, and the rest by when it was asked for, since a writer does one thing after the other.
func (v *verdict) judgeNames(ctx context.Context, store *db.Store, user auth.ID, since time.Time, attempts []attempt) error {
	happened, err := store.Events(ctx, auth.EventFilter{SubjectID: &user, Actions: []auth.Action{auth.ProfileUpdated}}, auth.Page{Limit: 1 << 20})
	if err != nil {
		return err
	}
	at := map[time.Time]int{}
	for _, e := range happened.Items {
		at[e.At]++
	}
	for _, a := range attempts {
		if a.answer != toldDone {
			continue
		}
		if at[a.told.UTC()] == 0 {
			v.lost = append(v.lost, a.String())
		}
		at[a.told.UTC()]--
	}
	for instant, times := range at {
		if times > 0 && instant.After(since) && !isAsked(instant, attempts) {
			v.wrong = append(v.wrong, fmt.Sprintf("a name was changed at %s, by nobody who may think so", instant.Format("05.000000")))
		}
	}
	return nil
}

// isAsked tells whether a change at a time is one of which it was said that nobody knows.
func isAsked(at time.Time, attempts []attempt) bool {
	for _, a := range attempts {
		if (a.answer == toldUnsure || a.answer == toldNothing) && !at.Before(a.from.Add(-time.Millisecond)) && !at.After(a.to) {
			return true
		}
	}
	return false
}
