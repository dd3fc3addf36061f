package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/model"
)

// SigningKeys are the keys that are published, those from files first, then the newest.
func (q query) SigningKeys(context.Context) ([]*auth.SigningKey, error) {
	published := q.keys.Published()
	keys := make([]*auth.SigningKey, len(published))
	for i := range published {
		keys[i] = &published[i]
	}
	return keys, nil
}

// RotateSigningKey announces a new key.
func (m mutation) RotateSigningKey(
	ctx context.Context, in *model.RotateSigningKeyInput,
) (*model.SigningKeyPayload, error) {
	algorithm := ""
	if in != nil && in.Algorithm != nil {
		algorithm = string(*in.Algorithm)
	}
	next, err := m.keys.Rotate(ctx, auth.CallerFrom(ctx), auth.ClientFrom(ctx), algorithm)
	if err != nil {
		return nil, err
	}
	return &model.SigningKeyPayload{SigningKey: &next}, nil
}
