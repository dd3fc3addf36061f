package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// checkEvery is how often the token of an open socket or stream is held against the clock and the revocations.
const checkEvery = 250 * time.Millisecond

// Why a token does not count any more, beside what a verifier says.
var (
	errExpired = errors.New("the token has expired")
	errAnother = errors.New("the token is of another subject or session")
	errNoToken = errors.New("there is no token that could be renewed")
)

// bearer is who is at the other end of a socket or stream. They may bring new tokens, of the same session.
type bearer struct {
	verifier auth.Verifier // asked before anything is run or sent
	watch    auth.Verifier // asked all the time

	mu     sync.Mutex
	token  string // empty where there is none, or it does not verify
	caller auth.Caller
}

// presented is the bearer of what an HTTP request has brought.
func (e *endpoint) presented(r *http.Request) *bearer {
	b := &bearer{verifier: e.who.verifier, watch: e.watch, caller: auth.CallerFrom(r.Context())}
	if b.caller.Authenticated() {
		b.token = e.who.token(r)
	}
	return b
}

// byAuthorization is the bearer of what stands in the place of an Authorization header.
func (e *endpoint) byAuthorization(ctx context.Context, authorization string) *bearer {
	b := &bearer{verifier: e.who.verifier, watch: e.watch, caller: auth.Caller{Refused: auth.ErrInvalidToken}}
	token, ok := auth.Bearer([]string{authorization})
	if !ok {
		return b
	}
	claims, err := b.verifier.Verify(ctx, token)
	if err != nil {
		b.caller.Refused = err
		return b
	}
	b.token, b.caller = token, auth.Caller{Claims: &claims}
	return b
}

// token is the text of the token that identify has verified.
func (c callers) token(r *http.Request) string {
	if headers := r.Header.Values("Authorization"); len(headers) > 0 {
		_, token, _ := strings.Cut(headers[0], " ")
		return token
	}
	return value(r, c.cookies.access())
}

// present is who it is now.
func (b *bearer) present() auth.Caller {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.caller
}

func (b *bearer) held() (string, auth.Caller) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.token, b.caller
}

// check fails where the token is not good any more. Who has none stays who they are.
func (b *bearer) check(ctx context.Context, by auth.Verifier) error {
	for {
		token, caller := b.held()
		err := good(ctx, by, token, caller)
		if now, _ := b.held(); err == nil || now == token {
			return err
		}
	}
}

func good(ctx context.Context, by auth.Verifier, token string, c auth.Caller) error {
	if token == "" {
		return nil
	}
	if !time.Now().Before(c.Claims.ExpiresAt) {
		return errExpired
	}
	_, err := by.Verify(ctx, token)
	return err
}

// renew puts a new token in the place of the old one: the same subject's, of the same session.
func (b *bearer) renew(ctx context.Context, authorization string) (expiresAt time.Time, err error) {
	token, ok := auth.Bearer([]string{authorization})
	if !ok {
		return time.Time{}, auth.ErrInvalidToken
	}
	claims, err := b.verifier.Verify(ctx, token)
	if err != nil {
		return time.Time{}, err
	}
	next := auth.Caller{Claims: &claims}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.caller.Authenticated():
		return time.Time{}, errNoToken
	case next.ID() != b.caller.ID() || next.SessionID() != b.caller.SessionID():
		return time.Time{}, errAnother
	}
	b.token, b.caller = token, next
	return claims.ExpiresAt, nil
}

// refusedAs is what the end of a bearer's token is called: that of a caller who presents it anew.
func refusedAs(err error) *auth.Error {
	if unknown := (auth.Caller{Refused: err}).Unknown(); unknown != nil {
		return unknown
	}
	return auth.ErrInvalidToken
}
