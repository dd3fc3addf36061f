// Package testserver is a gqlgen server with a schema of its own, on which the guard is tried. It records which of its
// resolvers ran. The caller is whoever the X-Caller header names, with what follows the name: roles, scopes to which the
// token is limited, claims of an object, and how long before Noon the sign-in was: "ada CLERK scope:all org.tier=gold
// ago:20m". The name "?" stands for a token that does not verify.
package testserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

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
		Directives: generated.DirectiveRoot{
			Cached: func(context.Context, any, graphql.Resolver) (any, error) {
				calls.Add("@cached")
				return new(42), nil
			},
			Exists: func(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
				id, err := next(ctx)
				if err == nil && id != auth.ID("one") {
					return nil, fmt.Errorf("there is no file %v", id)
				}
				return id, err
			},
		},
	})
}

// Handler serves the schema behind a guard, or without one where it is nil.
func Handler(schema graphql.ExecutableSchema, g *guard.Guard) http.Handler {
	return identify(server(schema, g))
}

// HandlerAs serves the schema to one caller, whatever the header says.
func HandlerAs(schema graphql.ExecutableSchema, g *guard.Guard, c auth.Caller) http.Handler {
	h := server(schema, g)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(auth.WithCaller(r.Context(), c)))
	})
}

func server(schema graphql.ExecutableSchema, g *guard.Guard) *handler.Server {
	h := handler.New(schema)
	h.AddTransport(transport.Websocket{})
	h.AddTransport(transport.SSE{})
	h.AddTransport(transport.MultipartMixed{})
	h.AddTransport(transport.GET{})
	h.AddTransport(transport.POST{})
	h.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	h.Use(extension.Introspection{})
	h.SetValidationRulesFn(guard.Rules)
	if g != nil {
		h.Use(g)
		h.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	}
	return h
}

// Noon is when it is, where no other clock is given.
func Noon() time.Time { return time.Date(2027, time.January, 31, 12, 0, 0, 0, time.UTC) }

// Guard is the guard of the schema as it stands, at Noon; signOut runs for whose token does not verify.
func Guard(schema graphql.ExecutableSchema) (*guard.Guard, error) {
	return GuardBy(schema, Noon)
}

// GuardBy is the same guard with a clock.
func GuardBy(schema graphql.ExecutableSchema, now func() time.Time) (*guard.Guard, error) {
	return guard.New(schema.Schema(), generated.Objects, now, guard.WithoutIdentity("Mutation.signOut"))
}

// Caller reads the caller from what X-Caller holds.
func Caller(header string) auth.Caller {
	name, roles, _ := strings.Cut(header, " ")
	switch name {
	case "":
		return auth.Nobody
	case "?":
		return auth.Caller{Refused: fmt.Errorf("token of %s does not verify", roles)}
	case "!":
		return auth.Caller{Refused: fmt.Errorf("ask about the token of %s: %w", roles, auth.Busy(time.Second))}
	}
	claims := &auth.Claims{Subject: auth.ID(name), Extra: map[string]any{}}
	for word := range strings.FieldsSeq(roles) {
		claim(claims, word)
	}
	return auth.Caller{Claims: claims}
}

func claim(c *auth.Claims, word string) {
	if scope, ok := strings.CutPrefix(word, "scope:"); ok {
		c.Scopes = append(c.Scopes, scope)
		return
	}
	if ago, ok := strings.CutPrefix(word, "ago:"); ok {
		if d, err := time.ParseDuration(ago); err == nil {
			c.AuthTime = new(Noon().Add(-d))
		}
		return
	}
	if path, value, ok := strings.Cut(word, "="); ok {
		of, name, _ := strings.Cut(path, ".")
		c.Extra[of] = map[string]any{name: value}
		return
	}
	c.Roles = append(c.Roles, auth.Role(word))
}

func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.WithCaller(r.Context(), Caller(r.Header.Get("X-Caller")))))
	})
}
