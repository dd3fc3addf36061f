package graph_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/graph"
)

func TestWhoMaySeeWhatIsAsItIsCommitted(t *testing.T) {
	committed, err := os.ReadFile("permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), graph.PermissionTable()); diff != "" {
		t.Errorf("permissions.md is not of this schema: make generate (-committed +now):\n%s", diff)
	}
}
