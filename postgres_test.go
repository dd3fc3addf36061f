package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

// startedPostgres is the server of all tests here.
var startedPostgres = sync.OnceValues(postgrestest.Start)

func postgresServer(t testing.TB) *postgrestest.Server {
	t.Helper()
	s, err := startedPostgres()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// onPostgresVariable tells a process that runs tests again on which engine to do so.
const onPostgresVariable = "API_TEST_ON_POSTGRES"

// storeOf is an empty database of the test's own: a file, or a database on PostgreSQL.
func storeOf(t testing.TB) cli.StoreSettings {
	t.Helper()
	folder := t.TempDir()
	if os.Getenv(onPostgresVariable) == "" {
		return cli.StoreSettings{Database: "sqlite:" + filepath.Join(folder, "api.db")}
	}
	key := filepath.Join(folder, "master.key")
	if err := os.WriteFile(key, []byte(keyring.NewMasterKey().Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	return cli.StoreSettings{Database: postgresServer(t).Empty(t), MasterKeyFile: key}
}

// TestTheAPIIsTheSameOnPostgreSQL runs the tests of this package again in another process, but for those that bring
// databases themselves, and for what no store has a say in.
func TestTheAPIIsTheSameOnPostgreSQL(t *testing.T) {
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=.",
		"-test.skip=^(TestStories|TestKilled.*|TestFaults.*|TestInstances.*|TestEveryFieldByEveryToken|TestEveryAudit.*|"+t.Name()+")$")
	again.Env = append(os.Environ(), onPostgresVariable+"=1", "FIELDWARD_TEST_POSTGRES="+postgresServer(t).URL())
	out, err := again.CombinedOutput()
	if err != nil || strings.Contains(string(out), "no tests to run") {
		t.Errorf("%v:\n%s", err, out)
	}
}
