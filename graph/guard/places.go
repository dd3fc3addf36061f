package guard

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// places looks at every element that can carry a directive, and at what the guard's directives say there.
func (c *checker) places() {
	s := c.book.schema
	c.misplaced("schema", "the schema", s.SchemaDirectives)
	for _, name := range slices.Sorted(maps.Keys(s.Directives)) {
		def := s.Directives[name]
		c.misplaced("@"+name, "a directive", def.Directives)
		for _, a := range def.Arguments {
			c.misplaced("@"+name+"("+a.Name+":)", "an argument of a directive", a.Directives)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Types)) {
		if def := s.Types[name]; !def.BuiltIn {
			c.typePlaces(def)
		}
	}
}

func (c *checker) typePlaces(def *ast.Definition) {
	switch def.Kind {
	case ast.Object, ast.Interface:
		c.stated(def.Name, def.Directives)
		c.signsInHere(def.Name, def.Directives, false)
		for _, f := range ownFields(def) {
			at := def.Name + "." + f.Name
			c.stated(at, f.Directives)
			c.signsInHere(at, f.Directives, def == c.book.schema.Mutation)
			for _, a := range f.Arguments {
				c.supplied(at+"("+a.Name+":)", "an argument", a.Directives)
			}
		}
	case ast.InputObject:
		c.misplaced(def.Name, "an input type", def.Directives)
		for _, f := range def.Fields {
			c.supplied(def.Name+"."+f.Name, "an input field", f.Directives)
		}
	case ast.Enum:
		c.misplaced(def.Name, "an enum", def.Directives)
		for _, v := range def.EnumValues {
			c.misplaced(def.Name+"."+v.Name, "an enum's value", v.Directives)
		}
	case ast.Union:
		c.misplaced(def.Name, "a union", def.Directives)
	case ast.Scalar:
		c.misplaced(def.Name, "a scalar", def.Directives)
	}
}

// misplaced looks for directives of the guard on an element for which it does nothing.
func (c *checker) misplaced(at, element string, ds ast.DirectiveList) {
	for _, d := range ds {
		if slices.Contains(Directives(), d.Name) {
			c.add(d.Position, "%s: @%s is not enforced on %s: take it away", at, d.Name, element)
		}
	}
}

func (c *checker) signsInHere(at string, ds ast.DirectiveList, rootOfMutation bool) {
	if d := ds.ForName(signsInDirective); d != nil && !rootOfMutation {
		c.add(d.Position, "%s: @%s belongs on root fields of Mutation: take it away", at, signsInDirective)
	}
}
