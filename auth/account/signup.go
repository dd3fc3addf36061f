package account

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
)

// Details are what an account is made of.
type Details struct {
	Email    string
	Name     string
	Password auth.Secret
	// Roles are USER where there are none.
	Roles []auth.Role
}

// errSignUpClosed is for servers whose accounts are made by staff.
var errSignUpClosed = &auth.Error{Code: auth.Forbidden, Message: "Signing up is closed here. Ask for an account."}

// SignUp creates an account with the role USER and signs it in. Each field that is to blame has an error of its own:
// auth.InvalidInput, auth.WeakPassword, auth.EmailTaken.
func (m *Manager) SignUp(ctx context.Context, d Details, from auth.Client) (session.Opened, error) {
	if m.settings.SignUpClosed {
		return session.Opened{}, errSignUpClosed
	}
	d.Roles = nil
	u, hash, err := m.make(ctx, d)
	if err != nil {
		return session.Opened{}, err
	}
	u.LastSignInAt = &u.CreatedAt
	opened, err := m.sessions.Prepare(u, from)
	if err != nil {
		return session.Opened{}, err
	}
	s := opened.Session
	err = m.store.AddUser(ctx, NewUser{
		User:         u,
		PasswordHash: hash,
		Session:      &s,
		Events:       []auth.Event{session.Event(auth.SignedUp, s, from, u.CreatedAt)},
	})
	if err != nil {
		return session.Opened{}, fmt.Errorf("add a user: %w", err)
	}
	return opened, nil
}

// Add creates an account for someone else, and does not sign it in: what the command line does. It fails as SignUp does.
func (m *Manager) Add(ctx context.Context, d Details) (auth.User, error) {
	u, hash, err := m.make(ctx, d)
	if err != nil {
		return auth.User{}, err
	}
	created := auth.Event{
		ID:        auth.NewID(auth.EventPrefix, u.CreatedAt),
		At:        u.CreatedAt,
		Action:    auth.UserCreated,
		SubjectID: &u.ID,
		Details:   map[string]any{"roles": u.Roles},
	}
	if err := m.store.AddUser(ctx, NewUser{User: u, PasswordHash: hash, Events: []auth.Event{created}}); err != nil {
		return auth.User{}, fmt.Errorf("add a user: %w", err)
	}
	return u, nil
}

// make checks all the details and hashes the password. Nothing is stored yet.
func (m *Manager) make(ctx context.Context, d Details) (auth.User, string, error) {
	var wrong auth.Errors
	email, err := auth.ParseEmailAddress(d.Email)
	if err := wrong.Add(err); err != nil {
		return auth.User{}, "", err
	}
	name, err := auth.ParseName(d.Name)
	if err := wrong.Add(err); err != nil {
		return auth.User{}, "", err
	}
	if err := wrong.Add(m.settings.Passwords.Check("password", d.Password, name, string(email))); err != nil {
		return auth.User{}, "", err
	}
	if err := wrong.Err(); err != nil {
		return auth.User{}, "", err
	}
	hash, err := m.hasher.Hash(ctx, d.Password)
	if err != nil {
		return auth.User{}, "", err
	}
	return newUser(email, name, d.Roles, m.instant()), hash, nil
}

func newUser(email auth.EmailAddress, name string, roles []auth.Role, at time.Time) auth.User {
	if len(roles) == 0 {
		roles = []auth.Role{auth.RoleUser}
	}
	return auth.User{
		ID:         auth.NewID(auth.UserPrefix, at),
		Name:       name,
		Email:      email,
		Roles:      auth.SortRoles(roles),
		CreatedAt:  at,
		UpdatedAt:  at,
		Generation: 1,
	}
}
