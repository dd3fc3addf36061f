// Package graph answers the schema: it reads who asks from the context, makes one call of the domain, and wraps what
// comes back. It decides nothing, since the guard has, and stores nothing.
package graph

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/graph/generated"
	"github.com/fieldward/fieldward/graph/guard"
)

// Resolver is the root of the resolvers. They stand in one file a topic.
type Resolver struct {
	accounts    *account.Manager
	sessions    *session.Manager
	journal     *journal.Journal
	keys        *keyring.Keyring
	feed        *journal.Feed
	cursors     cursors
	permissions func(auth.Caller) []guard.Permission
}

var _ generated.ResolverRoot = (*Resolver)(nil)

// Domain is what the resolvers ask.
type Domain struct {
	Accounts *account.Manager
	Sessions *session.Manager
	Journal  *journal.Journal
	Keys     *keyring.Keyring
	// Feed tells what happens from now on.
	Feed *journal.Feed
	// CursorKey is what cursors are signed with.
	CursorKey []byte
}

// New makes the executable schema and its guard. It fails with every problem that the rules have.
func New(
	d Domain, now func() time.Time, options ...guard.Option,
) (graphql.ExecutableSchema, *guard.Guard, error) {
	r := &Resolver{
		accounts: d.Accounts, sessions: d.Sessions, journal: d.Journal, keys: d.Keys, feed: d.Feed,
		cursors: cursors{d.CursorKey},
	}
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: r})
	delete(schema.Schema().Directives, "defer") // gqlgen brings it, and answers here are written in one piece
	options = append(options, guard.WithoutIdentity("Mutation.signOut"))
	g, err := guard.New(schema.Schema(), generated.Objects, now, options...)
	if err != nil {
		return nil, nil, err
	}
	r.permissions = g.Permissions
	return schema, g, nil
}

type (
	query         struct{ *Resolver }
	mutation      struct{ *Resolver }
	subscription  struct{ *Resolver }
	userFields    struct{ *Resolver }
	sessionFields struct{ *Resolver }
)

// Query resolves what can be read.
func (r *Resolver) Query() generated.QueryResolver { return query{r} }

// Mutation resolves what can be done.
func (r *Resolver) Mutation() generated.MutationResolver { return mutation{r} }

// Subscription resolves what can be followed.
func (r *Resolver) Subscription() generated.SubscriptionResolver { return subscription{r} }

// User resolves the fields of a user that it does not hold itself.
func (r *Resolver) User() generated.UserResolver { return userFields{r} }

// Session resolves the fields of a session that it does not hold itself.
func (r *Resolver) Session() generated.SessionResolver { return sessionFields{r} }
