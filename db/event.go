package db

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

// writtenColumns are those that an event is written with.
const writtenColumns = `id, happened_at, action, actor_id, subject_id, session_id, ip_address, user_agent, generation, details`

// eventColumns are in the order of eventRow.fields.
const eventColumns = writtenColumns + `, number, hash`

// insertEvent is the one statement that writes events: they are only ever added.
const insertEvent = `
	INSERT INTO events (` + writtenColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

// Record writes an event that comes with no change.
func (s *Store) Record(ctx context.Context, e auth.Event) error {
	args, err := eventArgs(e)
	if err == nil {
		_, err = s.changeOne(ctx, s.wrote(e), insertEvent, args...)
	}
	return s.explain("record an event", err)
}

// revoking is the condition of the index events_revoking, letter by letter.
const revoking = `(generation IS NOT NULL OR action IN ('` +
	string(auth.SignedOut) + `', '` + string(auth.SessionRevoked) + `', '` + string(auth.RefreshTokenReused) + `'))`

// revokedSince asks for nothing but what the index holds.
const revokedSince = `
	SELECT happened_at, action, session_id, subject_id, generation
	FROM events
	WHERE happened_at >= $1 AND ` + revoking + `
	ORDER BY happened_at`

// RevokedSince hands over what was revoked from since on, oldest first.
func (s *Store) RevokedSince(ctx context.Context, since time.Time, take func(session.Revoked)) error {
	err := s.query(ctx, revokedSince, []any{instant(since)}, func(rows *sql.Rows) error {
		var r session.Revoked
		err := rows.Scan((*instant)(&r.At), &r.Action, &r.SessionID, &r.SubjectID, &r.Generation)
		if err == nil {
			take(r)
		}
		return err
	})
	return s.explain("read what was revoked", err)
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

// eventArgs are the values of writtenColumns.
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
	var row eventRow
	if err := rows.Scan(row.fields()...); err != nil {
		return auth.Event{}, err
	}
	return row.event()
}

// eventRow takes in a row of eventColumns.
type eventRow struct {
	e       auth.Event
	details *string
	hash    []byte
}

func (r *eventRow) fields() []any { return r.fieldsWith((*instant)(&r.e.At)) }

// fieldsWith reads the time in a way of its own.
func (r *eventRow) fieldsWith(at sql.Scanner) []any {
	return []any{
		&r.e.ID, at, &r.e.Action, &r.e.ActorID, &r.e.SubjectID, &r.e.SessionID, &r.e.IPAddress,
		&r.e.UserAgent, &r.e.Generation, &r.details, &r.e.Number, &r.hash,
	}
}

func (r *eventRow) event() (auth.Event, error) {
	e := r.e
	if r.hash != nil {
		e.Hash = new(hex.EncodeToString(r.hash))
	}
	if r.details == nil {
		return e, nil
	}
	if err := json.Unmarshal([]byte(*r.details), &e.Details); err != nil {
		return e, fmt.Errorf("read the details of the event %s: %w", e.ID, err)
	}
	return e, nil
}
