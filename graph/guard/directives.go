package guard

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// The directives that the guard enforces, and their arguments.
const (
	publicDirective         = "public"
	authenticatedDirective  = "authenticated"
	hasRoleDirective        = "hasRole"
	requiresScopesDirective = "requiresScopes"
	recentSignInDirective   = "recentSignIn"
	hasClaimDirective       = "hasClaim"
	signsInDirective        = "signsIn"

	roleArgument    = "role"
	orOwnerArgument = "orOwner"
	scopesArgument  = "scopes"
	withinArgument  = "within"
	nameArgument    = "name"
	inArgument      = "in"
)

// Directives are the names of the directives that the guard enforces. gqlgen must not run them itself: each is
// skip_runtime in its configuration, which guardgen sees to.
func Directives() []string {
	return []string{
		publicDirective, authenticatedDirective, hasRoleDirective, requiresScopesDirective, recentSignInDirective,
		hasClaimDirective, signsInDirective,
	}
}

// arguments are those that the guard reads of a directive.
func arguments(directive string) []string {
	switch directive {
	case hasRoleDirective:
		return []string{roleArgument, orOwnerArgument}
	case requiresScopesDirective:
		return []string{scopesArgument}
	case recentSignInDirective:
		return []string{withinArgument}
	case hasClaimDirective:
		return []string{nameArgument, inArgument}
	default:
		return nil
	}
}

// statement is what the directives of one element of the schema say.
type statement struct {
	rules  []rule
	public bool
}

func readStatement(ds ast.DirectiveList) statement {
	var s statement
	for _, d := range ds {
		if d.Name == publicDirective {
			s.public = true
		}
		if r := readRule(d); r != nil {
			s.rules = append(s.rules, r)
		}
	}
	return s
}

// readRule is nil for a directive that is no rule.
func readRule(d *ast.Directive) rule {
	switch d.Name {
	case authenticatedDirective:
		return authenticated{}
	case hasRoleDirective:
		return readHasRole(d)
	case requiresScopesDirective:
		r := &requiresScopes{}
		for _, all := range elements(argument(d, scopesArgument)) {
			r.anyOf = append(r.anyOf, texts(elements(all)))
		}
		return r
	case recentSignInDirective:
		within, _ := parseDuration(text(argument(d, withinArgument))) // a malformed one is a problem, and never passes
		return &recentSignIn{within: within, text: text(argument(d, withinArgument))}
	case hasClaimDirective:
		r := &hasClaim{name: text(argument(d, nameArgument)), in: texts(elements(argument(d, inArgument)))}
		slices.Sort(r.in)
		return r
	default:
		return nil
	}
}

func readHasRole(d *ast.Directive) *hasRole {
	r := &hasRole{at: d.Position}
	for _, v := range elements(argument(d, roleArgument)) {
		r.roles = append(r.roles, auth.Role(v.Raw))
	}
	slices.Sort(r.roles)
	if v := argument(d, orOwnerArgument); v != nil {
		r.orOwner = v.Kind == ast.BooleanValue && v.Raw == "true"
	}
	return r
}

// isText reports whether the value is written in quotes.
func isText(v *ast.Value) bool {
	return v != nil && (v.Kind == ast.StringValue || v.Kind == ast.BlockValue)
}

func text(v *ast.Value) string {
	if !isText(v) {
		return ""
	}
	return v.Raw
}

func texts(vs []*ast.Value) []string {
	all := make([]string, len(vs))
	for i, v := range vs {
		all[i] = text(v)
	}
	return all
}

// argument is the value as written, else the default, else nil.
func argument(d *ast.Directive, name string) *ast.Value {
	if a := d.Arguments.ForName(name); a != nil {
		return a.Value
	}
	if d.Definition == nil {
		return nil
	}
	if def := d.Definition.Arguments.ForName(name); def != nil {
		return def.DefaultValue
	}
	return nil
}

// elements are those of a list. A single value stands for a list of one (GraphQL, section 3.11), and gqlparser leaves
// it as it was written.
func elements(v *ast.Value) []*ast.Value {
	if v == nil || v.Kind == ast.NullValue {
		return nil
	}
	if v.Kind != ast.ListValue {
		return []*ast.Value{v}
	}
	all := make([]*ast.Value, len(v.Children))
	for i, c := range v.Children {
		all[i] = c.Value
	}
	return all
}
