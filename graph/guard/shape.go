package guard

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// shape is the part of a schema that is shown: what is open, and reached from the root types.
type shape struct {
	book      *book
	types     map[string]bool
	fields    map[*ast.FieldDefinition]bool // of objects, interfaces and input types
	arguments map[*ast.ArgumentDefinition]bool
	members   map[string]map[string]bool // of unions
	roots     map[*ast.Definition]bool
	clients   map[string]bool // directives that a client can write
	visited   map[visit]bool
	settled   map[string]bool // the interfaces whose fields are known
}

// visit is a type, and who got there how.
type visit struct {
	name string
	by   *prospect
	way  way
}

// way is how a type is reached.
type way int

const (
	answering    way = iota // a field answers it, or takes it
	implementing            // an object that is shown implements it: its other implementers are not reached by that
)

// shape finds what is shown to the caller to whom the locks are open; below are those that are open to whom a @signsIn
// field has signed in. An interface that loses all its fields takes those with it that answer it, so it is found anew.
func (b *book) shape(locks, below openLocks) *shape {
	gone := map[string]bool{}
	for {
		signedIn := b.prospect(below, gone, nil)
		s := b.reach(b.prospect(locks, gone, signedIn))
		empty := s.emptyInterfaces()
		if len(empty) == 0 {
			return s
		}
		for _, name := range empty {
			gone[name] = true
		}
	}
}

func (b *book) reach(p *prospect) *shape {
	s := &shape{
		book: b, types: map[string]bool{}, fields: map[*ast.FieldDefinition]bool{}, arguments: map[*ast.ArgumentDefinition]bool{},
		members: map[string]map[string]bool{}, roots: map[*ast.Definition]bool{}, clients: map[string]bool{},
		visited: map[visit]bool{}, settled: map[string]bool{},
	}
	for _, root := range []*ast.Definition{b.schema.Query, b.schema.Mutation, b.schema.Subscription} {
		if root != nil && p.objects[root.Name] {
			s.roots[root] = true
			s.visit(visit{root.Name, p, answering})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.schema.Directives)) {
		s.directive(p, b.schema.Directives[name])
	}
	for _, name := range sortedKeys(s.types) {
		s.interfaceFields(name)
	}
	return s
}

func (s *shape) visit(v visit) {
	if s.visited[v] {
		return
	}
	s.visited[v] = true
	def := s.book.schema.Types[v.name]
	s.types[v.name] = true
	switch def.Kind {
	case ast.Object:
		s.object(v, s.book.objects[v.name])
	case ast.Interface:
		s.interfaces(v, def)
		if v.way == answering {
			s.possible(v)
		}
	case ast.Union:
		s.possible(v)
	case ast.InputObject:
		for _, f := range def.Fields {
			if v.by.inputField(def.Name, f) {
				s.fields[f] = true
				s.visit(visit{f.Type.Name(), v.by, answering})
			}
		}
	case ast.Enum, ast.Scalar:
	}
}

func (s *shape) object(v visit, o *object) {
	s.interfaces(v, o.def)
	for _, f := range o.fields {
		if !v.by.field(f) {
			continue
		}
		s.fields[f.def] = true
		for _, a := range f.def.Arguments {
			if v.by.argument(f, a) {
				s.arguments[a] = true
				s.visit(visit{a.Type.Name(), v.by, answering})
			}
		}
		s.visit(visit{f.def.Type.Name(), v.by.behind(f), answering})
	}
}

func (s *shape) interfaces(v visit, def *ast.Definition) {
	for _, name := range def.Interfaces {
		if !v.by.gone[name] {
			s.visit(visit{name, v.by, implementing})
		}
	}
}

// possible shows the objects that stand in the place of an interface or union.
func (s *shape) possible(v visit) {
	for _, o := range s.book.possible[v.name] {
		if v.by.objects[o.name] {
			s.member(v.name, o.name)
			s.visit(visit{o.name, v.by, answering})
		}
	}
}

func (s *shape) member(of, name string) {
	if s.members[of] == nil {
		s.members[of] = map[string]bool{}
	}
	s.members[of][name] = true
}

// directive shows what a client can write into a document. What only a schema holds is not for clients.
func (s *shape) directive(p *prospect, def *ast.DirectiveDefinition) {
	if slices.Contains(Directives(), def.Name) || !isSpecified(def) && len(executable(def.Locations)) == 0 {
		return
	}
	for _, a := range def.Arguments {
		if required(a.Type, a.DefaultValue) && !p.takes(a.Type) {
			return
		}
	}
	s.clients[def.Name] = true
	for _, a := range def.Arguments {
		if p.takes(a.Type) {
			s.arguments[a] = true
			s.visit(visit{a.Type.Name(), p, answering})
		}
	}
}

// isSpecified reports whether GraphQL itself has the directive.
func isSpecified(def *ast.DirectiveDefinition) bool {
	builtIn := def.Position != nil && def.Position.Src != nil && def.Position.Src.BuiltIn
	return builtIn || slices.Contains(specified(), def.Name)
}

// specified are the directives of GraphQL that stand in schemas (sections 3.13.3 to 3.13.5).
func specified() []string { return []string{"deprecated", "specifiedBy", "oneOf"} }

// executable are the locations in documents.
func executable(all []ast.DirectiveLocation) []ast.DirectiveLocation {
	return slices.DeleteFunc(slices.Clone(all), func(l ast.DirectiveLocation) bool {
		switch l { //nolint:exhaustive // all others are in schemas
		case ast.LocationQuery, ast.LocationMutation, ast.LocationSubscription, ast.LocationField, ast.LocationFragmentDefinition,
			ast.LocationFragmentSpread, ast.LocationInlineFragment, ast.LocationVariableDefinition:
			return false
		default:
			return true
		}
	})
}

// withRules shows the types that the guard's directives take too.
func (s *shape) withRules(b *book) *shape {
	ruled := *s
	ruled.types, ruled.arguments = maps.Clone(s.types), maps.Clone(s.arguments)
	for _, name := range Directives() {
		def := b.schema.Directives[name]
		if def == nil {
			continue
		}
		for _, a := range def.Arguments {
			ruled.arguments[a] = true
			ruled.types[a.Type.Name()] = true
		}
	}
	return &ruled
}
