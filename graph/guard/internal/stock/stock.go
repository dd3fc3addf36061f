// Package stock is a gqlgen server whose rules are gqlgen's own run-time directives, written as gqlgen's documentation
// shows. It has a part of the test server's schema and records which of its resolvers and directives ran, so that what
// they leave open can be seen beside the guard.
package stock

import (
	"context"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/stock/generated"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// Schema is the executable schema. Each resolver, and each directive, records itself in calls.
func Schema(calls *testserver.Calls) graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{Resolvers: &resolvers{calls}, Directives: directives(calls)})
}

var errDenied = errors.New("access denied")

func directives(calls *testserver.Calls) generated.DirectiveRoot {
	hasRole := func(ctx context.Context, _ any, next graphql.Resolver, roles []auth.Role) (any, error) {
		calls.Add("@hasRole")
		if !auth.CallerFrom(ctx).HasRole(roles...) {
			return nil, errDenied
		}
		return next(ctx)
	}
	return generated.DirectiveRoot{
		HasRole:    hasRole,
		HasRoleToo: hasRole,
		Authenticated: func(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
			calls.Add("@authenticated")
			if !auth.CallerFrom(ctx).Authenticated() {
				return nil, errDenied
			}
			return next(ctx)
		},
		Cached: func(context.Context, any, graphql.Resolver) (any, error) {
			calls.Add("@cached")
			return new(42), nil
		},
		Exists: func(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
			calls.Add("@exists")
			id, err := next(ctx)
			if err == nil && id != auth.ID("one") {
				return nil, fmt.Errorf("there is no file %v", id)
			}
			return id, err
		},
	}
}
