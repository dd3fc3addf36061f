package web

import (
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// What one mutation may do: its root fields run one after the other, and each that takes a password costs a hash and is
// a guess.
const (
	maxRootFields     = 3
	maxPasswordFields = 1
)

// overLimit is the limit that the operation goes beyond, nil where it keeps to them all.
func overLimit(op *graphql.OperationContext, schema *ast.Schema) *auth.Error {
	if op.Operation.Operation != ast.Mutation {
		return nil
	}
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{schema.Mutation.Name})
	passwords := 0
	for _, f := range fields {
		if f.Definition != nil && takesPassword(schema, f.Definition.Arguments) {
			passwords++
		}
	}
	switch {
	case len(fields) > maxRootFields:
		return beyond("rootFields", fmt.Sprintf("A mutation has at most %d root fields.", maxRootFields))
	case passwords > maxPasswordFields:
		return beyond("passwordFields", "A mutation has at most one field that takes a password.")
	default:
		return nil
	}
}

// limited gives the parser's refusal of too long a document its own code.
func limited(errs gqlerror.List) gqlerror.List {
	for i, err := range errs {
		if strings.HasPrefix(err.Message, "exceeded token limit") {
			errs[i] = shown(beyond("tokens", fmt.Sprintf("The query has more than %d tokens.", maxTokens)))
		}
	}
	return errs
}

func beyond(limit, message string) *auth.Error {
	return &auth.Error{Code: auth.LimitExceeded, Limit: limit, Message: message}
}

// takesPassword reports whether one of the arguments is, or is an input with, a Secret that is called a password.
func takesPassword(schema *ast.Schema, args ast.ArgumentDefinitionList) bool {
	for _, a := range args {
		if isPassword(a.Name, a.Type) {
			return true
		}
		if def := schema.Types[a.Type.Name()]; def != nil && def.Kind == ast.InputObject {
			for _, f := range def.Fields {
				if isPassword(f.Name, f.Type) {
					return true
				}
			}
		}
	}
	return false
}

func isPassword(name string, t *ast.Type) bool {
	return t.Name() == secretScalar && strings.Contains(strings.ToLower(name), "password")
}
