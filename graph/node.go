package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
)

// Node is any object by its ID: the ID's prefix says of which type. Null where there is none.
func (q query) Node(ctx context.Context, id auth.ID) (auth.Node, error) {
	switch {
	case id.Is(auth.UserPrefix):
		return node(found(q.accounts.User(ctx, id)))
	case id.Is(auth.SessionPrefix):
		return node(found(q.sessions.Session(ctx, id)))
	case id.Is(auth.EventPrefix):
		return node(found(q.journal.Event(ctx, id)))
	case id.Is(auth.KeyPrefix):
		return node(found(q.keys.SigningKey(id)))
	default:
		return nil, auth.Invalid("id", "This is not the ID of an object.")
	}
}

// node keeps a nil pointer from becoming a Node that is not nil.
func node[T any](object *T, err error) (auth.Node, error) {
	if object == nil || err != nil {
		return nil, err
	}
	return object, nil
}
