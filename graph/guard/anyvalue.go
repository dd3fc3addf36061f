package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// anything is the value of a variable of which only what holds for every value counts: in it there is nothing, and what
// stands behind a condition on it is left out.
type anything struct{}

// mostOf are variables that supply all that can be supplied. What stands behind a condition on one is included.
func (b *book) mostOf(op *ast.OperationDefinition) map[string]any {
	all := map[string]any{}
	for _, v := range op.VariableDefinitions {
		all[v.Variable] = b.inputs[v.Type.Name()].fullest(map[*input]bool{})
	}
	return all
}

// fullest is a value of the type that meets each inlet in its reach. A type within itself is filled once.
func (t *input) fullest(filled map[*input]bool) any {
	if t == nil || filled[t] {
		return nil
	}
	filled[t] = true
	value := map[string]any{}
	for _, in := range t.inlets {
		value[in.name] = in.within.fullest(filled)
	}
	return value
}

// leastOf are variables that supply what every request must.
func (b *book) leastOf(op *ast.OperationDefinition) map[string]any {
	all := map[string]any{}
	for _, v := range op.VariableDefinitions {
		switch {
		case v.DefaultValue != nil:
			all[v.Variable] = anything{}
		case v.Type.NonNull:
			all[v.Variable] = b.scantest(v.Type, map[string]bool{})
		}
	}
	return all
}

// scantest is a value of the type with what it requires. A list may be empty.
func (b *book) scantest(t *ast.Type, within map[string]bool) any {
	def := b.schema.Types[t.Name()]
	if t.Elem != nil || def.Kind != ast.InputObject || within[def.Name] {
		return anything{}
	}
	within[def.Name] = true
	value := map[string]any{}
	for _, f := range def.Fields {
		if f.Type.NonNull && f.DefaultValue == nil {
			value[f.Name] = b.scantest(f.Type, within)
		}
	}
	delete(within, def.Name)
	return value
}
