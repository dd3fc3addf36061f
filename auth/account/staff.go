package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldward/fieldward/auth"
)

// Create creates an account for someone else, and does not sign it in. Each field that is to blame has an error of its
// own: auth.InvalidInput, auth.WeakPassword, auth.EmailTaken. Roles above the actor's own are auth.Forbidden.
func (m *Manager) Create(ctx context.Context, by Actor, d Details) (auth.User, error) {
	if !by.mayActOn(d.Roles) {
		return auth.User{}, errGrantsAbove
	}
	u, hash, err := m.make(ctx, by.from, d)
	if err != nil {
		return auth.User{}, err
	}
	created := by.event(auth.UserCreated, u.ID, u.CreatedAt)
	created.Details = map[string]any{"roles": u.Roles}
	if err := m.store.AddUser(ctx, NewUser{User: u, PasswordHash: hash, Events: []auth.Event{created}}); err != nil {
		return auth.User{}, fmt.Errorf("add a user: %w", err)
	}
	return u, nil
}

var errGrantsAbove = &auth.Error{Code: auth.Forbidden, Field: "roles", Message: "You cannot give a role above your own."}

// SetRoles gives the user these roles and no others. It takes effect at once: the user's tokens are refused, and the
// next refresh carries the new roles. The last administrator who can sign in stays one: auth.Conflict.
func (m *Manager) SetRoles(ctx context.Context, by Actor, id auth.ID, roles []auth.Role) (auth.User, error) {
	roles = auth.SortRoles(roles)
	switch {
	case len(roles) == 0:
		return auth.User{}, auth.Invalid("roles", "A user has at least one role.")
	case !by.mayActOn(roles):
		return auth.User{}, errGrantsAbove
	}
	return m.actOn(ctx, by, id, auth.RolesChanged, func(u auth.User, c *Change) {
		c.Set.Roles = roles
		c.Revokes = true
		c.KeepsAdmin = slices.Contains(u.Roles, auth.RoleAdmin) && !slices.Contains(roles, auth.RoleAdmin)
		c.Event.Details = map[string]any{"roles": roles, "before": u.Roles}
	})
}

const maxReason = 1000

// Disable ends the user's sessions and refuses new ones. A user who is disabled already stays so, for the reason given
// first. The last administrator who can sign in stays: auth.Conflict.
func (m *Manager) Disable(ctx context.Context, by Actor, id auth.ID, reason *string) (auth.User, error) {
	if reason != nil {
		trimmed := strings.TrimSpace(*reason)
		reason = &trimmed
		if !auth.IsLine(trimmed) || utf8.RuneCountInString(trimmed) > maxReason {
			return auth.User{}, auth.Invalid("reason", fmt.Sprintf("The reason is one line of at most %d characters.", maxReason))
		}
	}
	return m.actOn(ctx, by, id, auth.AccountDisabled, func(u auth.User, c *Change) {
		c.Set.Disabled = &Disabled{At: &c.At, Reason: reason}
		if u.Disabled() {
			c.Set.Disabled = &Disabled{At: u.DisabledAt, Reason: u.DisabledReason}
		}
		c.Revokes, c.Ends = true, EndsAll
		c.KeepsAdmin = slices.Contains(u.Roles, auth.RoleAdmin)
	})
}

// Enable lets a disabled user sign in again.
func (m *Manager) Enable(ctx context.Context, by Actor, id auth.ID) (auth.User, error) {
	return m.actOn(ctx, by, id, auth.UserEnabled, func(_ auth.User, c *Change) { c.Set.Disabled = &Disabled{} })
}

// RevokeTokens refuses every access token issued to the user so far. Their sessions stay, and can refresh.
func (m *Manager) RevokeTokens(ctx context.Context, by Actor, id auth.ID) (auth.User, error) {
	return m.actOn(ctx, by, id, auth.TokensRevoked, func(_ auth.User, c *Change) { c.Revokes = true })
}

// ResetPassword gives the user another password, ends their sessions and refuses their tokens.
func (m *Manager) ResetPassword(ctx context.Context, by Actor, id auth.ID, p auth.Secret) (auth.User, error) {
	u, err := m.User(ctx, id)
	if err != nil {
		return auth.User{}, err
	}
	if err := m.settings.Passwords.Check("password", p, u.Name, string(u.Email)); err != nil {
		return auth.User{}, err
	}
	hash, err := m.hasher.Hash(ctx, by.asker(), p)
	if err != nil {
		return auth.User{}, err
	}
	return m.actOn(ctx, by, id, auth.PasswordChanged, func(_ auth.User, c *Change) {
		c.Set.PasswordHash = &hash
		c.Revokes, c.Ends = true, EndsAll
	})
}

// EndSessions ends every session of the user, and refuses every token issued to them.
func (m *Manager) EndSessions(ctx context.Context, by Actor, id auth.ID) (auth.User, error) {
	return m.actOn(ctx, by, id, auth.TokensRevoked, func(_ auth.User, c *Change) { c.Revokes, c.Ends = true, EndsAll })
}

// EndAllSessions ends every session of everyone, and refuses every token issued so far. It goes from user to user, and
// answers how many it came to: each is out when it fails or is cut off.
func (m *Manager) EndAllSessions(ctx context.Context, by Actor) (int, error) {
	done := 0
	for page := (auth.Page{Limit: endAtOnce}); ; {
		users, err := m.Users(ctx, auth.UserFilter{}, page)
		if err != nil {
			return done, err
		}
		for _, u := range users.Items {
			if _, err := m.EndSessions(ctx, by, u.ID); err != nil && !errors.Is(err, auth.ErrNotFound) {
				return done, err
			}
			done++
		}
		if !users.HasNext {
			return done, nil
		}
		page.Beyond = users.Items[len(users.Items)-1].ID
	}
}

// endAtOnce is how many users are read at once.
const endAtOnce = 500

// actOn changes a user on whom the actor may act, as fill says.
func (m *Manager) actOn(
	ctx context.Context, by Actor, id auth.ID, action auth.Action, fill func(u auth.User, c *Change),
) (auth.User, error) {
	return m.change(ctx, id, func(u auth.User) (Change, error) {
		if !by.mayActOn(u.Roles) {
			return Change{}, auth.ErrAbove
		}
		at := m.instant()
		c := Change{At: at, Event: by.event(action, u.ID, at)}
		fill(u, &c)
		return c, nil
	})
}
