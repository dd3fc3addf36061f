package session

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldward/fieldward/auth"
)

// Familiar reports whether one of the user's live sessions was last seen in the network that the client is in. It asks
// the same for nobody's ID. A client of whom no network is known is familiar to nobody.
func (m *Manager) Familiar(ctx context.Context, userID auth.ID, from auth.Client) (bool, error) {
	at := m.instant()
	sessions, err := m.store.Sessions(ctx, userID, at, auth.Page{Limit: m.settings.PerUser})
	if err != nil {
		return false, fmt.Errorf("read where a user's sessions live: %w", err)
	}
	network := from.Network()
	return network != "" && slices.ContainsFunc(sessions.Items, func(s auth.Session) bool {
		return s.Network() == network && m.live(s, at)
	}), nil
}
