package document

import "github.com/vektah/gqlparser/v2/ast"

// secretScalar is the type whose literals are kept nowhere: a client should send secrets in variables, and one that does
// not should not find its password in a core dump.
const secretScalar = "Secret"

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
