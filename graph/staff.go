package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/graph/model"
)

// CreateUser creates an account for someone else.
func (m mutation) CreateUser(ctx context.Context, in model.CreateUserInput) (*model.UserPayload, error) {
	return userPayload(m.accounts.Create(ctx, actor(ctx), account.Details{
		Email: string(in.Email), Name: in.Name, Password: in.Password, Roles: in.Roles,
	}))
}

// SetUserRoles gives a user these roles and no others.
func (m mutation) SetUserRoles(ctx context.Context, in model.SetUserRolesInput) (*model.UserPayload, error) {
	if err := userID(in.UserID); err != nil {
		return nil, err
	}
	return userPayload(m.accounts.SetRoles(ctx, actor(ctx), in.UserID, in.Roles))
}

// DisableUser ends a user's sessions and refuses new ones.
func (m mutation) DisableUser(ctx context.Context, in model.DisableUserInput) (*model.UserPayload, error) {
	if err := userID(in.UserID); err != nil {
		return nil, err
	}
	return userPayload(m.accounts.Disable(ctx, actor(ctx), in.UserID, in.Reason))
}

// EnableUser lets a disabled user sign in again.
func (m mutation) EnableUser(ctx context.Context, in model.EnableUserInput) (*model.UserPayload, error) {
	if err := userID(in.UserID); err != nil {
		return nil, err
	}
	return userPayload(m.accounts.Enable(ctx, actor(ctx), in.UserID))
}

// RevokeUserTokens refuses every access token issued to a user so far.
func (m mutation) RevokeUserTokens(ctx context.Context, in model.RevokeUserTokensInput) (*model.UserPayload, error) {
	if err := userID(in.UserID); err != nil {
		return nil, err
	}
	return userPayload(m.accounts.RevokeTokens(ctx, actor(ctx), in.UserID))
}

func userID(id auth.ID) error {
	if !id.Is(auth.UserPrefix) {
		return auth.Invalid("userId", "This is not the ID of a user.")
	}
	return nil
}
