package web

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxDocuments bounds the memory that parsed and validated documents take, in bytes, about.
const maxDocuments = 32 << 20

// parsedPerByte is about how much memory a parsed document takes for each byte of its text.
const parsedPerByte = 40

// secretScalar is the type whose literals are kept nowhere.
const secretScalar = "Secret"

// documents keep parsed and validated documents by their text, but for those that hold a literal for a Secret: a
// client should send secrets in variables, and one that does not should not find its password in a core dump.
type documents struct {
	kept *otter.Cache[string, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = documents{}

func newDocuments() documents {
	return documents{otter.Must(&otter.Options[string, *ast.QueryDocument]{
		MaximumWeight: maxDocuments,
		Weigher:       func(text string, _ *ast.QueryDocument) uint32 { return uint32(len(text) * parsedPerByte) },
	})}
}

// Get returns the document of the text.
func (d documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	return d.kept.GetIfPresent(text)
}

// Add keeps a document that has been validated.
func (d documents) Add(_ context.Context, text string, doc *ast.QueryDocument) {
	if !HoldsSecret(doc) {
		d.kept.Set(text, doc)
	}
}

// HoldsSecret reports whether the document holds a literal for a Secret, a variable's default too. Such a document is
// kept nowhere.
func HoldsSecret(doc *ast.QueryDocument) bool {
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			if isSecret(v.DefaultValue) {
				return true
			}
		}
		if selectsSecret(op.SelectionSet) {
			return true
		}
	}
	for _, f := range doc.Fragments {
		if selectsSecret(f.SelectionSet) {
			return true
		}
	}
	return false
}

func selectsSecret(set ast.SelectionSet) bool {
	for _, selection := range set {
		var inner ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			for _, argument := range s.Arguments {
				if isSecret(argument.Value) {
					return true
				}
			}
			inner = s.SelectionSet
		case *ast.InlineFragment:
			inner = s.SelectionSet
		}
		if selectsSecret(inner) {
			return true
		}
	}
	return false
}

// isSecret reports whether the value is, or has in it, a literal for a Secret. The validator has noted the types.
func isSecret(v *ast.Value) bool {
	if v == nil || v.Kind == ast.Variable || v.Kind == ast.NullValue {
		return false
	}
	if v.Definition != nil && v.Definition.Name == secretScalar {
		return true
	}
	for _, child := range v.Children {
		if isSecret(child.Value) {
			return true
		}
	}
	return false
}
