package account

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
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
// auth.InvalidInput, auth.WeakPassword, auth.EmailTaken. Where too many have signed up from the network of late it is
// auth.RateLimited, and nothing was hashed.
func (m *Manager) SignUp(ctx context.Context, d Details, from auth.Client) (session.Opened, error) {
	if m.settings.SignUpClosed {
		return session.Opened{}, errSignUpClosed
	}
	d.Roles = nil
	c, err := m.check(d)
	if err != nil {
		return session.Opened{}, err
	}
	if err := m.throttle.admit(ctx, from.Network(), m.settings.MaxSignUps); err != nil {
		return session.Opened{}, err
	}
	u, hash, err := m.hashed(ctx, from, c)
	if err != nil {
		return session.Opened{}, err
	}
	u.LastSignInAt = &u.CreatedAt
	opened, err := m.sessions.Prepare(ctx, u, from)
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

// make checks all the details and hashes the password. Nothing is stored yet.
func (m *Manager) make(ctx context.Context, from auth.Client, d Details) (auth.User, string, error) {
	c, err := m.check(d)
	if err != nil {
		return auth.User{}, "", err
	}
	return m.hashed(ctx, from, c)
}

// checked are details that an account can be made of.
type checked struct {
	email    auth.EmailAddress
	name     string
	password auth.Secret
	roles    []auth.Role
}

func (m *Manager) check(d Details) (checked, error) {
	var wrong auth.Errors
	email, err := auth.ParseEmailAddress(d.Email)
	if err := wrong.Add(err); err != nil {
		return checked{}, err
	}
	name, err := auth.ParseName(d.Name)
	if err := wrong.Add(err); err != nil {
		return checked{}, err
	}
	if err := wrong.Add(m.settings.Passwords.Check("password", d.Password, name, string(email))); err != nil {
		return checked{}, err
	}
	return checked{email, name, d.Password, d.Roles}, wrong.Err()
}

func (m *Manager) hashed(ctx context.Context, from auth.Client, c checked) (auth.User, string, error) {
	hash, err := m.hasher.Hash(ctx, password.Asker{Network: from.Network()}, c.password)
	if err != nil {
		return auth.User{}, "", err
	}
	return newUser(c, m.instant()), hash, nil
}

func newUser(c checked, at time.Time) auth.User {
	if len(c.roles) == 0 {
		c.roles = []auth.Role{auth.RoleUser}
	}
	return auth.User{
		ID:         auth.NewID(auth.UserPrefix, at),
		Name:       c.name,
		Email:      c.email,
		Roles:      auth.SortRoles(c.roles),
		CreatedAt:  at,
		UpdatedAt:  at,
		Generation: 1,
	}
}
