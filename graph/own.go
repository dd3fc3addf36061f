package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/graph/model"
)

// actor is the caller as one who acts on an account.
func actor(ctx context.Context) account.Actor {
	return account.By(auth.CallerFrom(ctx), auth.ClientFrom(ctx))
}

// UpdateProfile changes the caller's own name.
func (m mutation) UpdateProfile(ctx context.Context, in model.UpdateProfileInput) (*model.UserPayload, error) {
	return userPayload(m.accounts.UpdateProfile(ctx, actor(ctx), in.Name))
}

// ChangeEmail changes the caller's own address.
func (m mutation) ChangeEmail(ctx context.Context, in model.ChangeEmailInput) (*model.UserPayload, error) {
	return userPayload(m.accounts.ChangeEmail(ctx, actor(ctx), string(in.Email)))
}

// ChangePassword ends every other session of the caller.
func (m mutation) ChangePassword(ctx context.Context, in model.ChangePasswordInput) (*model.SessionPayload, error) {
	opened, err := m.accounts.Delivering(goingOn(ctx)).ChangePassword(ctx, actor(ctx), in.CurrentPassword, in.NewPassword)
	return signedIn(ctx, opened, err)
}

// Reauthenticate renews the caller's session with a new auth_time.
func (m mutation) Reauthenticate(ctx context.Context, in model.ReauthenticateInput) (*model.SessionPayload, error) {
	opened, err := m.accounts.Delivering(goingOn(ctx)).Reauthenticate(ctx, actor(ctx), in.Password)
	return signedIn(ctx, opened, err)
}

// DeleteAccount deletes the caller's account for good.
func (m mutation) DeleteAccount(ctx context.Context, in model.DeleteAccountInput) (*model.DeleteAccountPayload, error) {
	id, err := m.accounts.Delete(ctx, actor(ctx), in.Password)
	if err != nil {
		return nil, err
	}
	return &model.DeleteAccountPayload{DeletedUserID: id}, nil
}

func userPayload(u auth.User, err error) (*model.UserPayload, error) {
	if err != nil {
		return nil, each(err)
	}
	return &model.UserPayload{User: &u}, nil
}
