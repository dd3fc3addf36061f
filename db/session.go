package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

// sessionColumns are in the order of sessionRow.fields.
const sessionColumns = `sessions.id, sessions.user_id, sessions.counter, sessions.auth_time, sessions.delivery,
	sessions.ip_address, sessions.user_agent, sessions.created_at, sessions.renewed_at, sessions.expires_at,
	sessions.ended_at`

// Session returns the session and its user as both are in one snapshot, or auth.ErrNotFound.
func (s *Store) Session(ctx context.Context, id auth.ID) (auth.Session, auth.User, error) {
	const byID = `
		SELECT ` + sessionColumns + `, ` + userColumns + `
		FROM sessions JOIN users ON users.id = sessions.user_id
		WHERE sessions.id = $1`
	var opened sessionRow
	var user userRow
	if err := s.queryRow(ctx, byID, []any{id}, append(opened.fields(), user.fields()...)...); err != nil {
		return auth.Session{}, auth.User{}, s.explain("read a session", found(err))
	}
	return opened.session(), user.user(), nil
}

// standing is asked for each request where the server is strict.
const standing = `
	SELECT users.generation, users.disabled_at IS NOT NULL, sessions.ended_at IS NOT NULL
	FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE sessions.id = $1 AND sessions.user_id = $2`

// Standing returns what decides about the tokens of a user's session, or auth.ErrNotFound.
func (s *Store) Standing(ctx context.Context, userID, sessionID auth.ID) (session.Standing, error) {
	var is session.Standing
	err := s.queryRow(ctx, standing, []any{sessionID, userID}, &is.Generation, &is.Disabled, &is.Ended)
	return is, s.explain("read how a session stands", found(err))
}

// Open adds the session if its user is still as o says, and ends those that are one too many.
func (s *Store) Open(ctx context.Context, o session.Opening) ([]auth.Event, error) {
	var crowdedOut []auth.Event
	err := s.changeAs(ctx, transaction{find: s.wrote(o.Event)}, func(ctx context.Context, tx *sql.Tx) error {
		if err := signIn(ctx, tx, o); err != nil {
			return err
		}
		if err := insertSession(ctx, tx, o.Session); err != nil {
			return err
		}
		ended, err := endOldest(ctx, tx, o)
		if err != nil {
			return err
		}
		crowdedOut = nil
		for _, id := range ended {
			crowdedOut = append(crowdedOut, o.CrowdedOut(id))
		}
		return addEvents(ctx, tx, append(slices.Clip(crowdedOut), o.Event)...)
	})
	if err != nil {
		return nil, s.explain("open a session", err)
	}
	return crowdedOut, nil
}

// signIn notes the session's beginning in a user who is as o says. From here on it holds the user's row, so that
// sessions of one user open one after the other and each counts those before it.
func signIn(ctx context.Context, tx *sql.Tx, o session.Opening) error {
	const asRead = `
		UPDATE users SET last_sign_in_at = $1, password_hash = $2
		WHERE id = $3 AND password_hash = $4 AND generation = $5 AND disabled_at IS NULL`
	hash := o.PasswordHash
	if o.Rehashed != "" {
		hash = o.Rehashed
	}
	signedIn, err := exec(ctx, tx, asRead, instant(o.Session.CreatedAt), hash, o.Session.UserID, o.PasswordHash, o.Generation)
	if err == nil && signedIn == 0 {
		return session.ErrChanged
	}
	return err
}

func insertSession(ctx context.Context, tx *sql.Tx, n auth.Session) error {
	const insert = `
		INSERT INTO sessions (id, user_id, counter, auth_time, delivery, ip_address, user_agent,
		                      created_at, renewed_at, expires_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	_, err := exec(ctx, tx, insert,
		n.ID, n.UserID, n.Counter, instant(n.AuthTime), n.Delivery, n.IPAddress, text(n.UserAgent),
		instant(n.CreatedAt), instant(n.RenewedAt), instant(n.ExpiresAt), (*instant)(n.EndedAt))
	return err
}

// endOldest ends the user's live sessions but the newest, among them the one that o opens, and returns the ended ones,
// oldest first.
func endOldest(ctx context.Context, tx *sql.Tx, o session.Opening) ([]auth.ID, error) {
	const others = `user_id = $2 AND ended_at IS NULL AND expires_at > $1 AND id <> $3`
	const oldest = `
		UPDATE sessions SET ended_at = $1
		WHERE ` + others + ` AND id NOT IN (
			SELECT id FROM sessions WHERE ` + others + ` ORDER BY created_at DESC, id DESC LIMIT $4)
		RETURNING id`
	rows, err := tx.QueryContext(ctx, oldest,
		instant(o.Session.CreatedAt), o.Session.UserID, o.Session.ID, max(o.Limit-1, 0))
	if err != nil {
		return nil, err
	}
	return ids(rows)
}

// ids reads rows of one ID each, and sorts them: IDs sort by time.
func ids(rows *sql.Rows) ([]auth.ID, error) {
	var all []auth.ID
	err := each(rows, func(rows *sql.Rows) error {
		var id auth.ID
		err := rows.Scan(&id)
		all = append(all, id)
		return err
	})
	slices.Sort(all)
	return all, err
}

// Advance moves the counter of a session that has not ended. Of parallel callers with the same a.From one succeeds.
func (s *Store) Advance(ctx context.Context, a session.Advance) error {
	if a.Event == nil {
		return s.explain("advance a session", moved(s.changeOne(ctx, s.advanced(a), advance, advanceArgs(a)...)))
	}
	err := s.changeAs(ctx, transaction{find: s.wrote(*a.Event)}, func(ctx context.Context, tx *sql.Tx) error {
		if err := moved(exec(ctx, tx, advance, advanceArgs(a)...)); err != nil {
			return err
		}
		return addEvents(ctx, tx, *a.Event)
	})
	return s.explain("advance a session", err)
}

const advance = `
	UPDATE sessions SET counter = $1, renewed_at = $2, ip_address = $3, user_agent = $4, auth_time = COALESCE($5, auth_time)
	WHERE id = $6 AND counter = $7 AND ended_at IS NULL`

func advanceArgs(a session.Advance) []any {
	return []any{
		a.To, instant(a.At), a.Client.IPAddress, text(a.Client.UserAgent), (*instant)(a.AuthTime), a.SessionID, a.From,
	}
}

// advanced finds out whether a was done, by writing what is there, which waits for whoever still holds it. Another who
// did the same in the same microsecond has the same token in hand.
func (s *Store) advanced(a session.Advance) look {
	const hold = `UPDATE sessions SET counter = counter WHERE id = $1 RETURNING counter, renewed_at`
	return func(ctx context.Context) (outcome, error) {
		var counter uint64
		var at time.Time
		err := s.engine.Writer.QueryRowContext(ctx, hold, a.SessionID).Scan(&counter, (*instant)(&at))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return unknown, nil
		case err != nil:
			return unknown, err
		case counter == a.To && at.Equal(auth.Instant(a.At)):
			return happened, nil
		case counter == a.From:
			return cameToNothing, nil
		}
		return unknown, nil
	}
}

// moved is session.ErrSpent where no counter has moved.
func moved(sessions int64, err error) error {
	if err == nil && sessions == 0 {
		return session.ErrSpent
	}
	return err
}

// sessionRow takes in a row of sessionColumns.
type sessionRow struct {
	s       auth.Session
	endedAt *instant
}

func (r *sessionRow) fields() []any {
	return []any{
		&r.s.ID, &r.s.UserID, &r.s.Counter, (*instant)(&r.s.AuthTime), &r.s.Delivery,
		&r.s.IPAddress, &r.s.UserAgent, (*instant)(&r.s.CreatedAt), (*instant)(&r.s.RenewedAt), (*instant)(&r.s.ExpiresAt), &r.endedAt,
	}
}

func (r *sessionRow) session() auth.Session {
	s := r.s
	s.EndedAt = (*time.Time)(r.endedAt)
	return s
}
