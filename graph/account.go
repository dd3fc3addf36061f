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
	return q.userConnection(users, f), nil
}

func (r *Resolver) userConnection(users auth.Slice[auth.User], f auth.UserFilter) *model.UserConnection {
	c := &model.UserConnection{
		Edges: make([]*model.UserEdge, len(users.Items)),
		Nodes: make([]*auth.User, len(users.Items)),
		Count: func(ctx context.Context) (int, error) { return r.accounts.CountUsers(ctx, f) },
	}
	for i := range users.Items {
		u := &users.Items[i]
		c.Nodes[i] = u
		c.Edges[i] = &model.UserEdge{Cursor: r.cursors.cursor("users", u.ID), Node: u}
	}
	c.PageInfo = &model.PageInfo{HasNextPage: users.HasNext, HasPreviousPage: users.HasPrevious}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}

// SignUp creates an account and signs it in.
func (m mutation) SignUp(ctx context.Context, in model.SignUpInput) (*model.SessionPayload, error) {
	opened, err := m.accounts.SignUp(ctx, account.Details{
		Email: string(in.Email), Name: in.Name, Password: in.Password,
	}, auth.ClientFrom(ctx))
	return signedIn(ctx, opened, err)
}

// SignIn opens a session.
func (m mutation) SignIn(ctx context.Context, in model.SignInInput) (*model.SessionPayload, error) {
	opened, err := m.accounts.SignIn(ctx, string(in.Email), in.Password, auth.ClientFrom(ctx))
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
