package guard

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// The directives that the guard enforces, and their arguments.
const (
	publicDirective        = "public"
	authenticatedDirective = "authenticated"
	hasRoleDirective       = "hasRole"
	signsInDirective       = "signsIn"

	roleArgument    = "role"
	orOwnerArgument = "orOwner"
)

// Directives are the names of the directives that the guard enforces. gqlgen must not run them itself: each is
// skip_runtime in its configuration, which guardgen sees to.
func Directives() []string {
	return []string{publicDirective, authenticatedDirective, hasRoleDirective, signsInDirective}
}

// arguments are those that the guard reads of a directive.
func arguments(directive string) []string {
	if directive == hasRoleDirective {
		return []string{roleArgument, orOwnerArgument}
	}
	return nil
}

// unenforced are access directives by their common names. A schema that uses one believes itself guarded by it.
func unenforced() []string { return []string{"requiresScopes", "recentSignIn", "hasClaim"} }

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
		r := &hasRole{at: d.Position}
		for _, v := range elements(argument(d, roleArgument)) {
			r.roles = append(r.roles, auth.Role(v.Raw))
		}
		slices.Sort(r.roles)
		if v := argument(d, orOwnerArgument); v != nil {
			r.orOwner = v.Kind == ast.BooleanValue && v.Raw == "true"
		}
		return r
	default:
		return nil
	}
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
