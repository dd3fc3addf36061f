package guard

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
)

// pruner copies what a shape shows of its schema. Nothing of the schema itself is changed.
type pruner struct {
	shape *shape
	book  *book
	rules bool // with the guard's directives
	prose prose
}

func (p *pruner) prune() *ast.Schema {
	from := p.book.schema
	to := &ast.Schema{
		Description: p.prose.text(from.Description), Types: map[string]*ast.Definition{}, Directives: map[string]*ast.DirectiveDefinition{},
		PossibleTypes: map[string][]*ast.Definition{}, Implements: map[string][]*ast.Definition{},
	}
	for name, def := range from.Types {
		if def.BuiltIn {
			to.Types[name] = def
		} else if p.shape.types[name] {
			to.Types[name] = p.definition(def)
		}
	}
	for name, def := range from.Directives {
		if p.shows(name) {
			to.Directives[name] = p.directiveDefinition(def)
		}
	}
	p.roots(to)
	relate(to)
	return to
}

// roots names the root types. A schema without a query is none, so where nothing can be read there is a field that says
// so.
func (p *pruner) roots(to *ast.Schema) {
	from := p.book.schema
	if from.Mutation != nil && p.shape.roots[from.Mutation] {
		to.Mutation = to.Types[from.Mutation.Name]
	}
	if from.Subscription != nil && p.shape.roots[from.Subscription] {
		to.Subscription = to.Types[from.Subscription.Name]
	}
	if from.Query == nil {
		return
	}
	if to.Types[from.Query.Name] == nil {
		to.Types[from.Query.Name] = nothing(from.Query)
	}
	to.Query = to.Types[from.Query.Name]
	to.Query.Fields = append(to.Query.Fields, validator.QueryIntrospectionFields()...)
}

// nothing is a query type of which nothing is open. GraphQL wants a field of every type (section 3.6), and clients
// refuse a schema that has none; its name is nobody's.
func nothing(query *ast.Definition) *ast.Definition {
	name := "_empty"
	for query.Fields.ForName(name) != nil {
		name += "_"
	}
	return &ast.Definition{
		Kind: ast.Object, Name: query.Name, Position: query.Position, Description: "Nothing that can be read is open to you.",
		Fields: ast.FieldList{{
			Name: name, Type: ast.NamedType("Boolean", nil), Position: query.Position,
			Description: "Stands here because a type must have a field. It cannot be asked for.",
		}},
	}
}

// relate fills in which objects stand in the place of which interfaces and unions.
func relate(s *ast.Schema) {
	for _, name := range sortedTypes(s) {
		def := s.Types[name]
		switch def.Kind { //nolint:exhaustive // the others stand for nothing
		case ast.Object:
			s.AddPossibleType(name, def)
			for _, of := range def.Interfaces {
				s.AddPossibleType(of, def)
				s.AddImplements(name, s.Types[of])
			}
		case ast.Interface:
			for _, of := range def.Interfaces {
				s.AddImplements(name, s.Types[of])
			}
		case ast.Union:
			for _, member := range def.Types {
				s.AddPossibleType(name, s.Types[member])
				s.AddImplements(member, def)
			}
		}
	}
}

func (p *pruner) definition(def *ast.Definition) *ast.Definition {
	to := &ast.Definition{
		Kind: def.Kind, Name: def.Name, Position: def.Position,
		Description: p.prose.text(def.Description), Directives: p.directives(def.Directives),
	}
	for _, name := range def.Interfaces {
		if p.shape.types[name] {
			to.Interfaces = append(to.Interfaces, name)
		}
	}
	for _, f := range def.Fields {
		if p.shape.fields[f] {
			to.Fields = append(to.Fields, p.field(f))
		}
	}
	for _, name := range def.Types {
		if p.shape.members[def.Name][name] {
			to.Types = append(to.Types, name)
		}
	}
	for _, v := range def.EnumValues {
		to.EnumValues = append(to.EnumValues, &ast.EnumValueDefinition{
			Name: v.Name, Position: v.Position, Description: p.prose.text(v.Description), Directives: p.directives(v.Directives),
		})
	}
	return to
}

func (p *pruner) field(f *ast.FieldDefinition) *ast.FieldDefinition {
	return &ast.FieldDefinition{
		Name: f.Name, Type: f.Type, Position: f.Position, Arguments: p.arguments(f.Arguments),
		DefaultValue: p.value(f.DefaultValue, f.Type), Description: p.prose.text(f.Description), Directives: p.directives(f.Directives),
	}
}

func (p *pruner) arguments(all ast.ArgumentDefinitionList) ast.ArgumentDefinitionList {
	var to ast.ArgumentDefinitionList
	for _, a := range all {
		if p.shape.arguments[a] {
			to = append(to, &ast.ArgumentDefinition{
				Name: a.Name, Type: a.Type, Position: a.Position, DefaultValue: p.value(a.DefaultValue, a.Type),
				Description: p.prose.text(a.Description), Directives: p.directives(a.Directives),
			})
		}
	}
	return to
}

// value leaves out of a default what it gives for input fields that are not shown: the client cannot, and need not.
func (p *pruner) value(v *ast.Value, t *ast.Type) *ast.Value {
	def := p.book.schema.Types[t.Name()]
	if v == nil || len(v.Children) == 0 || def.Kind != ast.InputObject {
		return v
	}
	to := *v
	to.Children = nil
	for _, c := range v.Children {
		inner := t
		if v.Kind == ast.ObjectValue {
			f := def.Fields.ForName(c.Name)
			if f == nil || !p.shape.fields[f] {
				continue
			}
			inner = f.Type
		}
		child := *c
		child.Value = p.value(c.Value, inner)
		to.Children = append(to.Children, &child)
	}
	return &to
}

// directives keeps what clients can act on, and the rules where they are asked for.
func (p *pruner) directives(all ast.DirectiveList) ast.DirectiveList {
	var to ast.DirectiveList
	for _, d := range all {
		switch {
		case slices.Contains(specified(), d.Name):
			to = append(to, p.directive(d))
		case p.rules && slices.Contains(Directives(), d.Name):
			to = append(to, d)
		}
	}
	return to
}

func (p *pruner) directive(d *ast.Directive) *ast.Directive {
	reason := d.Arguments.ForName("reason")
	if d.Name != "deprecated" || reason == nil {
		return d
	}
	to := *d
	value := *reason.Value
	value.Raw = p.prose.reason(value.Raw)
	to.Arguments = ast.ArgumentList{{Name: reason.Name, Value: &value, Position: reason.Position}}
	return &to
}

func (p *pruner) directiveDefinition(def *ast.DirectiveDefinition) *ast.DirectiveDefinition {
	to := &ast.DirectiveDefinition{
		Name: def.Name, Position: def.Position, IsRepeatable: def.IsRepeatable, Locations: def.Locations,
		Arguments: p.arguments(def.Arguments), Description: p.prose.text(def.Description), Directives: p.directives(def.Directives),
	}
	if p.shape.clients[def.Name] && !isSpecified(def) {
		to.Locations = executable(def.Locations)
	}
	return to
}

// names are those of all that the copy shows: types, their fields and values, arguments and directives.
func (p *pruner) names() map[string]bool {
	s := p.book.schema
	all := map[string]bool{}
	for name, def := range s.Types {
		if !def.BuiltIn && !p.shape.types[name] {
			continue
		}
		all[name] = true
		for _, f := range def.Fields {
			if def.BuiltIn || p.shape.fields[f] {
				all[f.Name] = true
				p.addArguments(all, f.Arguments, def.BuiltIn)
			}
		}
		for _, v := range def.EnumValues {
			all[v.Name] = true
		}
	}
	for name, def := range s.Directives {
		if p.shows(name) {
			all[name] = true
			p.addArguments(all, def.Arguments, false)
		}
	}
	return all
}

func (p *pruner) addArguments(names map[string]bool, args ast.ArgumentDefinitionList, builtIn bool) {
	for _, a := range args {
		if builtIn || p.shape.arguments[a] {
			names[a.Name] = true
		}
	}
}

func (p *pruner) shows(directive string) bool {
	return p.shape.clients[directive] || p.rules && slices.Contains(Directives(), directive)
}
