package postgrestest

import (
	"cmp"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errMissing is the one line that says how to get PostgreSQL.
var errMissing = errors.New("these tests need PostgreSQL 15 or later: run internal/install-postgres.sh (make test does), " +
	"or put initdb and postgres on the PATH, or set " + serverVariable + "=postgres://USER:PASSWORD@HOST/postgres")

// places are where the programs are put.
func places() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",          // Debian
		"/usr/pgsql-*/bin",                   // PostgreSQL's own packages for Red Hat
		"/usr/libexec/postgresql*",           // Alpine
		"/usr/local/pgsql/bin",               // from source
		"/opt/homebrew/opt/postgresql@*/bin", // macOS
		"/usr/local/opt/postgresql@*/bin",    // likewise
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}
}

// Programs is the folder of PostgreSQL's programs, as Start finds them.
func Programs() (string, error) { return findPrograms(places()) }

// findPrograms is the folder of initdb and postgres: on the PATH, or in one of the places, where the newest counts.
func findPrograms(places []string) (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if folder := filepath.Dir(initdb); hasPrograms(folder) {
			return folder, nil
		}
	}
	for _, place := range places {
		found, _ := filepath.Glob(place) // fails of a bad pattern alone
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
		for _, folder := range found {
			if hasPrograms(folder) {
				return folder, nil
			}
		}
	}
	return "", errMissing
}

func hasPrograms(folder string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// number is the last number in the path, which is the version.
func number(path string) int {
	digits := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[len(digits)-1]) // digits they are
	return n
}
