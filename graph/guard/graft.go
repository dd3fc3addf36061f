package guard

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// graft is a copy of a schema with the directives that another one has in the same places, and none where the other has
// no such place: so the two are planned alike, whatever else differs between them.
func graft(schema, directives *ast.Schema) *ast.Schema {
	g := &grafter{from: directives, types: map[string]*ast.Definition{}}
	for name, def := range schema.Types {
		g.types[name] = g.definition(def)
	}
	copied := *schema
	copied.Types = g.types
	copied.Directives = directives.Directives
	copied.Query, copied.Mutation, copied.Subscription = g.copied(schema.Query), g.copied(schema.Mutation), g.copied(schema.Subscription)
	copied.PossibleTypes = g.lists(schema.PossibleTypes)
	copied.Implements = g.lists(schema.Implements)
	return &copied
}

type grafter struct {
	from  *ast.Schema
	types map[string]*ast.Definition
}

func (g *grafter) copied(def *ast.Definition) *ast.Definition {
	if def == nil {
		return nil
	}
	return g.types[def.Name]
}

func (g *grafter) lists(of map[string][]*ast.Definition) map[string][]*ast.Definition {
	all := map[string][]*ast.Definition{}
	for name, defs := range of {
		for _, def := range defs {
			all[name] = append(all[name], g.copied(def))
		}
	}
	return all
}

func (g *grafter) definition(def *ast.Definition) *ast.Definition {
	other := g.from.Types[def.Name]
	if other == nil || other.Kind != def.Kind {
		other = &ast.Definition{}
	}
	copied := *def
	copied.Directives = other.Directives
	copied.Fields = make(ast.FieldList, len(def.Fields))
	for i, f := range def.Fields {
		copied.Fields[i] = graftField(f, other.Fields.ForName(f.Name))
	}
	return &copied
}

func graftField(f, other *ast.FieldDefinition) *ast.FieldDefinition {
	if other == nil {
		other = &ast.FieldDefinition{}
	}
	copied := *f
	copied.Directives = other.Directives
	copied.Arguments = make(ast.ArgumentDefinitionList, len(f.Arguments))
	for i, a := range f.Arguments {
		arg := *a
		arg.Directives = nil
		if of := other.Arguments.ForName(a.Name); of != nil {
			arg.Directives = of.Directives
		}
		copied.Arguments[i] = &arg
	}
	return &copied
}

// Differences lists what keeps a trial of another schema's rules from deciding all that the schema in force offers, each
// with its place in the schema in force: what the other one lacks, and what is of another type there. Whether null is
// allowed is no difference: a rule that is tried on a field needs a place for its null.
func Differences(inForce, trial *ast.Schema) Problems {
	d := &differ{trial: trial}
	for _, name := range slices.Sorted(maps.Keys(inForce.Types)) {
		if def := inForce.Types[name]; !def.BuiltIn {
			d.definition(def, trial.Types[name])
		}
	}
	return d.problems.sorted()
}

type differ struct {
	trial    *ast.Schema
	problems Problems
}

func (d *differ) lacks(at *ast.Position, coordinate string) {
	d.problems.add(at, "%s: the trial schema lacks it, and does not decide it", coordinate)
}

func (d *differ) differs(at *ast.Position, coordinate, here, there string) {
	if here != there {
		d.problems.add(at, "%s: it is %s here and %s in the trial schema", coordinate, here, there)
	}
}

func (d *differ) definition(def, other *ast.Definition) {
	if other == nil {
		if def.Kind != ast.Enum && def.Kind != ast.Scalar { // which have no rules
			d.lacks(def.Position, def.Name)
		}
		return
	}
	if def.Kind != other.Kind {
		d.differs(def.Position, def.Name, kind(def), kind(other))
		return
	}
	for _, name := range def.Interfaces {
		if !slices.Contains(other.Interfaces, name) {
			d.problems.add(def.Position, "%s: it implements %s here and not in the trial schema, and has its rules in the trial", def.Name, name)
		}
	}
	for _, name := range other.Interfaces {
		if !slices.Contains(def.Interfaces, name) {
			d.problems.add(def.Position, "%s: it implements %s in the trial schema and not here, and has none of its rules in the trial", def.Name, name)
		}
	}
	for _, f := range ownFields(def) {
		d.field(def.Name+"."+f.Name, f, other.Fields.ForName(f.Name))
	}
}

func (d *differ) field(coordinate string, f, other *ast.FieldDefinition) {
	if other == nil {
		d.lacks(f.Position, coordinate)
		return
	}
	d.differs(f.Position, coordinate, nullable(f.Type), nullable(other.Type))
	for _, a := range f.Arguments {
		at := coordinate + "(" + a.Name + ":)"
		if of := other.Arguments.ForName(a.Name); of == nil {
			d.lacks(a.Position, at)
		} else {
			d.differs(a.Position, at, nullable(a.Type), nullable(of.Type))
		}
	}
}

func nullable(t *ast.Type) string { return strings.ReplaceAll(t.String(), "!", "") }

func kind(def *ast.Definition) string {
	switch def.Kind {
	case ast.Object:
		return "an object"
	case ast.InputObject:
		return "an input"
	case ast.Interface:
		return "an interface"
	case ast.Union:
		return "a union"
	case ast.Enum:
		return "an enum"
	case ast.Scalar:
		return "a scalar"
	}
	return string(def.Kind)
}
