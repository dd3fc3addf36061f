package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

const eventColumns = `id, happened_at, action, actor_id, subject_id, session_id, ip_address, user_agent, generation, details`

// insertEvent is the one statement that writes events: they are only ever added.
const insertEvent = `
	INSERT INTO events (` + eventColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

// Record writes an event that comes with no change.
func (s *Store) Record(ctx context.Context, e auth.Event) error {
	args, err := eventArgs(e)
	if err == nil {
		_, err = s.changeOne(ctx, insertEvent, args...)
	}
	return s.explain("record an event", err)
}

// RevokingEvents returns the events from since on that end a session or raise a generation, oldest first.
func (s *Store) RevokingEvents(ctx context.Context, since time.Time) ([]auth.Event, error) {
	const revoking = `
		SELECT ` + eventColumns + `
		FROM events
		WHERE happened_at >= $1 AND (generation IS NOT NULL OR action IN ($2, $3, $4))
		ORDER BY happened_at, id`
	var events []auth.Event
	err := s.query(ctx, revoking,
		[]any{instant(since), auth.SignedOut, auth.SessionRevoked, auth.RefreshTokenReused},
		func(rows *sql.Rows) error {
			e, err := scanEvent(rows)
			events = append(events, e)
			return err
		})
	if err != nil {
		return nil, s.explain("read the revoking events", err)
	}
	return events, nil
}

// addEvents writes events in the transaction of the change that they tell of.
func addEvents(ctx context.Context, tx *sql.Tx, events ...auth.Event) error {
	for _, e := range events {
		args, err := eventArgs(e)
		if err != nil {
			return err
		}
		if _, err := exec(ctx, tx, insertEvent, args...); err != nil {
			return fmt.Errorf("add the event %s: %w", e.Action, err)
		}
	}
	return nil
}

// eventArgs are the values of eventColumns.
func eventArgs(e auth.Event) ([]any, error) {
	var details *string
	if e.Details != nil {
		written, err := json.Marshal(e.Details)
		if err != nil {
			return nil, fmt.Errorf("write the details of the event %s: %w", e.Action, err)
		}
		details = new(string(written))
	}
	return []any{
		e.ID, instant(e.At), e.Action, e.ActorID, e.SubjectID, e.SessionID, e.IPAddress, text(e.UserAgent), e.Generation,
		details,
	}, nil
}

// scanEvent reads a row of eventColumns.
func scanEvent(rows *sql.Rows) (auth.Event, error) {
	var e auth.Event
	var details *string
	err := rows.Scan(&e.ID, (*instant)(&e.At), &e.Action, &e.ActorID, &e.SubjectID, &e.SessionID, &e.IPAddress,
		&e.UserAgent, &e.Generation, &details)
	if err != nil || details == nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(*details), &e.Details); err != nil {
		return e, fmt.Errorf("read the details of the event %s: %w", e.ID, err)
	}
	return e, nil
}
