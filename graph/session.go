package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/model"
)

// RefreshSession trades a refresh token for a new pair.
func (m mutation) RefreshSession(ctx context.Context, in *model.RefreshSessionInput) (*model.SessionPayload, error) {
	var refresh *auth.Secret
	if in != nil {
		refresh = in.RefreshToken
	}
	opened, err := m.sessions.Renew(ctx, orNone(refresh), auth.ClientFrom(ctx))
	return signedIn(ctx, opened, err)
}

// SignOut ends the session of the caller's token, or else of the refresh token.
func (m mutation) SignOut(ctx context.Context, in *model.SignOutInput) (*model.SignOutPayload, error) {
	var refresh *auth.Secret
	if in != nil {
		refresh = in.RefreshToken
	}
	ended, err := m.sessions.End(ctx, auth.CallerFrom(ctx), orNone(refresh), auth.ClientFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &model.SignOutPayload{EndedSessions: ended}, nil
}

// SignOutEverywhere ends every session of the caller.
func (m mutation) SignOutEverywhere(ctx context.Context) (*model.SignOutPayload, error) {
	ended, err := m.sessions.EndAll(ctx, auth.CallerFrom(ctx), auth.ClientFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &model.SignOutPayload{EndedSessions: ended}, nil
}

// signedIn answers a session to the user whom it has just signed in.
func signedIn(ctx context.Context, opened session.Opened, err error) (*model.SessionPayload, error) {
	if err != nil {
		return nil, each(err)
	}
	guard.SignIn(ctx, opened.Caller)
	return &model.SessionPayload{
		User:         &opened.User,
		Session:      &opened.Session,
		AccessToken:  &opened.Tokens.Access,
		RefreshToken: &opened.Tokens.Refresh,
		IDToken:      &opened.Tokens.ID,
		ExpiresAt:    opened.Tokens.ExpiresAt,
	}, nil
}

func orNone(s *auth.Secret) auth.Secret {
	if s == nil {
		return ""
	}
	return *s
}

// User is whose session it is.
func (f sessionFields) User(ctx context.Context, s *auth.Session) (*auth.User, error) {
	u, err := f.accounts.User(ctx, s.UserID)
	if err != nil {
		return nil, err
	}
	return &u, nil
}

// Current reports whether the caller's token is of this session.
func (f sessionFields) Current(ctx context.Context, s *auth.Session) (bool, error) {
	return s.ID == auth.CallerFrom(ctx).SessionID(), nil
}

// RevokeSession ends one session: one's own, or another's for staff.
func (m mutation) RevokeSession(ctx context.Context, in model.RevokeSessionInput) (*model.RevokeSessionPayload, error) {
	if !in.SessionID.Is(auth.SessionPrefix) {
		return nil, auth.Invalid("sessionId", "This is not the ID of a session.")
	}
	s, err := m.sessions.EndOne(ctx, auth.CallerFrom(ctx), in.SessionID, auth.ClientFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &model.RevokeSessionPayload{Session: &s}, nil
}

// Sessions is a page of the user's live sessions.
func (f userFields) Sessions(
	ctx context.Context, u *auth.User, first *int, after *string, last *int, before *string,
) (*model.SessionConnection, error) {
	list := "sessions of " + string(u.ID)
	page, err := f.cursors.page(list, first, after, last, before)
	if err != nil {
		return nil, each(err)
	}
	sessions, err := f.sessions.Sessions(ctx, u.ID, page)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(f.cursors, list, sessions, func(s *auth.Session) auth.ID { return s.ID },
		func(cursor string, s *auth.Session) *model.SessionEdge {
			return &model.SessionEdge{Cursor: cursor, Node: s}
		})
	return &model.SessionConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}
