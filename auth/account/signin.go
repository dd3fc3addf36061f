package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
)

// failureStep hides, together with the hash that every failure costs, which failure it was.
const failureStep = 500 * time.Millisecond

// SignIn opens a session for who proves to own the address. An unknown address and a wrong password are the same
// auth.InvalidCredentials, cost the same hash, and are answered at the next multiple of 500 ms since the request came;
// auth.UserDisabled is told after the right password only.
func (m *Manager) SignIn(ctx context.Context, email string, p auth.Secret, from auth.Client) (session.Opened, error) {
	began := m.now()
	if err := m.readable(email, p); err != nil {
		return session.Opened{}, err
	}
	opened, err := m.signIn(ctx, email, p, from)
	if errors.Is(err, auth.ErrInvalidCredentials) || errors.Is(err, auth.ErrUserDisabled) {
		wait(ctx, failureStep-m.now().Sub(began)%failureStep)
	}
	return opened, err
}

// readable blames what can be nobody's address or password. That says nothing of who has an account.
func (m *Manager) readable(email string, p auth.Secret) error {
	var wrong auth.Errors
	_, err := auth.ParseEmailAddress(email)
	if err := wrong.Add(err); err != nil {
		return err
	}
	if err := wrong.Add(password.CheckLength("password", p)); err != nil {
		return err
	}
	return wrong.Err()
}

// attempts bounds how often signing in begins again because the user has changed meanwhile.
const attempts = 3

func (m *Manager) signIn(ctx context.Context, email string, p auth.Secret, from auth.Client) (session.Opened, error) {
	for range attempts {
		u, proof, err := m.prove(ctx, email, p)
		if err != nil {
			return session.Opened{}, err
		}
		if u.Disabled() {
			return session.Opened{}, auth.ErrUserDisabled
		}
		opened, err := m.sessions.Open(ctx, u, proof, from)
		if !errors.Is(err, session.ErrChanged) {
			return opened, err
		}
	}
	return session.Opened{}, auth.Busy(time.Second)
}

// prove costs one hash, whether there is such a user or not.
func (m *Manager) prove(ctx context.Context, email string, p auth.Secret) (auth.User, session.Proof, error) {
	u, hash, err := m.store.Credentials(ctx, auth.EmailAddress(email).Key())
	if errors.Is(err, auth.ErrNotFound) {
		if err := m.hasher.CheckNobody(ctx, p); err != nil {
			return auth.User{}, session.Proof{}, err
		}
		return auth.User{}, session.Proof{}, auth.ErrInvalidCredentials
	}
	if err != nil {
		return auth.User{}, session.Proof{}, fmt.Errorf("read credentials: %w", err)
	}
	match, err := m.hasher.Check(ctx, hash, p)
	if err != nil {
		return auth.User{}, session.Proof{}, fmt.Errorf("check the password of %s: %w", u.ID, err)
	}
	if !match.OK {
		return auth.User{}, session.Proof{}, auth.ErrInvalidCredentials
	}
	proof := session.Proof{Hash: hash}
	if match.Stale && !u.Disabled() {
		if proof.Rehashed, err = m.hasher.Hash(ctx, p); err != nil {
			return auth.User{}, session.Proof{}, err
		}
	}
	return u, proof, nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
