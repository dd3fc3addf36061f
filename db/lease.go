package db

import (
	"context"

	"github.com/fieldward/fieldward/auth/upkeep"
)

// TakeLease takes the lease, or holds on to it, and reports whether it is the holder's now.
func (s *Store) TakeLease(ctx context.Context, l upkeep.Lease) (bool, error) {
	const take = `
		INSERT INTO leases (name, holder, held_until)
		VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = $2, held_until = $3
		WHERE leases.holder = $2 OR leases.held_until <= $4 OR leases.held_until > $5`
	taken, err := s.changeOne(ctx, harmless, take, l.Name, l.Holder, instant(l.Until), instant(l.At), instant(l.Longest))
	return taken > 0, s.explain("take a lease", err)
}
