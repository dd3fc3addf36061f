// Package guardtest tests the rules of a schema as a table: who asks, what they ask, and what their claims are to make
// of it, coordinate by coordinate. A case takes microseconds, since nothing is resolved: the rules are decided by the code
// that decides them before an operation runs, and there is no executor, no server and no database.
//
// It cannot tell whose an object is: a place that an object's owner may see counts as Own for everyone else. It refuses
// a case whose operation the schema does not allow, that wants nothing, or that names a coordinate which is not touched.
package guardtest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/fieldward/fieldward/graph/guard"
)

// Case is an operation, who asks it, and what is wanted of the rules.
type Case struct {
	// As is who asks; nobody where it is left out.
	As Persona
	// Query is the text of the document, and Operation names one of several operations in it.
	Query     string
	Operation string
	Variables map[string]any
	// Want is Allowed(), Verdicts or Refused.
	Want Expectation
}

// Run tries each case as a subtest. It fails at once where the schema has a problem. The options are those that the server
// gives to guard.New.
func Run(t *testing.T, schema *ast.Schema, cases map[string]Case, options ...guard.Option) {
	t.Helper()
	r, err := newRunner(schema, options...)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		c := cases[name]
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if complaint := r.complaint(c); complaint != "" {
				t.Error(complaint)
			}
		})
	}
}

// Load reads a schema from its files. A server of gqlgen's also has it without them, as generated.NewExecutableSchema(…).Schema().
func Load(t testing.TB, files ...string) *ast.Schema {
	t.Helper()
	sources := make([]*ast.Source, len(files))
	for i, name := range files {
		text, err := os.ReadFile(name) //nolint:gosec // named by the test
		if err != nil {
			t.Fatalf("read schema: %v", err)
		}
		sources[i] = &ast.Source{Name: name, Input: string(text)}
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatalf("load schema: %v", err)
	}
	return schema
}

// runner holds what all cases of a schema share.
type runner struct {
	guard  *guard.Guard
	schema *ast.Schema
	rules  *rules.Rules
}

// now is when all cases are asked: only how long before it a sign-in was matters.
func now() time.Time { return time.Date(2027, time.January, 31, 12, 0, 0, 0, time.UTC) }

func newRunner(schema *ast.Schema, options ...guard.Option) (*runner, error) {
	g, err := guard.NewWithoutObjects(schema, now, options...)
	if err != nil {
		return nil, err
	}
	return &runner{g, schema, rules.NewDefaultRules()}, nil
}

// answer is what the rules make of a case.
type answer struct {
	verdicts []guard.Verdict
	told     []guard.Verdict // of an operation that is refused as a whole
	refused  bool
}

// complaint is empty where the case gets what it wants.
func (r *runner) complaint(c Case) string {
	var unmet []string
	a, err := r.ask(c)
	switch {
	case err != nil:
		unmet = []string{err.Error()}
	case c.Want == nil:
		unmet = []string{"the case wants nothing: write Allowed(), Verdicts or Refused"}
	default:
		unmet = c.Want.unmet(a)
	}
	if len(unmet) == 0 {
		return ""
	}
	query := strings.ReplaceAll(strings.TrimSpace(c.Query), "\n", "\n\t")
	return fmt.Sprintf("asked by %s:\n\t%s\n%s", c.As, query, strings.Join(unmet, "\n"))
}

func (r *runner) ask(c Case) (answer, error) {
	if c.As.err != nil {
		return answer{}, c.As.err
	}
	doc, errs := gqlparser.LoadQueryWithRules(r.schema, c.Query, r.rules)
	if len(errs) > 0 {
		return answer{}, fmt.Errorf("the schema does not allow the operation: %w", errs)
	}
	op := doc.Operations.ForName(c.Operation)
	if op == nil {
		return answer{}, fmt.Errorf("the document has no operation %q, or several and the case names none", c.Operation)
	}
	variables, err := validator.VariableValues(r.schema, op, c.Variables)
	if err != nil {
		return answer{}, fmt.Errorf("the schema does not allow the variables: %w", err)
	}
	a := answer{verdicts: r.guard.Verdicts(doc, op, variables, c.As.caller)}
	if len(a.verdicts) == 0 {
		return answer{}, errors.New("the operation touches nothing of which a rule could say anything")
	}
	a.told, a.refused = r.guard.Refusal(doc, op, variables, c.As.caller)
	return a, nil
}
