package guard

import (
	"fmt"
	"maps"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/fieldward/fieldward/auth"
)

// Fate is what becomes of an operation as a whole.
type Fate string

// What can become of an operation.
const (
	// Runs is an operation that is answered in full.
	Runs Fate = "RUNS"
	// RunsWithNulls is one in whose answer a place that is denied, or that is another's own, is null.
	RunsWithNulls Fate = "RUNS_WITH_NULLS"
	// Refused is one of which nothing runs.
	Refused Fate = "REFUSED"
	// RefusedPerhaps is one of which, with some variables, nothing runs.
	RefusedPerhaps Fate = "REFUSED_PERHAPS"
)

// Explanation is what would become of an operation that a caller asked.
type Explanation struct {
	// Operation is its kind, and its name where it has one: "query Home".
	Operation string
	Fate      Fate
	// Touches are the coordinates that it touches, in the order of the document, each once.
	Touches []Touch

	signsIn bool
}

// Touch is what a caller's claims say of a coordinate that an operation touches.
type Touch struct {
	Verdict
	// Perhaps is a coordinate that only some variables touch.
	Perhaps bool
}

// Explain says of each operation of a document what would become of it, without running any: with the verdicts of Verdicts,
// and refused where Refusal says so. The variables are a request's, as encoding/json decodes them with UseNumber; where
// they are nil they are not known, and every coordinate is told that any variables could touch. It fails where the
// document or the variables are not of the schema, with all that the validator finds.
func (g *Guard) Explain(query *ast.Source, variables map[string]any, c auth.Caller) (Explanations, error) {
	doc, err := parser.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	if errs := validator.ValidateWithRules(g.book.schema, doc, rules.NewDefaultRules()); len(errs) > 0 {
		return nil, errs
	}
	if len(doc.Operations) == 0 {
		return nil, fmt.Errorf("%s: there is no operation in it", query.Name)
	}
	var all Explanations
	for _, op := range doc.Operations {
		if variables == nil {
			all = append(all, g.explainAny(doc, op, c))
			continue
		}
		given, err := validator.VariableValues(g.book.schema, op, maps.Clone(variables))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", titleOf(op), err)
		}
		all = append(all, g.explain(doc, op, given, c))
	}
	return all, nil
}

func (g *Guard) explain(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, c auth.Caller) Explanation {
	e := Explanation{Operation: titleOf(op), Fate: Runs, signsIn: g.makePlan(doc, op).signsIn}
	for _, v := range g.Verdicts(doc, op, variables, c) {
		e.Touches = append(e.Touches, Touch{Verdict: v})
		if v.Outcome != Allowed {
			e.Fate = RunsWithNulls
		}
	}
	if _, refused := g.Refusal(doc, op, variables, c); refused {
		e.Fate = Refused
	}
	return e
}

// explainAny explains an operation whose variables are not known, by those that touch the most and the least.
func (g *Guard) explainAny(doc *ast.QueryDocument, op *ast.OperationDefinition, c auth.Caller) Explanation {
	least := g.explain(doc, op, g.book.leastOf(op), c)
	most := g.explain(doc, op, g.book.mostOf(op), c)
	surely := map[string]bool{}
	for _, t := range least.Touches {
		surely[t.Coordinate] = true
	}
	for i := range most.Touches {
		most.Touches[i].Perhaps = !surely[most.Touches[i].Coordinate]
	}
	if most.Fate == Refused && least.Fate != Refused {
		most.Fate = RefusedPerhaps
	}
	return most
}

func titleOf(op *ast.OperationDefinition) string {
	if op.Name == "" {
		return string(op.Operation)
	}
	return string(op.Operation) + " " + op.Name
}
