// Package archtest_test holds the arrows between the packages, with reasons.
package archtest_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/fieldward/fieldward"

// rules read "packages from never import never, but for those in except". A path that ends in /... stands for
// everything beneath it too; std is the standard library.
var rules = []struct {
	from    string
	never   []string
	but     []string
	because string
}{
	{"auth", []string{"/..."}, []string{"std"}, "the words outlive every tool, and other services import them"},
	{
		"auth/...", []string{
			"graph/...", "db/...", "web/...", "cli/...", "database/sql/...",
			"github.com/99designs/gqlgen/...", "github.com/jackc/pgx/v5/...",
		}, nil, "rules do not know how they are asked, stored or set",
	},
	{"db", []string{"db/sqlite/...", "db/postgres/..."}, nil, "an engine plugs into its contract"},
	{"db/...", []string{"graph/...", "web/...", "cli/..."}, nil, "a store serves the domain, not a door"},
	{"graph/...", []string{"db/...", "web/...", "cli/..."}, nil, "resolvers decide nothing and store nothing"},
	{"graph/guard/...", []string{module + "/..."}, []string{"auth", "graph/guard/..."}, "any gqlgen server can use it"},
	{"web/...", []string{"graph/...", "db/..."}, nil, "it is handed an executable schema and ready handlers"},
	{"cli/...", []string{"graph/...", "db/...", "web/..."}, nil, "it is handed the house"},
}

// doors read "none but the packages in open import what is behind the door".
var doors = []struct {
	behind  []string
	open    []string
	because string
}{
	{[]string{"github.com/golang-jwt/..."}, []string{"auth/token", "auth/keyring"}, "one place can get signatures wrong"},
	{[]string{"golang.org/x/crypto/..."}, []string{"auth/password", "auth/keyring"}, "one place can get hashing wrong"},
	{[]string{"database/sql/...", "github.com/jackc/pgx/...", "modernc.org/sqlite/..."}, []string{"db/...", "bench/data"}, "one door to the data"},
	{
		[]string{"graph/generated", "graph/model"},
		[]string{"graph/...", "."},
		"generated types are a detail of one door",
	},
}

// leftovers are names that attract everything.
var leftovers = []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "constants"}

func TestThePackagesKeepToTheArrows(t *testing.T) {
	for from, imports := range read(t) {
		for _, imported := range imports {
			for _, rule := range rules {
				if matches(rule.from, from) && anyMatches(rule.never, imported) && !anyMatches(rule.but, imported) {
					t.Errorf("%s imports %s, but %s", from, imported, rule.because)
				}
			}
			for _, door := range doors {
				if anyMatches(door.behind, imported) && !anyMatches(door.open, from) {
					t.Errorf("%s imports %s, but %s", from, imported, door.because)
				}
			}
		}
	}
}

func TestNoPackageIsForLeftovers(t *testing.T) {
	for from := range read(t) {
		if slices.Contains(leftovers, path.Base(from)) {
			t.Errorf("%s: no package for leftovers", from)
		}
	}
}

func TestEachRuleIsAboutSomething(t *testing.T) {
	packages := read(t)
	for _, rule := range rules {
		found := false
		for from := range packages {
			found = found || matches(rule.from, from)
		}
		if !found {
			t.Errorf("there is no package %s, of which it is said that %s", rule.from, rule.because)
		}
	}
}

// read maps each package to what its files import, tests excepted. Paths in the module are relative to it.
func read(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		from := filepath.ToSlash(folder)
		imports[from] = append(imports[from], "")
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[from] = append(imports[from], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(imports) < 10 {
		t.Fatalf("only %d packages were found", len(imports))
	}
	return imports
}

func skipped(folder string) bool {
	return folder == "node_modules" || folder == "tools" || folder == "testdata" || len(folder) > 2 && folder[0] == '.'
}

func anyMatches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// matches takes the module's own packages with and without the module before them.
func matches(pattern, name string) bool {
	if name == "" {
		return false
	}
	own, inside := strings.CutPrefix(name, module+"/")
	if inside {
		name = own
	}
	pattern = strings.TrimPrefix(pattern, module+"/")
	switch beneath, all := strings.CutSuffix(pattern, "/..."); {
	case pattern == "std":
		return !inside && !strings.Contains(strings.Split(name, "/")[0], ".")
	case pattern == "...": // of this module
		return inside
	case all && beneath == "":
		return true
	case all:
		return name == beneath || strings.HasPrefix(name, beneath+"/")
	default:
		return name == pattern
	}
}
