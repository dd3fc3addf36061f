package model

import (
	"context"

	"github.com/fieldward/fieldward/auth"
)

// UserConnection is a page of users.
type UserConnection struct {
	Edges    []*UserEdge
	Nodes    []*auth.User
	PageInfo *PageInfo
	// Count counts all the users of the list. It is asked only when the client asks.
	Count func(context.Context) (int, error)
}

// TotalCount is how many users the list has over all its pages.
func (c *UserConnection) TotalCount(ctx context.Context) (int, error) { return c.Count(ctx) }
