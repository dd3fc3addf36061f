package session

import (
	"cmp"
	"fmt"

	"github.com/fieldward/fieldward/auth"
)

// Delivery is how tokens reach, and come from, the client who asks.
type Delivery struct {
	// By is how the tokens of a session that opens go out, and the way by which a refresh token has come: one from
	// another way is none. Empty is auth.InBody.
	By auth.TokenDelivery
	// Fits fails where cookies do not take the tokens. It is asked of a session whose tokens go into cookies, before
	// anything has moved; where there is none, such a session does not go on.
	Fits func(auth.Tokens) error
}

func (d Delivery) by() auth.TokenDelivery { return cmp.Or(d.By, auth.InBody) }

// fits asks whether the session's tokens can go out in the way in which they must.
func (d Delivery) fits(s auth.Session, t auth.Tokens) error {
	if s.Delivery != auth.InCookies {
		return nil
	}
	if d.Fits == nil {
		return auth.ErrNoCookies
	}
	if err := d.Fits(t); err != nil {
		return fmt.Errorf("put the tokens into cookies: %w", err)
	}
	return nil
}

// Delivering is the manager for a client of this delivery. Without it tokens come and go in the body.
func (m *Manager) Delivering(d Delivery) *Manager {
	delivering := *m
	delivering.delivery = d
	return &delivering
}
