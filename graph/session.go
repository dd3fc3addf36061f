package graph

import (
	"context"
	"errors"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/model"
)

// RefreshSession trades a refresh token, from the input or else from the cookie, for a new pair.
func (m mutation) RefreshSession(ctx context.Context, in *model.RefreshSessionInput) (*model.SessionPayload, error) {
	if in == nil || in.RefreshToken == nil {
		return m.refreshCookies(ctx)
	}
	opened, err := m.sessions.Renew(ctx, *in.RefreshToken, auth.ClientFrom(ctx))
	return signedIn(ctx, opened, err)
}

// refreshCookies renews the session of the cookies, and clears them where it has ended.
func (m mutation) refreshCookies(ctx context.Context) (*model.SessionPayload, error) {
	jar := auth.TokenJarFrom(ctx)
	refresh := jar.Refresh()
	if refresh == "" {
		return nil, auth.ErrSessionEnded
	}
	delivery, err := deliver(ctx, auth.InCookies)
	if err != nil {
		return nil, err
	}
	opened, err := m.sessions.Delivering(delivery).Renew(ctx, refresh, auth.ClientFrom(ctx))
	if errors.Is(err, auth.ErrSessionEnded) {
		jar.Clear()
	}
	return signedIn(ctx, opened, err)
}

// SignOut ends the session of the caller's token, or else of the refresh token; and it clears the cookies, whose session
// it ends if that is another one: nobody could end it any more.
func (m mutation) SignOut(ctx context.Context, in *model.SignOutInput) (*model.SignOutPayload, error) {
	var refresh auth.Secret
	if in != nil && in.RefreshToken != nil {
		refresh = *in.RefreshToken
	}
	from := auth.ClientFrom(ctx)
	ended, err := m.sessions.End(ctx, auth.CallerFrom(ctx), refresh, from)
	if err != nil {
		return nil, err
	}
	jar := auth.TokenJarFrom(ctx)
	also, err := m.sessions.Delivering(session.Delivery{By: auth.InCookies}).End(ctx, auth.Nobody, jar.Refresh(), from)
	if err != nil {
		return nil, err
	}
	jar.Clear()
	return &model.SignOutPayload{EndedSessions: ended + also}, nil
}

// SignOutEverywhere ends every session of the caller.
func (m mutation) SignOutEverywhere(ctx context.Context) (*model.SignOutPayload, error) {
	ended, err := m.sessions.EndAll(ctx, auth.CallerFrom(ctx), auth.ClientFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &model.SignOutPayload{EndedSessions: ended}, nil
}

// deliver is how tokens are to go out. Where they cannot, it fails before anything is done.
func deliver(ctx context.Context, by auth.TokenDelivery) (session.Delivery, error) {
	jar := auth.TokenJarFrom(ctx)
	if by == auth.InCookies {
		if err := jar.Fits(auth.Tokens{}); err != nil {
			return session.Delivery{}, err
		}
	}
	return session.Delivery{By: by, Fits: jar.Fits}, nil
}

// asked is how the tokens of a session that opens are to go out. Where they cannot, the input is to blame.
func asked(ctx context.Context, by auth.TokenDelivery) (session.Delivery, error) {
	d, err := deliver(ctx, by)
	if known, ok := errors.AsType[*auth.Error](err); ok {
		return d, auth.Invalid("delivery", known.Message)
	}
	return d, err
}

// goingOn is how the tokens go out of a session that goes on: as it was opened.
func goingOn(ctx context.Context) session.Delivery {
	return session.Delivery{Fits: auth.TokenJarFrom(ctx).Fits}
}

// signedIn answers a session to the user whom it has just signed in, with its tokens here or in the cookies.
func signedIn(ctx context.Context, opened session.Opened, err error) (*model.SessionPayload, error) {
	if err != nil {
		return nil, each(err)
	}
	p := &model.SessionPayload{User: &opened.User, Session: &opened.Session, ExpiresAt: opened.Tokens.ExpiresAt}
	if opened.Session.Delivery == auth.InCookies {
		if err := auth.TokenJarFrom(ctx).Set(opened.Tokens); err != nil {
			return nil, err
		}
	} else {
		p.AccessToken, p.RefreshToken, p.IDToken = &opened.Tokens.Access, &opened.Tokens.Refresh, &opened.Tokens.ID
	}
	guard.SignIn(ctx, opened.Caller)
	return p, nil
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

// LastUsedAt is when the session may last have been used.
func (f sessionFields) LastUsedAt(_ context.Context, s *auth.Session) (*time.Time, error) {
	at := f.sessions.LastUsed(*s)
	return &at, nil
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
