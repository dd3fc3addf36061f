// Package journal reads what happened. It writes nothing: an event is written in the transaction of what it tells of.
package journal

import (
	"context"
	"fmt"

	"github.com/fieldward/fieldward/auth"
)

// Store remembers events.
type Store interface {
	// Events returns a slice of the events that the filter lets through, newest first by ID.
	Events(ctx context.Context, f auth.EventFilter, p auth.Page) (auth.Slice[auth.Event], error)
	// Event returns the event, or auth.ErrNotFound.
	Event(ctx context.Context, id auth.ID) (auth.Event, error)
}

// Journal is what happened.
type Journal struct{ store Store }

// New makes a journal.
func New(store Store) *Journal { return &Journal{store} }

// Events returns a slice of the events that the filter lets through, newest first.
func (j *Journal) Events(ctx context.Context, f auth.EventFilter, p auth.Page) (auth.Slice[auth.Event], error) {
	events, err := j.store.Events(ctx, f, p)
	if err != nil {
		return auth.Slice[auth.Event]{}, fmt.Errorf("list events: %w", err)
	}
	return events, nil
}

// Event returns the event, or auth.ErrNotFound.
func (j *Journal) Event(ctx context.Context, id auth.ID) (auth.Event, error) {
	e, err := j.store.Event(ctx, id)
	if err != nil {
		return auth.Event{}, fmt.Errorf("read an event: %w", err)
	}
	return e, nil
}
