// Package web serves HTTP: the routes, the GraphQL transport and its limits, the page, and health.
// It knows no field of the schema and no store: it is handed an executable schema, and what stands around it.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/web/graphiql"
)

// Config is what the server stands on.
type Config struct {
	Verifier auth.Verifier
	// Watch is asked about the token of each open socket and stream four times a second, so it answers from memory. It is
	// the Verifier where it is nil.
	Watch auth.Verifier
	// Streams are the sockets and streams that are open. It may be nil where nobody drains them.
	Streams *Streams
	Cookies Cookies
	// AllowedOrigins are those of the pages elsewhere that may ask: https://app.example.com, exactly as a browser says it.
	AllowedOrigins []string
	// TrustedProxies are the networks of the proxies whose X-Forwarded-For says where a request comes from.
	TrustedProxies []netip.Prefix
	GraphQL        GraphQL
	// Issuer is this server's public address: what is published links to it, and never to what a request calls it.
	Issuer string
	// KeySet is the JWK Set with which others verify this server's tokens.
	KeySet func() ([]byte, error)
	// GraphiQL turns the page at / on.
	GraphiQL bool
	// Ready says whether requests can be answered: it asks the database.
	Ready func(context.Context) error
	Log   *slog.Logger
}

// New makes the handler of all routes.
func New(c Config) (http.Handler, error) {
	pages, err := newOrigins(c.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	who := callers{verifier: logged(c.Verifier, c.Log), cookies: c.Cookies, origins: pages}
	endpoint, err := newEndpoint(c, who)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", pages.share(who.identify(endpoint)))
	if c.GraphQL.Introspection && c.GraphQL.SDL != nil {
		mux.Handle("GET /schema.graphqls", who.identify(schemaText(c.GraphQL.SDL)))
	}
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", ready(c.Ready, c.Log))
	if err := mountWellKnown(mux, c.Issuer, c.KeySet, c.Log); err != nil {
		return nil, err
	}
	if c.GraphiQL {
		page := graphiql.Handler()
		mux.Handle(graphiql.PagePattern, page)
		mux.Handle(graphiql.AssetsPattern, page)
	}
	from := &proxies{trusted: c.TrustedProxies, log: c.Log}
	return identified(observed(pages.protect(mux), c.Log), from, strings.HasPrefix(c.Issuer, "https:")), nil
}

// verifier logs why a token was refused, which its bearer is not told.
type verifier struct {
	auth.Verifier
	log *slog.Logger
}

func logged(v auth.Verifier, log *slog.Logger) auth.Verifier { return verifier{v, log} }

// Verify asks the verifier.
func (v verifier) Verify(ctx context.Context, token string) (auth.Claims, error) {
	claims, err := v.Verifier.Verify(ctx, token)
	if err != nil {
		v.log.DebugContext(ctx, "token refused", "requestId", auth.RequestIDFrom(ctx), "err", err)
	}
	return claims, err
}
