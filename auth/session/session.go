// Package session opens sessions, renews them and ends them, and ends those of which a refresh token was stolen.
// It holds no secret of a session: a refresh token is a counter under a MAC, and the store has the counter alone.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/token"
)

// Settings say how long sessions live.
type Settings struct {
	// Issuer is the server's public address: a refresh token of another server is none here.
	Issuer string
	// TTL is the absolute life of a session, IdleTTL the time after which an unused one has ended.
	TTL, IdleTTL time.Duration
	// AccessTTL is the life of an access token, for as long as which a session is in use after it was renewed.
	AccessTTL time.Duration
	// Grace is how long the refresh token before the current one is answered with the current one; 0 turns that off.
	Grace time.Duration
	// PerUser is how many live sessions a user may have.
	PerUser int
}

// Manager is who opens, renews and ends.
type Manager struct {
	store       Store
	issuer      *token.Issuer
	keys        *keyring.Keyring
	revocations *Revocations
	settings    Settings
	delivery    Delivery
	now         func() time.Time
}

// NewManager makes a manager. What it ends, it puts into the revocations at once.
func NewManager(
	store Store, issuer *token.Issuer, keys *keyring.Keyring, r *Revocations, s Settings, now func() time.Time,
) *Manager {
	return &Manager{store: store, issuer: issuer, keys: keys, revocations: r, settings: s, now: now}
}

// Opened is a session that has just been opened or renewed.
type Opened struct {
	User    auth.User
	Session auth.Session
	Tokens  auth.Tokens
	// Caller is who asks from now on: the bearer of the new access token.
	Caller auth.Caller
}

// Prepare makes a session and its tokens for a user who has just proved who they are. Nothing is stored yet.
func (m *Manager) Prepare(ctx context.Context, u auth.User, from auth.Client) (Opened, error) {
	at := m.instant()
	return m.opened(ctx, u, auth.Session{
		ID:        auth.NewID(auth.SessionPrefix, at),
		UserID:    u.ID,
		AuthTime:  at,
		Delivery:  m.delivery.by(),
		Client:    from,
		CreatedAt: at,
		RenewedAt: at,
		ExpiresAt: at.Add(m.settings.TTL),
	})
}

// Proof is what a user's password was held against.
type Proof struct {
	// Hash is the one that the password matched.
	Hash string
	// Rehashed takes its place where it is not empty.
	Rehashed string
}

// Open starts a session for the user. Where the user is no longer as u and p say it fails with ErrChanged.
func (m *Manager) Open(ctx context.Context, u auth.User, p Proof, from auth.Client) (Opened, error) {
	opened, err := m.Prepare(ctx, u, from)
	if err != nil {
		return Opened{}, err
	}
	s := opened.Session
	u.LastSignInAt = &s.CreatedAt
	opened.User = u
	crowdedOut, err := m.store.Open(ctx, Opening{
		Session:      s,
		Event:        Event(auth.SignedIn, s, from, s.CreatedAt),
		PasswordHash: p.Hash,
		Generation:   u.Generation,
		Rehashed:     p.Rehashed,
		Limit:        m.settings.PerUser,
		CrowdedOut: func(id auth.ID) auth.Event {
			e := Event(auth.SessionRevoked, s, from, s.CreatedAt)
			e.SessionID = &id
			e.Details = map[string]any{"reason": "too many sessions"}
			return e
		},
	})
	if err != nil {
		return Opened{}, fmt.Errorf("open a session: %w", err)
	}
	m.revocations.Apply(crowdedOut...)
	return opened, nil
}

// Session returns a session by its ID, ended or not, or auth.ErrNotFound.
func (m *Manager) Session(ctx context.Context, id auth.ID) (auth.Session, error) {
	s, _, err := m.store.Session(ctx, id)
	if err != nil {
		return auth.Session{}, fmt.Errorf("read a session: %w", err)
	}
	return s, nil
}

// End ends the session of the caller's token or, where the caller has none, of the refresh token, and reports how
// many ended. It succeeds where there was none: to sign out twice is no mistake.
func (m *Manager) End(ctx context.Context, c auth.Caller, refresh auth.Secret, from auth.Client) (int, error) {
	id := c.SessionID()
	userID := c.ID()
	if id == "" {
		s, _, err := m.find(ctx, refresh)
		if errors.Is(err, auth.ErrSessionEnded) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		id, userID = s.ID, s.UserID
	}
	e := Event(auth.SignedOut, auth.Session{ID: id, UserID: userID}, from, m.instant())
	ended, err := m.end(ctx, id, e)
	if err != nil || !ended {
		return 0, err
	}
	return 1, nil
}

// lastUsedStep is how fine LastUsed is.
const lastUsedStep = 5 * time.Minute

// LastUsed is when the session may last have been used: its tokens live on after they were handed out, so as long as
// anyone could hold one that is accepted, that is now. To a bearer who watches it nothing changes at the moment in which
// the session is renewed: a thief does not learn when to follow within the grace time.
func (m *Manager) LastUsed(s auth.Session) time.Time {
	last := s.RenewedAt.Add(m.settings.Grace + m.settings.AccessTTL + token.Leeway)
	if now := m.instant(); now.Before(last) {
		last = now
	}
	if s.EndedAt != nil && s.EndedAt.Before(last) {
		last = *s.EndedAt
	}
	return last.Truncate(lastUsedStep)
}

// Sessions returns a slice of the user's live sessions, newest first.
func (m *Manager) Sessions(ctx context.Context, userID auth.ID, p auth.Page) (auth.Slice[auth.Session], error) {
	sessions, err := m.store.Sessions(ctx, userID, m.instant(), p)
	if err != nil {
		return auth.Slice[auth.Session]{}, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// Reauthenticated prepares a session's going on for a user who has just proved again who they are: a new pair of
// tokens, and a new auth_time. Nothing is stored yet: the step is to be made in the transaction of what was proved for.
func (m *Manager) Reauthenticated(
	ctx context.Context, u auth.User, id auth.ID, from auth.Client,
) (Opened, Advance, error) {
	s, _, err := m.store.Session(ctx, id)
	if errors.Is(err, auth.ErrNotFound) {
		return Opened{}, Advance{}, auth.ErrSessionEnded
	}
	if err != nil {
		return Opened{}, Advance{}, fmt.Errorf("read a session: %w", err)
	}
	at := m.instant()
	if s.UserID != u.ID || !m.live(s, at) {
		return Opened{}, Advance{}, auth.ErrSessionEnded
	}
	step := Advance{SessionID: s.ID, From: s.Counter, To: s.Counter + 1, At: at, Client: from, AuthTime: &at}
	s.Counter, s.RenewedAt, s.AuthTime, s.Client = step.To, at, at, from
	opened, err := m.opened(ctx, u, s)
	return opened, step, err
}

// EndOne ends a session by its ID, one's own or, for staff, that of someone who holds no role above theirs; else it
// fails with auth.ErrAbove. What the caller may not know of fails with auth.ErrNotFound, as what does not exist does.
func (m *Manager) EndOne(ctx context.Context, c auth.Caller, id auth.ID, from auth.Client) (auth.Session, error) {
	s, u, err := m.store.Session(ctx, id)
	if err != nil {
		return auth.Session{}, fmt.Errorf("read a session: %w", err)
	}
	switch {
	case u.ID == c.ID():
	case !c.HasRole(auth.RoleSupport, auth.RoleAdmin):
		return auth.Session{}, auth.ErrNotFound
	case auth.Rank(u.Roles) > auth.Rank(c.Claims.Roles):
		return auth.Session{}, auth.ErrAbove
	}
	e := Event(auth.SessionRevoked, s, from, m.instant())
	actor := c.ID()
	e.ActorID = &actor
	ended, err := m.end(ctx, id, e)
	if ended {
		s.EndedAt = &e.At
	}
	return s, err
}

// Revoke feels what was written elsewhere in the domain.
func (m *Manager) Revoke(events ...auth.Event) { m.revocations.Apply(events...) }

// EndAll ends every session of the caller, refuses every token that the caller has, and reports how many sessions
// ended.
func (m *Manager) EndAll(ctx context.Context, c auth.Caller, from auth.Client) (int, error) {
	userID := c.ID()
	e := Event(auth.TokensRevoked, auth.Session{ID: c.SessionID(), UserID: userID}, from, m.instant())
	done, err := m.store.EndAll(ctx, userID, e)
	if err != nil {
		return 0, fmt.Errorf("end all sessions: %w", err)
	}
	e.Generation = &done.Generation
	m.revocations.Apply(e)
	return done.Sessions, nil
}

func (m *Manager) end(ctx context.Context, id auth.ID, e auth.Event) (bool, error) {
	ended, err := m.store.End(ctx, id, e)
	if err != nil {
		return false, fmt.Errorf("end a session: %w", err)
	}
	m.revocations.Apply(e) // also where another process was faster: this one must not accept it any longer
	return ended, nil
}

// opened signs the tokens of the session as it is to be, and asks whether they can go out.
func (m *Manager) opened(ctx context.Context, u auth.User, s auth.Session) (Opened, error) {
	issued, err := m.issuer.Issue(ctx, u, s)
	if err != nil {
		return Opened{}, fmt.Errorf("issue an access token: %w", err)
	}
	id, err := m.issuer.IssueID(u, issued)
	if err != nil {
		return Opened{}, fmt.Errorf("issue an ID token: %w", err)
	}
	tokens := auth.Tokens{
		Access:           issued.Token,
		Refresh:          m.refreshToken(s),
		ID:               id,
		ExpiresAt:        issued.Claims.ExpiresAt,
		RefreshExpiresAt: m.refreshEnd(s),
	}
	if err := m.delivery.fits(s, tokens); err != nil {
		return Opened{}, err
	}
	return Opened{User: u, Session: s, Tokens: tokens, Caller: auth.Caller{Claims: &issued.Claims}}, nil
}

// refreshEnd is when the session's refresh token ends unless it is used. It is counted from now, also where the token
// is answered again: counted from the session's last step it would tell when that was.
func (m *Manager) refreshEnd(s auth.Session) time.Time {
	if idle := m.instant().Add(m.settings.IdleTTL); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// Event is what the user of a session did in it.
func Event(a auth.Action, s auth.Session, from auth.Client, at time.Time) auth.Event {
	e := auth.NewEvent(a, at, from)
	e.ActorID, e.SubjectID = &s.UserID, &s.UserID
	if s.ID != "" {
		e.SessionID = &s.ID
	}
	return e
}

// instant is now, as fine as the store keeps it.
func (m *Manager) instant() time.Time { return auth.Instant(m.now()) }
