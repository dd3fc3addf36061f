package guardtest

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
)

// Complaints tries cases as Run does, and answers what a failing one says, empty for one that passes.
func Complaints(schema *ast.Schema, options ...guard.Option) (func(Case) string, error) {
	r, err := newRunner(schema, options...)
	if err != nil {
		return nil, err
	}
	return r.complaint, nil
}
