package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// attempts bounds how often a renewal begins again because another was faster.
const attempts = 4

// Renew trades a refresh token for the next one of its session. The one before the current, within the grace time,
// yields the current one again: a lost answer is repeated, and two tabs go on with the same token. An older one was
// stolen from someone, so it ends the session. Whatever is wrong fails with auth.ErrSessionEnded.
func (m *Manager) Renew(ctx context.Context, refresh auth.Secret, from auth.Client) (Opened, error) {
	for range attempts {
		opened, err := m.renew(ctx, refresh, from)
		if !errors.Is(err, ErrSpent) {
			return opened, err
		}
	}
	return Opened{}, auth.Busy(time.Second)
}

func (m *Manager) renew(ctx context.Context, refresh auth.Secret, from auth.Client) (Opened, error) {
	s, found, err := m.find(ctx, refresh)
	if err != nil {
		return Opened{}, err
	}
	at := m.instant()
	if found.user.Disabled() || !m.live(s, at) {
		return Opened{}, auth.ErrSessionEnded
	}
	switch {
	case found.counter == s.Counter:
		return m.advance(ctx, found, s, at, from)
	case found.counter > s.Counter:
		// The MAC is ours, so the database has lost writes: a restore, or a fail-over.
		return m.advance(ctx, found, s, at, from)
	case found.counter+1 == s.Counter && m.inGrace(s, at):
		return m.replay(ctx, found.user, s, from)
	default:
		if _, err := m.end(ctx, s.ID, Event(auth.RefreshTokenReused, s, from, at)); err != nil {
			return Opened{}, err
		}
		return Opened{}, auth.ErrSessionEnded
	}
}

// advance moves the session one beyond the presented counter. To move it is the last step: whatever fails before has
// moved nothing.
func (m *Manager) advance(
	ctx context.Context, f found, s auth.Session, at time.Time, from auth.Client,
) (Opened, error) {
	step := Advance{SessionID: s.ID, From: s.Counter, To: f.counter + 1, At: at, Client: from}
	if f.counter > s.Counter {
		e := Event(auth.RefreshReplayed, s, from, at)
		e.Details = map[string]any{"reason": "the database is behind", "behind": f.counter - s.Counter}
		step.Event = &e
	}
	s.Counter, s.RenewedAt, s.Client = step.To, at, from
	opened, err := m.opened(ctx, f.user, s)
	if err != nil {
		return Opened{}, err
	}
	if err := m.store.Advance(ctx, step); err != nil {
		return Opened{}, fmt.Errorf("advance a session: %w", err)
	}
	return opened, nil
}

// replay answers the current refresh token again. From elsewhere that is worth knowing.
func (m *Manager) replay(ctx context.Context, u auth.User, s auth.Session, from auth.Client) (Opened, error) {
	opened, err := m.opened(ctx, u, s)
	if err != nil {
		return Opened{}, err
	}
	if !sameOrigin(s.Client, from) {
		if err := m.store.Record(ctx, Event(auth.RefreshReplayed, s, from, m.instant())); err != nil {
			return Opened{}, fmt.Errorf("record a replay: %w", err)
		}
	}
	return opened, nil
}

func (m *Manager) live(s auth.Session, at time.Time) bool {
	// In its last second no token could be issued any more.
	return s.EndedAt == nil && at.Add(time.Second).Before(s.ExpiresAt) && at.Before(s.RenewedAt.Add(m.settings.IdleTTL))
}

func (m *Manager) inGrace(s auth.Session, at time.Time) bool {
	return m.settings.Grace > 0 && !at.After(s.RenewedAt.Add(m.settings.Grace))
}

// sameOrigin reports whether two clients may well be one: the same user agent in the same network.
func sameOrigin(a, b auth.Client) bool {
	return value(a.UserAgent) == value(b.UserAgent) && a.Network() == b.Network()
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
