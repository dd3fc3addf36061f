// Package graph answers the schema: it reads who asks from the context, makes one call of the domain, and wraps what
// comes back. It decides nothing, since the guard has, and stores nothing.
package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/graph/generated"
	"github.com/fieldward/fieldward/graph/guard"
)

// Resolver is the root of the resolvers. They stand in one file a topic.
type Resolver struct {
	accounts *account.Manager
	sessions *session.Manager
	cursors  cursors
}

var _ generated.ResolverRoot = (*Resolver)(nil)

// NewResolver makes the resolvers. The cursor key is what cursors are signed with.
func NewResolver(accounts *account.Manager, sessions *session.Manager, cursorKey []byte) *Resolver {
	return &Resolver{accounts: accounts, sessions: sessions, cursors: cursors{cursorKey}}
}

// Schema is the schema with its resolvers, and without its guard.
func Schema(r *Resolver) graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{Resolvers: r})
}

// Guard is the guard of the schema. It fails with every problem that the rules have.
func Guard(es graphql.ExecutableSchema) (*guard.Guard, error) {
	return guard.New(es.Schema(), generated.Objects, guard.WithoutIdentity("Mutation.signOut"))
}

type (
	query         struct{ *Resolver }
	mutation      struct{ *Resolver }
	sessionFields struct{ *Resolver }
)

// Query resolves what can be read.
func (r *Resolver) Query() generated.QueryResolver { return query{r} }

// Mutation resolves what can be done.
func (r *Resolver) Mutation() generated.MutationResolver { return mutation{r} }

// Session resolves the fields of a session that it does not hold itself.
func (r *Resolver) Session() generated.SessionResolver { return sessionFields{r} }
