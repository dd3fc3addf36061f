package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/generated"
	"github.com/fieldward/fieldward/graph/guard"
)

// Schema is the schema as it is, for who needs no resolver. It is shared: nobody may change it.
func Schema() *ast.Schema {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	delete(schema.Directives, "defer") // see New
	return schema
}

// SDL is the schema as text: what a caller who has the roles is shown or, where none is named, all of it. A role that the
// schema does not have is auth.InvalidInput, which names those that it has.
func SDL(roles []string, rules bool) (string, error) {
	views := guard.NewViews(Schema())
	if len(roles) == 0 {
		return views.Whole().SDL(rules), nil
	}
	held := &auth.Claims{}
	for _, name := range roles {
		i := slices.IndexFunc(views.Roles(), func(r auth.Role) bool { return strings.EqualFold(string(r), name) })
		if i < 0 {
			return "", auth.Invalid("role", fmt.Sprintf("There is no role %s. There are %s.", name, listed(views.Roles())))
		}
		held.Roles = append(held.Roles, views.Roles()[i])
	}
	return views.Of(auth.Caller{Claims: held}).SDL(rules), nil
}

func listed(roles []auth.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// ruleField is where the API tells the rules. Who may read them there may read them in the schema's text.
const ruleField = "FieldPermission.rule"

// SDLFor is the schema as text, as far as it is open to the caller.
func SDLFor(g *guard.Guard) func(auth.Caller) string {
	return func(c auth.Caller) string {
		view := g.View(c)
		return view.SDL(view.Shows(ruleField))
	}
}
