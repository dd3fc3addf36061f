package guardgen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/guardgen"
)

const schema = `directive @public on OBJECT | FIELD_DEFINITION
directive @hasRole(role: [Role!]!, orOwner: Boolean! = false) on OBJECT | FIELD_DEFINITION | INPUT_FIELD_DEFINITION
enum Role { CLERK }
type Query { node(in: In, by: By): Node @public }
input In { name: String @hasRole(role: CLERK) }
input By { name: String }
union Node = Person | Letter | Safe
type Person @public { name: String @hasRole(role: CLERK, orOwner: true) }
type Letter @hasRole(role: CLERK, orOwner: true) { text: String! }
type Safe @public { name: String }
`

const words = `package words

import (
	"io"

	"github.com/fieldward/fieldward/auth"
)

type Node any

type Role string

type Person struct{ Name *string }

func (Person) OwnerID() auth.ID { return "" }

type Letter struct{ Text string }

func (*Letter) OwnerID() auth.ID { return "" }

// By reads itself.
type By struct{ Name *string }

func (*By) UnmarshalGQL(any) error { return nil }

func (By) MarshalGQL(io.Writer) {}

// Safe has a method of the name, and no owner.
type Safe struct{ Name *string }

func (Safe) OwnerID() string { return "" }
`

// office is a package of its own in this module, with a schema and an executor from before.
func office(t *testing.T, schema string) *config.Config {
	t.Helper()
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("testdata", "office")
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(filepath.Join(home, "testdata")); err != nil {
			t.Error(err)
		}
	})
	t.Chdir(dir)
	pkg := "github.com/fieldward/fieldward/graph/guard/guardgen/" + filepath.ToSlash(dir) + "/words"
	for name, text := range map[string]string{
		"schema.graphqls":        schema,
		"words/words.go":         words,
		"words/models.go":        "package words\n",
		"generated/generated.go": "package generated\n",
		"generated/objects.go":   "package generated\n",
		"permissions.md":         "# Permissions of before\n",
		"gqlgen.yml": `
schema: [schema.graphqls]
exec: { filename: generated/generated.go, package: generated }
model: { filename: words/models.go, package: words }
autobind: [` + pkg + `]
models: { Role: { model: ` + pkg + `.Role } }
omit_root_models: true
skip_mod_tidy: true
`,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// generated is what stands in the generated files.
func generated(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"generated/generated.go", "generated/objects.go", "words/models.go", "permissions.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			text = []byte("gone")
		}
		all[name] = string(text)
	}
	return all
}

func TestAProblemLeavesEveryFileAsItWas(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"of the schema": {
			"type Query {", "type Query {\n  open: String\n ",
			"schema.graphqls:5: Query.open: no rule and no @public reaches it: write @public, @authenticated or @hasRole",
		},
		"of the Go types": {
			"type Safe @public {", "type Safe @public {\n  code: Int\n  @hasRole(role: CLERK, orOwner: true)\n ",
			"schema.graphqls:12: Safe: orOwner, and Safe has no owner: give its Go type the method OwnerID() auth.ID, or take orOwner away",
		},
		"of an input type that reads itself": {
			"input By {", "input By {\n  id: Int @hasRole(role: CLERK)\n ",
			"schema.graphqls:7: By.id: @hasRole, and the Go type of By reads its values itself: " +
				"take its UnmarshalGQL away, or put the rule on the arguments of that type",
		},
		"of gqlgen": {
			"by: By): Node @public", "by: By): Node @public\n  _entities: [Missing] @public }\nscalar Missing\ntype Other @public { node: Node",
			"validation failed",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := office(t, strings.Replace(schema, test.old, test.new, 1))
			before := generated(t)
			err := guardgen.Generate(cfg, guardgen.Permissions("permissions.md"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v, want %s", err, test.want)
			}
			if diff := cmp.Diff(before, generated(t)); diff != "" {
				t.Errorf("files differ (-before +after):\n%s", diff)
			}
		})
	}
}

func TestTheTableOfObjectsKnowsOwnersAndTypes(t *testing.T) {
	cfg := office(t, schema)
	if err := guardgen.Generate(cfg); err != nil {
		t.Fatal(err)
	}
	written := generated(t)
	for _, want := range []string{
		"case *words.Person:", "case **words.Person:", "case words.Person:",
		"case *words.Letter:", "case **words.Letter:",
		"\"Node\": func(object any) string {", "case *words.Safe:\n\t\t\t\treturn \"Safe\"", "case *words.Node:",
	} {
		if !strings.Contains(written["generated/objects.go"], want) {
			t.Errorf("the table has no %q:\n%s", want, written["generated/objects.go"])
		}
	}
	if strings.Contains(written["generated/objects.go"], `"Safe": func`) {
		t.Errorf("the table has an owner of Safe, whose OwnerID is no auth.ID")
	}
	if strings.Contains(written["generated/generated.go"], "HasRole func(") {
		t.Error("gqlgen runs the guard's directives itself")
	}
	if got, want := written["permissions.md"], "# Permissions of before\n"; got != want {
		t.Errorf("who may see what is written where nobody wants it: %s", got)
	}
}

func TestWhoMaySeeWhatIsWrittenWhereItIsWanted(t *testing.T) {
	cfg := office(t, schema)
	if err := guardgen.Generate(cfg, guardgen.Permissions("permissions.md")); err != nil {
		t.Fatal(err)
	}
	loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: schema})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(guard.PermissionTable(loaded), generated(t)["permissions.md"]); diff != "" {
		t.Errorf("table differs (-of the schema +written):\n%s", diff)
	}
}

// A file that was not there is not there after a failure, whichever plugin failed.
func TestWhoMaySeeWhatIsTakenBackWhereGenerationFails(t *testing.T) {
	cfg := office(t, schema)
	if err := os.Remove("permissions.md"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("words/broken.go", []byte("package words\n\nvar _ = Missing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := guardgen.Generate(cfg, guardgen.Permissions("permissions.md")); err == nil {
		t.Fatal("a package that does not compile is generated around")
	}
	if got := generated(t)["permissions.md"]; got != "gone" {
		t.Errorf("the table stays: %s", got)
	}
}
