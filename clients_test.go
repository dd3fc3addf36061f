package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fieldward/fieldward/auth"
)

// node runs a script of internal/clients, and reads the JSON that it prints.
func node(t *testing.T, printed any, script string, args ...string) {
	t.Helper()
	folder, err := filepath.Abs("internal/clients")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal("the clients from npm are missing: npm ci --prefix internal/clients (needs Node.js)")
	}
	run := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join(folder, script)}, args...)...)
	run.Stderr = t.Output()
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	if err := json.Unmarshal(out, printed); err != nil {
		t.Fatalf("%s printed %q: %v", script, out, err)
	}
}

func TestEveryAuditOfGraphQLOverHTTPPasses(t *testing.T) {
	const audits = 61
	a := newAPI(t)
	var outcome struct {
		Passed int
		Others []string
	}
	node(t, &outcome, "audit.mjs", a.url+"/graphql", a.token(t, "root@example.com", auth.RoleAdmin))
	for _, other := range outcome.Others {
		t.Error(other)
	}
	if outcome.Passed != audits {
		t.Errorf("%d audits passed, want %d", outcome.Passed, audits)
	}
}
