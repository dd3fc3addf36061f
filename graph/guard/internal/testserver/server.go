// Package testserver is a gqlgen server with a schema of its own, on which the guard is tried. It records which of its
// resolvers ran. The caller is whoever the X-Caller header names, with the roles that follow the name: "ada CLERK"; the
// name "?" stands for a token that does not verify.
package testserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver/generated"
)

// Calls are the resolvers that ran, by coordinate.
type Calls struct {
	mu  sync.Mutex
	ran []string
}

// Add records a call. A nil Calls records none.
func (c *Calls) Add(coordinate string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ran = append(c.ran, coordinate)
}

// Take returns the calls so far, sorted, each coordinate once, and forgets them.
func (c *Calls) Take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ran := c.ran
	c.ran = nil
	slices.Sort(ran)
	return slices.Compact(ran)
}

// Schema is the executable schema, whose resolvers record themselves in calls.
func Schema(calls *Calls) graphql.ExecutableSchema {
	return SchemaOf(calls, nil)
}

// SchemaOf is the same with other rules: those of the given schema, which has the same types and fields.
func SchemaOf(calls *Calls, schema *ast.Schema) graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{
		Schema:    schema,
		Resolvers: &resolvers{calls},
		Directives: generated.DirectiveRoot{Cached: func(context.Context, any, graphql.Resolver) (any, error) {
			calls.Add("@cached")
			salary := 42
			return &salary, nil
		}},
	})
}

// Handler serves the schema behind a guard, or without one where it is nil.
func Handler(schema graphql.ExecutableSchema, g *guard.Guard) http.Handler {
	return identify(server(schema, g))
}

func server(schema graphql.ExecutableSchema, g *guard.Guard) *handler.Server {
	h := handler.New(schema)
	h.AddTransport(transport.SSE{})
	h.AddTransport(transport.MultipartMixed{})
	h.AddTransport(transport.POST{})
	h.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	h.Use(extension.Introspection{})
	if g != nil {
		h.Use(g)
		h.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	}
	return h
}

// Guard is the guard of the schema as it stands; signOut runs for whose token does not verify.
func Guard(schema graphql.ExecutableSchema) (*guard.Guard, error) {
	return guard.New(schema.Schema(), generated.Objects, guard.WithoutIdentity("Mutation.signOut"))
}

// Caller reads the caller from what X-Caller holds.
func Caller(header string) auth.Caller {
	name, roles, _ := strings.Cut(header, " ")
	switch name {
	case "":
		return auth.Nobody
	case "?":
		return auth.Caller{Refused: fmt.Errorf("token of %s does not verify", roles)}
	}
	claims := &auth.Claims{Subject: auth.ID(name)}
	for role := range strings.FieldsSeq(roles) {
		claims.Roles = append(claims.Roles, auth.Role(role))
	}
	return auth.Caller{Claims: claims}
}

func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.WithCaller(r.Context(), Caller(r.Header.Get("X-Caller")))))
	})
}
