package graph

import "github.com/fieldward/fieldward/auth"

// Cursors are what turns keysets into cursors and back.
type Cursors = cursors

// NewCursors makes cursors of a key.
func NewCursors(key []byte) Cursors { return cursors{key} }

// Cursor is the cursor of a keyset.
func (c cursors) Cursor(list string, keyset auth.ID) string { return c.cursor(list, keyset) }

// Keyset is the keyset of a cursor.
func (c cursors) Keyset(list, cursor string) (auth.ID, bool) { return c.keyset(list, cursor) }
