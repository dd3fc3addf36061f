// Package document turns the text of a request into a document that may run: it parses it, holds it against the limits,
// validates it, and keeps what is good, so that a text is read once. It knows persisted documents too, and, where only
// those of a manifest may run, refuses all others. What may run is then for the guard to decide, however it came.
package document

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/fieldward/fieldward/auth"
)

// Settings are what documents are held against.
type Settings struct {
	Limits Limits
	// Rules are those of validation; GraphQL's where it is nil.
	Rules func() *rules.Rules
	// Trusted are the documents of a manifest, by the names that clients call them by.
	Trusted map[string]string
	// TrustedOnly refuses all others.
	TrustedOnly bool
}

// Documents are those of one schema.
type Documents struct {
	schema    *ast.Schema
	settings  Settings
	kept      *kept
	persisted *persisted
	trusted   trusted
}

// Request is what a client sends of a document: its text, or what it is called by.
type Request struct {
	Query string
	// ID is a name of the document (GraphQL over HTTP, appendix A).
	ID         string
	Extensions map[string]any
}

// Document may run, once the guard agrees.
type Document struct {
	Text string
	*ast.QueryDocument
}

// New reads the manifest's documents: each that may not run is an error.
func New(schema *ast.Schema, s Settings) (*Documents, error) {
	d := &Documents{schema: schema, settings: s, kept: newKept(), persisted: newPersisted()}
	var err error
	d.trusted, err = d.trust(s.Trusted)
	return d, err
}

// Find is the document that a request asks for. What is refused is told in the words of GraphQL, with a code of
// settings.md. Text is that of what was refused, as far as it is known.
func (d *Documents) Find(ctx context.Context, r Request) (doc Document, errs gqlerror.List) {
	hash, refused := r.hash()
	if refused != nil {
		return Document{Text: r.Query}, refusedFor(refused)
	}
	switch {
	case r.Query == "":
		return d.named(ctx, r, hash)
	case d.settings.TrustedOnly:
		return d.trusted.byText(r.Query)
	case hash != "" && !d.trusted.is(hash, r.Query) && !strings.EqualFold(hash, hashOf(r.Query)):
		return Document{Text: r.Query}, refusedFor(auth.Invalid("extensions.persistedQuery.sha256Hash", "It is not the SHA-256 of the query."))
	}
	read, errs := d.Read(ctx, r.Query)
	if errs == nil && hash != "" && !HoldsSecret(read) {
		d.persisted.set(r.Query)
	}
	return Document{r.Query, read}, errs
}

// named finds a document that is not sent.
func (d *Documents) named(ctx context.Context, r Request, hash string) (Document, gqlerror.List) {
	name := hash
	if name == "" {
		name = r.ID
	}
	if name == "" {
		return Document{}, refusedFor(auth.Invalid("query", "There is no query."))
	}
	if doc, found := d.trusted.find(name); found {
		return doc, nil
	}
	text, found := d.persisted.get(name)
	if !found {
		return Document{}, refusedFor(&auth.Error{Code: auth.PersistedQueryNotFound, Message: notFound})
	}
	read, errs := d.Read(ctx, text)
	return Document{text, read}, errs
}

// Read parses and validates a text, or finds what came of it before. Validation ends when ctx does; what it has found by
// then is of no use to anyone.
func (d *Documents) Read(ctx context.Context, text string) (*ast.QueryDocument, gqlerror.List) {
	if doc, found := d.kept.get(text); found {
		return doc, nil
	}
	limits := d.settings.Limits
	if len(text) > limits.QueryLength {
		return nil, refusedFor(beyond("queryLength", "The query is longer than %d bytes.", limits.QueryLength))
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return nil, notParsed(err, limits)
	}
	if len(doc.Operations) == 0 {
		none := gqlerror.Errorf("no operation provided")
		errcode.Set(none, errcode.ValidationFailed)
		return nil, gqlerror.List{none}
	}
	if over := limits.check(doc, d.schema); over != nil {
		return nil, refusedFor(over)
	}
	if errs := d.validate(ctx, doc); len(errs) > 0 {
		return nil, errs
	}
	if !HoldsSecret(doc) {
		d.kept.set(text, doc)
	}
	return doc, nil
}

func notParsed(err error, l Limits) gqlerror.List {
	syntax, known := errors.AsType[*gqlerror.Error](err)
	if !known {
		syntax = gqlerror.Errorf("the query cannot be read")
	}
	if strings.HasPrefix(syntax.Message, "exceeded token limit") {
		return refusedFor(beyond("tokens", "The query has more than %d tokens.", l.Tokens))
	}
	errcode.Set(syntax, errcode.ParseFailed)
	return gqlerror.List{syntax}
}

func (d *Documents) validate(ctx context.Context, doc *ast.QueryDocument) (errs gqlerror.List) {
	all := rules.NewDefaultRules()
	if d.settings.Rules != nil {
		all = d.settings.Rules()
	}
	all.AddRule("Abandoned", abandoned(ctx))
	defer func() {
		switch panicked := recover(); panicked {
		case nil:
		case errAbandoned:
			errs = refusedFor(auth.Busy(0))
		default:
			panic(panicked)
		}
	}()
	errs = validator.ValidateWithRules(d.schema, doc, all)
	for _, err := range errs {
		errcode.Set(err, errcode.ValidationFailed)
	}
	return errs
}

// errAbandoned unwinds the validator, which takes no context.
var errAbandoned = errors.New("nobody waits for this any more")

// abandoned is a rule that finds nothing, and stops the walk through a document that nobody waits for.
func abandoned(ctx context.Context) validator.RuleFunc {
	return func(on *validator.Events, _ validator.AddErrFunc) {
		on.OnField(func(*validator.Walker, *ast.Field) {
			if ctx.Err() != nil {
				panic(errAbandoned)
			}
		})
	}
}

func refusedFor(known *auth.Error) gqlerror.List {
	return gqlerror.List{{Message: known.Message, Extensions: known.Extensions()}}
}

func beyond(limit, format string, bound int) *auth.Error {
	return &auth.Error{Code: auth.LimitExceeded, Limit: limit, Message: fmt.Sprintf(format, bound)}
}

type contextKey struct{}

// With puts the document into the context, where Prepared finds it.
func With(ctx context.Context, doc Document) context.Context {
	return context.WithValue(ctx, contextKey{}, doc.QueryDocument)
}

// Prepared is the executor's cache of documents: it has the one of the request, which was read before, and keeps none.
type Prepared struct{}

var _ graphql.Cache[*ast.QueryDocument] = Prepared{}

// Get is the document of the context.
func (Prepared) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, found := ctx.Value(contextKey{}).(*ast.QueryDocument)
	return doc, found && doc != nil
}

// Add keeps nothing.
func (Prepared) Add(context.Context, string, *ast.QueryDocument) {}
