package graph

import (
	"context"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/model"
)

// AuditEvents is a page of what happened.
func (q query) AuditEvents(
	ctx context.Context, first *int, after *string, last *int, before *string, filter *auth.EventFilter,
) (*model.AuditEventConnection, error) {
	page, err := q.cursors.page("auditEvents", first, after, last, before)
	if err != nil {
		return nil, each(err)
	}
	f := auth.EventFilter{}
	if filter != nil {
		f = *filter
	}
	events, err := q.journal.Events(ctx, f, page)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(q.cursors, "auditEvents", events, func(e *auth.Event) auth.ID { return e.ID },
		func(cursor string, e *auth.Event) *model.AuditEventEdge {
			return &model.AuditEventEdge{Cursor: cursor, Node: e}
		})
	return &model.AuditEventConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}
