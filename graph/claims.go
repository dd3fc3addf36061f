package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
)

// Claims are those of the caller's token.
func (q query) Claims(ctx context.Context) (*auth.Claims, error) {
	claims := *auth.CallerFrom(ctx).Claims
	if claims.Extra == nil {
		claims.Extra = map[string]any{}
	}
	return &claims, nil
}
