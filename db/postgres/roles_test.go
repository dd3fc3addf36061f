package postgres_test

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/dbtest"
)

// TestStoreKeepsTheContractAsTheServingRole holds the store against the contract with no more rights than
// docs/operations.md grants the server.
func TestStoreKeepsTheContractAsTheServingRole(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	must(t, err)
	_, after, found := strings.Cut(string(text), "<!-- grants.sql -->\n```sql\n")
	grants, _, ended := strings.Cut(after, "\n```\n")
	if !found || !ended {
		t.Fatal("the document has no block grants.sql")
	}
	serving, auditing, password := newRole(t, "server"), newRole(t, "auditor"), rand.Text()
	grants = strings.NewReplacer("fieldward_server", serving, "fieldward_auditor", auditing).Replace(grants)
	pool := raw(t, server(t).URL())
	for _, role := range []string{serving, auditing} {
		_, err := pool.Exec(`CREATE ROLE ` + role + ` LOGIN PASSWORD '` + password + `'`)
		must(t, err)
	}
	t.Cleanup(func() {
		_, err := pool.Exec(`DROP ROLE ` + serving + `, ` + auditing)
		must(t, err)
	})
	dbtest.Run(t, func(t *testing.T) *db.Store {
		address := server(t).Database(t)
		if strings.Contains(t.Name(), "prune") {
			return open(t, address) // what takes events away is the owner's to do
		}
		owner := raw(t, address)
		_, err := owner.Exec(grants)
		must(t, err)
		must(t, owner.Close())
		s := open(t, with(t, address, func(u *url.URL) { u.User = url.UserPassword(serving, password) }))
		must(t, s.Migrate(t.Context())) // writes nothing
		return s
	})
}

// newRole is a name that no other test has: roles are the server's, and not a database's.
func newRole(t *testing.T, name string) string {
	t.Helper()
	return "fieldward_test_" + name + "_" + strings.ToLower(rand.Text())
}
