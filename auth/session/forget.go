package session

import (
	"context"
	"fmt"
	"time"
)

// keepOver is how long a session that is over is kept beyond the life of its last access token, for those who look into
// what happened. Its refresh tokens are answered the same before and after: see find.
const keepOver = 24 * time.Hour

// Forget removes up to limit of the sessions that have been over for more than a day, and returns how many: fewer mean
// that none is left. No token of theirs is accepted any more.
func (m *Manager) Forget(ctx context.Context, limit int) (int, error) {
	forgotten, err := m.store.ForgetSessions(ctx, m.instant().Add(-keepOver-m.settings.AccessTTL), limit)
	if err != nil {
		return 0, fmt.Errorf("forget sessions: %w", err)
	}
	return forgotten, nil
}
