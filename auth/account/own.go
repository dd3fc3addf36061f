package account

import (
	"context"
	"errors"
	"slices"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
)

// errWrongPassword is what is said to someone who is signed in already.
var errWrongPassword = &auth.Error{Code: auth.InvalidCredentials, Message: "The password is wrong."}

// errNoSession refuses tokens that no signing in stands behind.
var errNoSession = &auth.Error{Code: auth.Forbidden, Message: "This is for people who have signed in."}

// UpdateProfile changes the caller's own name; nil leaves it as it is.
func (m *Manager) UpdateProfile(ctx context.Context, by Actor, name *string) (auth.User, error) {
	if name == nil {
		return m.User(ctx, by.caller.ID())
	}
	parsed, err := auth.ParseName(*name)
	if err != nil {
		return auth.User{}, err
	}
	return m.changeOwn(ctx, by, auth.ProfileUpdated, func(c *Change) { c.Set.Name = &parsed })
}

// ChangeEmail changes the caller's own address. The new one is unverified. Fails with auth.EmailTaken.
func (m *Manager) ChangeEmail(ctx context.Context, by Actor, email string) (auth.User, error) {
	parsed, err := auth.ParseEmailAddress(email)
	if err != nil {
		return auth.User{}, err
	}
	return m.changeOwn(ctx, by, auth.EmailChanged, func(c *Change) { c.Set.Email = &parsed })
}

// ChangePassword ends every other session of the caller, and renews this one: its sign-in is as of now.
func (m *Manager) ChangePassword(ctx context.Context, by Actor, current, next auth.Secret) (session.Opened, error) {
	u, hash, err := m.proveAgain(ctx, by, "currentPassword", current)
	if err != nil {
		return session.Opened{}, err
	}
	if err := m.settings.Passwords.Check("newPassword", next, u.Name, string(u.Email)); err != nil {
		return session.Opened{}, err
	}
	rehashed, err := m.hasher.Hash(ctx, by.asker(), next)
	if err != nil {
		return session.Opened{}, err
	}
	return m.renewOwn(ctx, by, hash, func(c *Change) {
		c.Set.PasswordHash = &rehashed
		c.Ends = EndsOthers
		c.Event = by.event(auth.PasswordChanged, u.ID, c.At)
		c.Ended = func(id auth.ID) auth.Event {
			e := by.event(auth.SessionRevoked, u.ID, c.At)
			e.SessionID = &id
			return e
		}
	})
}

// Reauthenticate proves again who the caller is: the session goes on with a new pair of tokens and a new auth_time.
func (m *Manager) Reauthenticate(ctx context.Context, by Actor, p auth.Secret) (session.Opened, error) {
	_, hash, err := m.proveAgain(ctx, by, "password", p)
	if err != nil {
		return session.Opened{}, err
	}
	return m.renewOwn(ctx, by, hash, func(c *Change) {
		c.Event = by.event(auth.SignedIn, c.UserID, c.At)
		c.Event.Details = map[string]any{"again": true}
	})
}

// Delete deletes the caller's account for good. The last administrator who can sign in stays: auth.Conflict.
func (m *Manager) Delete(ctx context.Context, by Actor, p auth.Secret) (auth.ID, error) {
	u, hash, err := m.proveAgain(ctx, by, "password", p)
	if err != nil {
		return "", err
	}
	_, err = m.changeOwn(ctx, by, auth.UserDeleted, func(c *Change) {
		c.PasswordHash = hash
		c.Deletes, c.Revokes = true, true
		c.KeepsAdmin = slices.Contains(u.Roles, auth.RoleAdmin)
	})
	return u.ID, err
}

// proveAgain holds the password of someone who is signed in against their hash. It is throttled, and costs a hash, as
// signing in is and does.
func (m *Manager) proveAgain(ctx context.Context, by Actor, field string, p auth.Secret) (auth.User, string, error) {
	if by.caller.SessionID() == "" || !by.caller.ID().Is(auth.UserPrefix) {
		return auth.User{}, "", errNoSession
	}
	if err := password.CheckLength(field, p); err != nil {
		return auth.User{}, "", err
	}
	u, err := m.User(ctx, by.caller.ID())
	if err != nil {
		return auth.User{}, "", err
	}
	c, err := m.prove(ctx, u.Email.Key(), p, by.from)
	if errors.Is(err, auth.ErrInvalidCredentials) {
		return auth.User{}, "", errWrongPassword
	}
	return c.user, c.hash, err
}

func (m *Manager) changeOwn(ctx context.Context, by Actor, action auth.Action, fill func(*Change)) (auth.User, error) {
	return m.change(ctx, by.caller.ID(), func(u auth.User) (Change, error) {
		at := m.instant()
		c := Change{At: at, Event: by.event(action, u.ID, at)}
		fill(&c)
		return c, nil
	})
}

// renewOwn changes a caller whose password was just proved by its hash, and renews their session in the same
// transaction.
func (m *Manager) renewOwn(ctx context.Context, by Actor, hash string, fill func(*Change)) (session.Opened, error) {
	var opened session.Opened
	_, err := m.change(ctx, by.caller.ID(), func(u auth.User) (Change, error) {
		renewed, step, err := m.sessions.Reauthenticated(ctx, u, by.caller.SessionID(), by.from)
		if err != nil {
			return Change{}, err
		}
		opened = renewed
		c := Change{UserID: u.ID, At: step.At, PasswordHash: hash, Renews: &step}
		fill(&c)
		return c, nil
	})
	if err != nil {
		return session.Opened{}, err
	}
	return opened, nil
}
