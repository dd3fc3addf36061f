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
		c.arguments("@"+name, def.Arguments)
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
			c.arguments(at, f.Arguments)
		}
	case ast.InputObject:
		c.misplaced(def.Name, "an input type", def.Directives)
		for _, f := range def.Fields {
			c.misplaced(def.Name+"."+f.Name, "an input field", f.Directives)
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

func (c *checker) arguments(of string, args ast.ArgumentDefinitionList) {
	for _, a := range args {
		c.misplaced(of+"("+a.Name+":)", "an argument", a.Directives)
	}
}

// misplaced looks for directives of the guard on an element for which it does nothing.
func (c *checker) misplaced(at, element string, ds ast.DirectiveList) {
	for _, d := range ds {
		if slices.Contains(Directives(), d.Name) || slices.Contains(unenforced(), d.Name) {
			c.add(d.Position, "%s: @%s is not enforced on %s: take it away", at, d.Name, element)
		}
	}
}

func (c *checker) signsInHere(at string, ds ast.DirectiveList, rootOfMutation bool) {
	if d := ds.ForName(signsInDirective); d != nil && !rootOfMutation {
		c.add(d.Position, "%s: @%s belongs on root fields of Mutation: take it away", at, signsInDirective)
	}
}

// stated looks at what the directives of an object, an interface or one of their fields say.
func (c *checker) stated(at string, ds ast.DirectiveList) {
	said := readStatement(ds)
	if said.public && len(said.rules) > 0 {
		c.add(ds.ForName(publicDirective).Position, "%s: @public beside %s: take one away", at, listed(said.rules))
	}
	for _, d := range ds {
		if slices.Contains(unenforced(), d.Name) {
			c.add(d.Position, "%s: @%s is not enforced: take it away", at, d.Name)
		}
		if d.Name == hasRoleDirective {
			c.statedRoles(at, d)
		}
	}
}

func (c *checker) statedRoles(at string, d *ast.Directive) {
	roles := elements(argument(d, roleArgument))
	if len(roles) == 0 {
		c.add(d.Position, "%s: @hasRole names no role: name one, or write @authenticated", at)
	}
	if v := argument(d, orOwnerArgument); v != nil && v.Kind != ast.BooleanValue {
		c.add(d.Position, "%s: orOwner is %s: write true or false", at, v)
	}
	if d.Definition == nil {
		return
	}
	enum := c.roles(d.Definition)
	if enum == nil {
		return // its declaration is a problem already
	}
	for _, v := range roles {
		if v.Kind != ast.EnumValue || enum.EnumValues.ForName(v.Raw) == nil {
			c.add(d.Position, "%s: unknown role %s: name a value of %s", at, v, enum.Name)
		}
	}
}
