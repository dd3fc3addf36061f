package document

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// Limits bound what a document may ask, before it is validated: validation costs more than all of them together. Each is
// the most that is let in, and its name in camel case is the limit that the refusal names.
type Limits struct {
	QueryLength        int // bytes of text
	Tokens             int
	Depth              int // fields within fields, through fragments
	IntrospectionDepth int // likewise, where the way leads through __schema or __type
	Aliases            int // in the text
	Directives         int // on one element
	Fields             int // of one operation, each fragment counted wherever it is spread; __typename is free
	Fragments          int // defined
	Operations         int
	Variables          int // of one operation
	RootFields         int // of a mutation: they run one after the other
	PasswordFields     int // of a mutation: each costs a hash, and is a guess
}

// DefaultLimits let through what clients' libraries send, and bound validation to some 70 ms.
func DefaultLimits() Limits {
	return Limits{
		QueryLength: 32 << 10, Tokens: 4000, Depth: 16, IntrospectionDepth: 20, Aliases: 30, Directives: 10, Fields: 500,
		Fragments: 100, Operations: 5, Variables: 50, RootFields: 3, PasswordFields: 1,
	}
}

// check is the first limit that the document goes beyond, nil where it keeps to all. It takes time linear in the text.
func (l Limits) check(doc *ast.QueryDocument, schema *ast.Schema) *auth.Error {
	switch {
	case len(doc.Operations) > l.Operations:
		return beyond("operations", "A document has at most %d operations.", l.Operations)
	case len(doc.Fragments) > l.Fragments:
		return beyond("fragments", "A document has at most %d fragments.", l.Fragments)
	}
	m := newMeter(l, doc)
	for _, f := range doc.Fragments {
		m.elements(f.Directives)
		if over := l.size(m.fragment(f.Name)); over != nil {
			return over
		}
	}
	for _, op := range doc.Operations {
		if over := l.operation(m, op, schema); over != nil {
			return over
		}
	}
	switch {
	case m.aliases > l.Aliases:
		return beyond("aliases", "A document has at most %d aliases.", l.Aliases)
	case m.directives > l.Directives:
		return beyond("directives", "An element has at most %d directives.", l.Directives)
	}
	return nil
}

func (l Limits) operation(m *meter, op *ast.OperationDefinition, schema *ast.Schema) *auth.Error {
	if len(op.VariableDefinitions) > l.Variables {
		return beyond("variables", "An operation has at most %d variables.", l.Variables)
	}
	m.elements(op.Directives)
	for _, v := range op.VariableDefinitions {
		m.elements(v.Directives)
	}
	if over := l.size(m.selections(op.SelectionSet)); over != nil {
		return over
	}
	if op.Operation != ast.Mutation || schema.Mutation == nil {
		return nil
	}
	return l.mutation(m.rootFields(op.SelectionSet), schema)
}

func (l Limits) size(s size) *auth.Error {
	switch {
	case s.fields > l.Fields:
		return beyond("fields", "An operation has at most %d fields, those of fragments included.", l.Fields)
	case s.depth > l.Depth:
		return beyond("depth", "An operation is at most %d fields deep.", l.Depth)
	case s.introspection > l.IntrospectionDepth:
		return beyond("introspectionDepth", "Introspection is at most %d fields deep.", l.IntrospectionDepth)
	default:
		return nil
	}
}

// mutation holds the root fields, by their names in the answer, against the limits of a mutation.
func (l Limits) mutation(fields map[string]string, schema *ast.Schema) *auth.Error {
	passwords := 0
	for _, name := range fields {
		if f := schema.Mutation.Fields.ForName(name); f != nil && takesPassword(schema, f.Arguments) {
			passwords++
		}
	}
	switch {
	case len(fields) > l.RootFields:
		return beyond("rootFields", "A mutation has at most %d root fields.", l.RootFields)
	case passwords > l.PasswordFields:
		return beyond("passwordFields", "Of the fields that take a password a mutation has at most %d.", l.PasswordFields)
	default:
		return nil
	}
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
