package graph

import (
	"context"
	"errors"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/graph/model"
)

// Me is null where the caller is no user.
func (q query) Me(ctx context.Context) (*auth.User, error) {
	id := auth.CallerFrom(ctx).ID()
	if !id.Is(auth.UserPrefix) {
		return nil, nil
	}
	return found(q.accounts.User(ctx, id))
}

// User is null where there is none.
func (q query) User(ctx context.Context, id auth.ID) (*auth.User, error) {
	if !id.Is(auth.UserPrefix) {
		return nil, auth.Invalid("id", "This is not the ID of a user.")
	}
	return found(q.accounts.User(ctx, id))
}

// Users is a page of all users.
func (q query) Users(
	ctx context.Context, first *int, after *string, last *int, before *string, filter *auth.UserFilter,
) (*model.UserConnection, error) {
	page, err := q.cursors.page("users", first, after, last, before)
	if err != nil {
		return nil, each(err)
	}
	f := auth.UserFilter{}
	if filter != nil {
		f = *filter
	}
	users, err := q.accounts.Users(ctx, f, page)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(q.cursors, "users", users, func(u *auth.User) auth.ID { return u.ID },
		func(cursor string, u *auth.User) *model.UserEdge { return &model.UserEdge{Cursor: cursor, Node: u} })
	return &model.UserConnection{
		Edges: edges, Nodes: nodes, PageInfo: info,
		Count: func(ctx context.Context) (int, error) { return q.accounts.CountUsers(ctx, f) },
	}, nil
}

// SignUp creates an account and signs it in.
func (m mutation) SignUp(ctx context.Context, in model.SignUpInput) (*model.SessionPayload, error) {
	delivery, err := asked(ctx, in.Delivery)
	if err != nil {
		return nil, err
	}
	opened, err := m.accounts.Delivering(delivery).SignUp(ctx, account.Details{
		Email: string(in.Email), Name: in.Name, Password: in.Password,
	}, auth.ClientFrom(ctx))
	return signedIn(ctx, opened, err)
}

// SignIn opens a session.
func (m mutation) SignIn(ctx context.Context, in model.SignInInput) (*model.SessionPayload, error) {
	delivery, err := asked(ctx, in.Delivery)
	if err != nil {
		return nil, err
	}
	opened, err := m.accounts.Delivering(delivery).SignIn(ctx, string(in.Email), in.Password, auth.ClientFrom(ctx))
	return signedIn(ctx, opened, err)
}

// found is null, and no error, where a store holds no such object.
func found[T any](object T, err error) (*T, error) {
	if errors.Is(err, auth.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &object, nil
}
