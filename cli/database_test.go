package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/cli"
)

func TestWithPostgreSQLNoMasterKeyIsMade(t *testing.T) {
	t.Setenv("FIELDWARD_MASTER_KEY", "")
	folder := t.TempDir()
	t.Chdir(folder)
	settings := cli.StoreSettings{Database: "postgres://ada:s3cret@localhost/db"}
	for file, want := range map[string]string{
		"": "there is no master key, and with PostgreSQL it is yours to make", filepath.Join(folder, "x.key"): "x.key: no such file",
	} {
		settings.MasterKeyFile = file
		for _, err := range []error{settings.CheckMasterKey(), second(settings.MasterKey(""))} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("with the file %q: %v, want %s", file, err, want)
			}
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 0 {
		t.Errorf("made: %v, %v", files, err)
	}

	key := keyring.NewMasterKey()
	settings.MasterKeyFile = filepath.Join(folder, "x.key") // not what the map's order has left
	if err := os.WriteFile(settings.MasterKeyFile, []byte(key.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := settings.MasterKey("")
	if err != nil || read.Fingerprint() != key.Fingerprint() {
		t.Errorf("read %s, %v", read.Fingerprint(), err)
	}
	t.Setenv("FIELDWARD_MASTER_KEY", key.Text())
	if err := (cli.StoreSettings{Database: "postgres://localhost/db"}).CheckMasterKey(); err != nil {
		t.Errorf("with the variable: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestDatabaseIsAFileOrAURL(t *testing.T) {
	tests := map[string]struct{ fits, postgres, password bool }{
		"sqlite:fieldward.db":                       {true, false, false},
		"sqlite:a@b:c.db":                           {true, false, false},
		"postgres://db.example.com/fieldward":       {true, true, false},
		"postgresql://ada@localhost/fieldward":      {true, true, false},
		"postgres://ada:s3cret@localhost/fieldward": {true, true, true},
		"postgres://localhost/db?password=s3cret":   {true, true, true},
		"postgres://ada:s3%zzcret@localhost/db":     {true, true, true},
		"sqlite:":                                   {},
		"fieldward.db":                              {},
		"postgres:fieldward":                        {},
		"mysql://ada:s3cret@localhost/db":           {},
		"host=localhost user=ada password=s3cret":   {},
	}
	for database, want := range tests {
		s := cli.StoreSettings{Database: database}
		err := s.Validate()
		if (err == nil) != want.fits || s.IsPostgres() != want.postgres || s.HoldsPassword() != want.password {
			t.Errorf("%s: %v, PostgreSQL %t, a password %t", database, err, s.IsPostgres(), s.HoldsPassword())
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}
