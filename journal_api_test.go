package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
)

func TestAuditEventsTellTheirPlaceInTheJournalOnceTheyHaveOne(t *testing.T) {
	a := newAPI(t)
	admin := a.token(t, "admin@example.com", auth.RoleAdmin)
	a.token(t, "ada@example.com", auth.RoleUser)
	var places []string
	for began := time.Now(); len(places) < 4 || places[0] == "<nil> <nil>"; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("after a while the places are %q", places)
		}
		status, got := a.ask(t, admin, `{ auditEvents { nodes { number hash } } }`, nil)
		nodes, _ := got.at("auditEvents.nodes").([]any)
		if status != 200 || len(got.Errors) > 0 || len(nodes) != 4 {
			t.Fatalf("answered %d, %v", status, got)
		}
		places = nil
		for _, n := range nodes {
			node := n.(map[string]any)
			places = append(places, fmt.Sprint(node["number"], " ", node["hash"]))
		}
	}
	head, err := a.journal.Verify(t.Context(), journal.Head{})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d %s", head.Number, head.Hash); head.Number != 4 || !slices.Contains(places, want) {
		t.Errorf("the places are %q, and the head is %s", places, want)
	}
}
