package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/model"
)

const (
	pageSize    = 20
	maxPageSize = 100
	cursorMAC   = 16 // bytes, of HMAC-SHA-256's 32
)

// cursors turns keysets into cursors and back. A cursor is base64url over the keyset and a MAC over the list's name
// and the keyset, so that one that was made up, or belongs to another list, is none.
type cursors struct{ key []byte }

func (c cursors) cursor(list string, keyset auth.ID) string {
	return base64.RawURLEncoding.EncodeToString(append(c.mac(list, keyset), keyset...))
}

func (c cursors) mac(list string, keyset auth.ID) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(list + "\n" + string(keyset)))
	return h.Sum(nil)[:cursorMAC]
}

func (c cursors) keyset(list, cursor string) (auth.ID, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) <= cursorMAC {
		return "", false
	}
	keyset := auth.ID(b[cursorMAC:])
	// The decoder skips line breaks, so the one spelling is held against what was given.
	return keyset, hmac.Equal([]byte(cursor), []byte(c.cursor(list, keyset)))
}

// connect makes the edges and nodes of a connection, and says where they stand among the others.
func connect[T, Edge any](
	c cursors, list string, s auth.Slice[T], keyset func(*T) auth.ID, edge func(cursor string, node *T) Edge,
) (edges []Edge, nodes []*T, info *model.PageInfo) {
	info = &model.PageInfo{HasNextPage: s.HasNext, HasPreviousPage: s.HasPrevious}
	edges, nodes = make([]Edge, len(s.Items)), make([]*T, len(s.Items))
	for i := range s.Items {
		nodes[i] = &s.Items[i]
		cursor := c.cursor(list, keyset(nodes[i]))
		edges[i] = edge(cursor, nodes[i])
		if i == 0 {
			info.StartCursor = &cursor
		}
		info.EndCursor = &cursor
	}
	return edges, nodes, info
}

// page reads the four arguments of a connection (Relay's Cursor Connections), and blames each that is wrong.
func (c cursors) page(list string, first *int, after *string, last *int, before *string) (auth.Page, error) {
	var wrong auth.Errors
	blame := func(field, message string) { wrong = append(wrong, auth.Invalid(field, message)) }
	p := auth.Page{Limit: pageSize, Backward: last != nil || before != nil && first == nil}
	limit, cursor := first, after
	limitField, cursorField := "first", "after"
	if p.Backward {
		limit, cursor = last, before
		limitField, cursorField = "last", "before"
	}
	switch {
	case first != nil && last != nil:
		blame("last", "Give first or last, not both.")
	case first != nil && before != nil:
		blame("before", "before goes with last, and after with first.")
	case p.Backward && after != nil:
		blame("after", "after goes with first, and before with last.")
	}
	if limit != nil {
		p.Limit = *limit
	}
	if p.Limit < 1 || p.Limit > maxPageSize {
		blame(limitField, fmt.Sprintf("%s is from 1 to %d.", limitField, maxPageSize))
	}
	if cursor != nil {
		keyset, ok := c.keyset(list, *cursor)
		if !ok {
			blame(cursorField, "This is not a cursor of this list.")
		}
		p.Beyond = keyset
	}
	return p, wrong.Err()
}
