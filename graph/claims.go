package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
)

// Claims are those of the caller's token.
func (q query) Claims(ctx context.Context) (*auth.Claims, error) {
	return auth.CallerFrom(ctx).Claims, nil
}
