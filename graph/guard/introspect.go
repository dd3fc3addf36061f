package guard

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
)

// The fields that the type of queries has from GraphQL itself (section 4).
const (
	schemaField = "__schema"
	typeField   = "__type"
)

func introspects(field string) bool { return field == schemaField || field == typeField }

// introspect answers what is asked of the schema from the view of who asks here: below a @signsIn field, of whom it has
// signed in. The server goes first, since it may have introspection switched off. What lies deeper goes on in the view.
func (r *run) introspect(ctx context.Context, fc *graphql.FieldContext, resolve graphql.Resolver) (any, error) {
	res, err := resolve(ctx)
	if err != nil || !introspects(fc.Field.Name) {
		return res, err
	}
	schema := r.guard.views.Of(r.asked(ctx).caller).schema
	if fc.Field.Name == schemaField {
		return introspection.WrapSchema(schema), nil
	}
	name, _ := fc.Args["name"].(string)
	return introspection.WrapTypeFromDef(schema, schema.Types[name]), nil
}
