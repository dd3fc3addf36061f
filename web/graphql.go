package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/web/document"
)

// maxTime is how long an operation may take. What it waits for then ends, and the caller is told to come back.
const maxTime = 20 * time.Second

// GraphQL is an executable schema, and what stands around it.
type GraphQL struct {
	Schema graphql.ExecutableSchema
	// Extensions stand around each operation, the first outermost.
	Extensions []graphql.HandlerExtension
	Present    graphql.ErrorPresenterFunc
	Recover    graphql.RecoverFunc
	// Introspection lets clients ask for the schema.
	Introspection bool
	// Documents say what may be asked.
	Documents document.Settings
	// MaxBody is the most that is read of a request's body, or of a message of a socket, in bytes.
	MaxBody int64
	// Sockets bound what a socket may do; DefaultSockets do where it is empty.
	Sockets Sockets
	// SDL is the schema as text, as far as it is open to the caller. It is answered where introspection is.
	SDL func(auth.Caller) string
}

// endpoint answers GraphQL over HTTP: POST with application/json, and GET for queries; the same as streams of events, and
// over sockets.
type endpoint struct {
	exec      *executor.Executor
	documents *document.Documents
	maxBody   int64
	sockets   Sockets
	streams   *Streams
	who       callers
	watch     auth.Verifier
	log       *slog.Logger
}

func newEndpoint(c Config, who callers) (*endpoint, error) {
	g := c.GraphQL
	exec := executor.New(g.Schema)
	exec.SetQueryCache(document.Prepared{})
	exec.SetErrorPresenter(g.Present)
	exec.SetRecoverFunc(g.Recover)
	for _, x := range append([]graphql.HandlerExtension{introspection(g.Introspection)}, g.Extensions...) {
		if err := x.Validate(g.Schema); err != nil {
			return nil, fmt.Errorf("use %s: %w", x.ExtensionName(), err)
		}
		exec.Use(x)
	}
	documents, err := document.New(g.Schema.Schema(), g.Documents)
	if err != nil {
		return nil, fmt.Errorf("read the documents of the manifest:\n%w", err)
	}
	e := &endpoint{
		exec: exec, documents: documents, maxBody: g.MaxBody, sockets: g.Sockets, streams: c.Streams, who: who, watch: who.verifier,
		log: c.Log,
	}
	if c.Watch != nil {
		e.watch = logged(c.Watch, c.Log)
	}
	if e.streams == nil {
		e.streams = NewStreams()
	}
	if e.sockets == (Sockets{}) {
		e.sockets = DefaultSockets()
	}
	return e, nil
}

// nothing is what a browser may load or run that opens an answer as a page.
const nothing = "default-src 'none'; frame-ancestors 'none'"

// enclose keeps an answer from being kept, or shown as a page.
func enclose(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", nothing)
	h.Add("Vary", "Accept")
}

// ServeHTTP answers one request.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	enclose(w.Header())
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET, POST")
		writeError(w, r, http.StatusMethodNotAllowed, auth.Invalid("", "GraphQL is asked by POST, and queries by GET too."))
		return
	}
	if isUpgrade(r) {
		e.socket(w, r)
		return
	}
	switch media, ok := accepted(r); {
	case !ok:
		writeError(w, r, http.StatusNotAcceptable,
			auth.Invalid("", "The answer is application/graphql-response+json, application/json or text/event-stream."))
		return
	case media == eventStream:
		e.events(w, r)
		return
	}
	asked, refused := e.read(w, r)
	if refused != nil {
		writeError(w, r, refused.status, refused.err)
		return
	}
	ctx, cancel := context.WithTimeout(graphql.StartOperationTrace(r.Context()), maxTime)
	defer cancel()
	op, errs := e.operation(ctx, asked)
	if errs != nil {
		e.answer(w, r, e.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs))
		return
	}
	if r.Method == http.MethodGet && op.Operation.Operation != ast.Query {
		w.Header().Set("Allow", "POST")
		writeError(w, r, http.StatusMethodNotAllowed, auth.Invalid("", "By GET only queries are answered."))
		return
	}
	if op.Operation.Operation == ast.Subscription {
		writeError(w, r, http.StatusBadRequest, auth.Invalid("query", "A subscription is answered as text/event-stream, and over sockets."))
		return
	}
	responses, ctx := e.exec.DispatchOperation(ctx, op)
	resp := responses(ctx)
	if resp == nil && r.Context().Err() == nil {
		writeError(w, r, status(r, auth.Unavailable), late(op.Operation.Operation))
		return
	}
	e.answer(w, r, resp)
}

// late is what is told where the time was up: what a mutation had begun may be done all the same.
func late(o ast.Operation) *auth.Error {
	if o == ast.Mutation {
		return auth.Unsure(time.Second)
	}
	return auth.Busy(time.Second)
}

// operation finds the document, and makes an operation of it. Where errs are not nil it is what was refused.
func (e *endpoint) operation(ctx context.Context, asked *request) (_ *graphql.OperationContext, errs gqlerror.List) {
	doc, errs := e.documents.Find(ctx, document.Request{Query: asked.Query, ID: asked.documentID, Extensions: asked.Extensions})
	asked.Query = doc.Text
	if errs != nil {
		return &graphql.OperationContext{RawQuery: doc.Text, OperationName: asked.OperationName}, errs
	}
	return e.exec.CreateOperationContext(document.With(ctx, doc), &asked.RawParams)
}

func (e *endpoint) answer(w http.ResponseWriter, r *http.Request, resp *graphql.Response) {
	if resp == nil {
		return // the client has gone
	}
	if err := writeResponse(w, r, resp); err != nil && !errors.Is(err, context.Canceled) {
		e.log.DebugContext(r.Context(), "answer not written", "requestId", auth.RequestIDFrom(r.Context()), "err", err)
	}
}

// introspection switches __schema and __type on or off.
type introspection bool

// ExtensionName names it.
func (introspection) ExtensionName() string { return "Introspection" }

// Validate has nothing to check.
func (introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext is asked once for each operation.
func (on introspection) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	op.DisableIntrospection = !bool(on)
	return nil
}
