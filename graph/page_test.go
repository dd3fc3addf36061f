package graph_test

import (
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph"
)

func TestACursorIsOfOneListAndOneKey(t *testing.T) {
	id := auth.NewID(auth.UserPrefix, time.Now())
	ours, theirs := graph.NewCursors([]byte("our key")), graph.NewCursors([]byte("their key"))
	cursor := ours.Cursor("users", id)
	if got, ok := ours.Keyset("users", cursor); !ok || got != id {
		t.Errorf("the cursor is read as %q, %v", got, ok)
	}
	if _, ok := ours.Keyset("auditEvents", cursor); ok {
		t.Error("the cursor passes in another list")
	}
	if _, ok := theirs.Keyset("users", cursor); ok {
		t.Error("the cursor passes under another key")
	}
}

func FuzzCursor(f *testing.F) {
	cursors := graph.NewCursors([]byte("a key"))
	id := auth.NewID(auth.UserPrefix, time.Now())
	good := cursors.Cursor("users", id)
	f.Add(good)
	f.Add(good + "=")
	f.Add(good[:8] + "\n" + good[8:])
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := cursors.Keyset("users", text); ok && (got != id || text != good) {
			t.Errorf("%q is read as %q", text, got)
		}
	})
}
