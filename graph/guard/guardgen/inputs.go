package guardgen

import (
	"maps"
	"slices"

	"github.com/99designs/gqlgen/codegen"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
)

// unread lists the rules on input types whose Go values read themselves: which of the fields a value sets is then up to
// them, and not to the schema.
func unread(data *codegen.Data) guard.Problems {
	themselves := map[string]*ast.Definition{}
	for _, ref := range data.ReferencedTypes {
		if ref.Definition.Kind == ast.InputObject && (ref.IsMarshaler || ref.Unmarshaler != nil) {
			themselves[ref.Definition.Name] = ref.Definition
		}
	}
	for _, in := range data.Inputs {
		if in.HasUnmarshal() {
			themselves[in.Name] = in.Definition
		}
	}
	var ps guard.Problems
	for _, name := range slices.Sorted(maps.Keys(themselves)) {
		for _, f := range themselves[name].Fields {
			for _, d := range f.Directives {
				if slices.Contains(guard.Directives(), d.Name) {
					ps = append(ps, guard.Problem{
						File: d.Position.Src.Name, Line: d.Position.Line,
						What: name + "." + f.Name + ": @" + d.Name + ", and the Go type of " + name +
							" reads its values itself: take its UnmarshalGQL away, or put the rule on the arguments of that type",
					})
				}
			}
		}
	}
	return ps
}
