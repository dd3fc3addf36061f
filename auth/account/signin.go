package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
)

// failureStep hides, together with the hash that every failure costs, which failure it was.
const failureStep = 500 * time.Millisecond

// SignIn opens a session for who proves to own the address. An unknown address and a wrong password are the same
// auth.InvalidCredentials and cost the same hash; auth.UserDisabled is told after the right password only. Where it was
// tried too often, at this address or from this network, it is auth.RateLimited and costs none. All of these are
// answered at the next multiple of 500 ms since the request came.
func (m *Manager) SignIn(ctx context.Context, email string, p auth.Secret, from auth.Client) (session.Opened, error) {
	began := m.now()
	if err := m.readable(email, p); err != nil {
		return session.Opened{}, err
	}
	opened, err := m.signIn(ctx, email, p, from)
	if isRefusal(err) {
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

// isRefusal reports whether the time of the answer could tell something of the account.
func isRefusal(err error) bool {
	known, ok := errors.AsType[*auth.Error](err)
	return ok && slices.Contains([]auth.Code{auth.InvalidCredentials, auth.UserDisabled, auth.RateLimited}, known.Code)
}

// attempts bounds how often signing in begins again because the user has changed meanwhile.
const attempts = 3

func (m *Manager) signIn(ctx context.Context, email string, p auth.Secret, from auth.Client) (session.Opened, error) {
	for range attempts {
		c, err := m.prove(ctx, auth.EmailAddress(email).Key(), p, from)
		if err != nil {
			return session.Opened{}, err
		}
		if c.user.Disabled() {
			return session.Opened{}, m.failed(ctx, c, auth.ErrUserDisabled)
		}
		proof := session.Proof{Hash: c.hash}
		if c.stale {
			if proof.Rehashed, err = m.hasher.Hash(ctx, c.asker(), p); err != nil {
				return session.Opened{}, err
			}
		}
		opened, err := m.sessions.Open(ctx, c.user, proof, from)
		if !errors.Is(err, session.ErrChanged) {
			return opened, err
		}
	}
	return session.Opened{}, auth.Busy(time.Second)
}

// claim is someone who says to own an address.
type claim struct {
	from auth.Client
	// user is the owner of the address, and hash that of their password; both are empty where nobody has it.
	user auth.User
	hash string
	// familiar is whether a session of the owner lives in the network that the claim came from.
	familiar bool
	// stale is whether the hash is due for renewal; it is known once the claim is proved.
	stale bool
}

// asker is how the gate before hashing sees who makes the claim.
func (c claim) asker() password.Asker {
	return password.Asker{Network: c.from.Network(), Known: c.familiar}
}

// asker is how the gate before hashing sees an actor: whoever is signed in has a session that is known.
func (a Actor) asker() password.Asker {
	return password.Asker{Network: a.from.Network(), Known: a.caller.Authenticated()}
}

// prove holds the password against that of the account with the address, whether there is one or not. It is throttled
// before it costs anything, costs one hash, and leaves a failure in the journal: auth.InvalidCredentials,
// auth.RateLimited.
func (m *Manager) prove(ctx context.Context, emailKey string, p auth.Secret, from auth.Client) (claim, error) {
	c, err := m.claimTo(ctx, emailKey, from)
	if err != nil {
		return claim{}, err
	}
	try, err := m.throttle.begin(ctx, counters(emailKey, from.Network(), c.familiar))
	if err != nil {
		return claim{}, err
	}
	match, err := m.hold(ctx, c, p)
	switch {
	case err != nil:
		return claim{}, errors.Join(err, try.undone(ctx))
	case !match.OK:
		return claim{}, m.failed(ctx, c, auth.ErrInvalidCredentials)
	}
	c.stale = match.Stale
	return c, try.succeeded(ctx)
}

// claimTo reads whose address it is. It asks the same where the address is nobody's.
func (m *Manager) claimTo(ctx context.Context, emailKey string, from auth.Client) (claim, error) {
	c := claim{from: from}
	var err error
	c.user, c.hash, err = m.store.Credentials(ctx, emailKey)
	if err != nil && !errors.Is(err, auth.ErrNotFound) {
		return claim{}, fmt.Errorf("read credentials: %w", err)
	}
	if c.familiar, err = m.sessions.Familiar(ctx, c.user.ID, from); err != nil {
		return claim{}, err
	}
	return c, nil
}

// hold holds the password against the claim's hash, and costs one hash, whether there is such a user or not.
func (m *Manager) hold(ctx context.Context, c claim, p auth.Secret) (password.Match, error) {
	if c.hash == "" {
		return password.Match{}, m.hasher.CheckNobody(ctx, c.asker(), p)
	}
	match, err := m.hasher.Check(ctx, c.asker(), c.hash, p)
	if err != nil {
		return password.Match{}, fmt.Errorf("check the password of %s: %w", c.user.ID, err)
	}
	return match, nil
}

// failed puts a failure on record, as one event for each account, network and minute, and returns it. It does so even
// for a caller who has gone meanwhile.
func (m *Manager) failed(ctx context.Context, c claim, failure error) error {
	at := m.instant()
	e := auth.NewEvent(auth.SignInFailed, at, c.from)
	if c.user.ID != "" {
		e.SubjectID = &c.user.ID
	}
	minute := strconv.FormatInt(at.Unix()/60, 10)
	key := tallyKey("failure", string(c.user.ID), c.from.Network(), minute)
	if err := m.store.CountFailure(context.WithoutCancel(ctx), key, e); err != nil {
		return fmt.Errorf("record a failed sign-in: %w", err)
	}
	return failure
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
