// Package account signs people up and in, and reads who they are.
// It does not decide who may ask: the guard has, before anything here is called.
package account

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
)

// Settings say who may have an account.
type Settings struct {
	// SignUpClosed turns signing up off: accounts are then made by staff alone.
	SignUpClosed bool
	// MaxSignUps is how many may sign up from one network in a minute, failures counted; 0 sets no limit.
	MaxSignUps int
	Passwords  password.Policy
}

// Manager is who signs up and in.
type Manager struct {
	store    Store
	sessions *session.Manager
	hasher   *password.Hasher
	throttle *throttle
	settings Settings
	now      func() time.Time
}

// NewManager makes a manager.
func NewManager(
	store Store, sessions *session.Manager, h *password.Hasher, s Settings, now func() time.Time,
) *Manager {
	return &Manager{
		store: store, sessions: sessions, hasher: h, throttle: &throttle{store: store, now: now}, settings: s, now: now,
	}
}

// Delivering is the manager for a client whom tokens reach as d says. Without it they go into the answer.
func (m *Manager) Delivering(d session.Delivery) *Manager {
	delivering := *m
	delivering.sessions = m.sessions.Delivering(d)
	return &delivering
}

// User returns the user, or auth.ErrNotFound.
func (m *Manager) User(ctx context.Context, id auth.ID) (auth.User, error) {
	u, err := m.store.User(ctx, id)
	if err != nil {
		return auth.User{}, fmt.Errorf("read a user: %w", err)
	}
	return u, nil
}

// UserByEmail returns the user whose address it is, or auth.ErrNotFound.
func (m *Manager) UserByEmail(ctx context.Context, email string) (auth.User, error) {
	u, _, err := m.store.Credentials(ctx, auth.EmailAddress(email).Key())
	if err != nil {
		return auth.User{}, fmt.Errorf("read a user: %w", err)
	}
	return u, nil
}

// Users returns a slice of the users that the filter lets through, newest first.
func (m *Manager) Users(ctx context.Context, f auth.UserFilter, p auth.Page) (auth.Slice[auth.User], error) {
	users, err := m.store.Users(ctx, f, p)
	if err != nil {
		return auth.Slice[auth.User]{}, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

// CountUsers counts the users that the filter lets through.
func (m *Manager) CountUsers(ctx context.Context, f auth.UserFilter) (int, error) {
	n, err := m.store.CountUsers(ctx, f)
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// instant is now, as fine as the store keeps it.
func (m *Manager) instant() time.Time { return auth.Instant(m.now()) }
