package db

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Events returns a slice of the events that the filter lets through, newest first by ID.
func (s *Store) Events(ctx context.Context, f auth.EventFilter, p auth.Page) (auth.Slice[auth.Event], error) {
	w := whereEvent(f)
	var events []auth.Event
	err := s.query(ctx, w.page(`SELECT `+eventColumns+` FROM events `, p), w.args, func(rows *sql.Rows) error {
		e, err := scanEvent(rows)
		events = append(events, e)
		return err
	})
	if err != nil {
		return auth.Slice[auth.Event]{}, s.explain("list events", err)
	}
	return auth.SliceOf(p, events), nil
}

// Event returns the event, or auth.ErrNotFound.
func (s *Store) Event(ctx context.Context, id auth.ID) (auth.Event, error) {
	const byID = `SELECT ` + eventColumns + ` FROM events WHERE id = $1`
	found := auth.ErrNotFound
	var event auth.Event
	err := s.query(ctx, byID, []any{id}, func(rows *sql.Rows) (err error) {
		found = nil
		event, err = scanEvent(rows)
		return err
	})
	if err == nil && found != nil {
		err = found
	}
	return event, s.explain("read an event", err)
}

// whereEvent is the filter's conditions.
func whereEvent(f auth.EventFilter) *where {
	var w where
	if f.ActorID != nil {
		w.and(`actor_id = ?`, *f.ActorID)
	}
	if f.SubjectID != nil {
		w.and(`subject_id = ?`, *f.SubjectID)
	}
	// The IDs find the milliseconds, in the order of the list.
	if f.Since != nil {
		w.and(`id >= ?`, auth.FirstID(auth.EventPrefix, *f.Since))
		w.and(`happened_at >= ?`, instant(*f.Since))
	}
	if f.Until != nil {
		w.and(`id < ?`, auth.FirstID(auth.EventPrefix, f.Until.Add(time.Millisecond)))
		w.and(`happened_at < ?`, instant(*f.Until))
	}
	w.oneOf(`action`, f.Actions)
	if len(f.Actions) > 0 && !slices.ContainsFunc(f.Actions, isCommon) {
		w.and(`action NOT IN (` + common + `)`) // true of them all, and what the index events_uncommon is limited to
	}
	return &w
}

// common are the actions of which there are so many that a page of them is soon full, as the index events_uncommon has
// them, letter by letter. A list of others would read through these.
const common = `'` + string(auth.SignedUp) + `', '` + string(auth.SignedIn) + `', '` +
	string(auth.SignedOut) + `', '` + string(auth.SignInFailed) + `'`

func isCommon(a auth.Action) bool {
	return a == auth.SignedUp || a == auth.SignedIn || a == auth.SignedOut || a == auth.SignInFailed
}
