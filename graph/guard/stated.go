package guard

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// stated looks at what the directives of an object, an interface or one of their fields say.
func (c *checker) stated(at string, ds ast.DirectiveList) {
	said := readStatement(ds)
	if said.public && len(said.rules) > 0 {
		c.add(ds.ForName(publicDirective).Position, "%s: @public beside %s: take one away", at, listed(said.rules))
	}
	for _, d := range ds {
		c.statedRule(at, d)
	}
}

// supplied looks at what the directives of an argument or an input field say.
func (c *checker) supplied(at, element string, ds ast.DirectiveList) {
	for _, d := range ds {
		switch d.Name {
		case publicDirective, signsInDirective, recentSignInDirective:
			c.misplaced(at, element, ast.DirectiveList{d})
			continue
		case hasRoleDirective:
			if readHasRole(d).orOwner {
				c.add(d.Position, "%s: orOwner on %s, which has no owner: take orOwner away", at, element)
			}
		}
		c.statedRule(at, d)
	}
}

// statedRule looks at a rule that nobody could pass, or that does not say what was meant.
func (c *checker) statedRule(at string, d *ast.Directive) {
	switch d.Name {
	case hasRoleDirective:
		c.statedRoles(at, d)
	case requiresScopesDirective:
		c.statedScopes(at, d)
	case recentSignInDirective:
		c.statedWithin(at, d)
	case hasClaimDirective:
		c.statedClaim(at, d)
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
	enum := c.book.roles(d.Definition)
	if enum == nil {
		return // its declaration is a problem already
	}
	for _, v := range roles {
		if v.Kind != ast.EnumValue || enum.EnumValues.ForName(v.Raw) == nil {
			c.add(d.Position, "%s: unknown role %s: name a value of %s", at, v, enum.Name)
		}
	}
}

func (c *checker) statedScopes(at string, d *ast.Directive) {
	lists := elements(argument(d, scopesArgument))
	if len(lists) == 0 {
		c.add(d.Position, "%s: @requiresScopes names no scopes: name some, or write @authenticated", at)
	}
	for _, list := range lists {
		all := elements(list)
		if len(all) == 0 {
			c.add(d.Position, "%s: @requiresScopes has an empty list, which every token would hold: take the list away", at)
		}
		for _, v := range all {
			if !isScope(text(v)) {
				c.add(d.Position, "%s: %s is no scope: write one in quotes, without a space (RFC 6749, section 3.3)", at, v)
			}
		}
	}
}

func (c *checker) statedWithin(at string, d *ast.Directive) {
	v := argument(d, withinArgument)
	if _, ok := parseDuration(text(v)); !ok {
		c.add(d.Position, "%s: within is %s: write an ISO 8601 duration without years or months, such as \"PT15M\"", at, v)
	}
}

func (c *checker) statedClaim(at string, d *ast.Directive) {
	name := argument(d, nameArgument)
	switch {
	case !isPath(text(name)):
		c.add(d.Position, "%s: @hasClaim of %s, which is no claim's name: write one in quotes, such as \"org.tier\"", at, name)
	case slices.Contains(uncompared(), text(name)):
		c.add(d.Position, "%s: @hasClaim of %s, which is a time or a counter: name another claim", at, name)
	}
	values := elements(argument(d, inArgument))
	if len(values) == 0 {
		c.add(d.Position, "%s: @hasClaim names no value: name one", at)
	}
	for _, v := range values {
		if !isText(v) {
			c.add(d.Position, "%s: @hasClaim with the value %s: write it in quotes", at, v)
		}
	}
}
