// Package guard decides who may see a field of a GraphQL server that gqlgen generates, by the directives of its schema:
// @public, @authenticated, @hasRole, @requiresScopes, @recentSignIn, @hasClaim and @signsIn. What claims alone can decide
// is decided once for an operation, before its first resolver runs; what depends on whose an object is, on the object.
// A rule on an argument or an input field holds where the client supplies a value for it.
//
// Nothing is open because someone forgot: New refuses a schema with an undecided field, with a directive where it is
// not enforced, or with a denial that has no place for its null.
//
// It knows gqlgen and the words of package auth, and no schema in particular. It verifies no tokens, resolves nothing,
// and says to nobody which role would have done.
package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// Guard is an extension of gqlgen's handler: handler.Use(guard). Its Present wraps the handler's error presenter.
type Guard struct {
	book            *book
	views           *Views
	objects         Objects
	withoutIdentity map[string]bool
	fleeting        func(*ast.QueryDocument) bool
	plans           *plans
	now             func() time.Time
	claimsOnly      bool // it has no objects, and stands before no executor
	trial           *trial
}

var (
	_ graphql.HandlerExtension     = (*Guard)(nil)
	_ graphql.OperationInterceptor = (*Guard)(nil)
	_ graphql.ResponseInterceptor  = (*Guard)(nil)
)

// Option is a setting of New.
type Option func(*Guard)

// WithoutIdentity names root fields, by their coordinates ("Mutation.signOut"), that run for a caller whose token does
// not verify: as for a caller who presented none. The fields that are @public @signsIn do so anyway. An operation with
// any other root field is refused as a whole.
func WithoutIdentity(coordinates ...string) Option {
	return func(g *Guard) {
		for _, c := range coordinates {
			g.withoutIdentity[c] = true
		}
	}
}

// WithoutPlansFor tells documents that are to be kept nowhere, such as those that hold a secret: a plan refers to its
// document, so theirs are made anew for each request.
func WithoutPlansFor(fleeting func(doc *ast.QueryDocument) bool) Option {
	return func(g *Guard) { g.fleeting = fleeting }
}

// maxPlansWeight bounds the memory that plans and the documents they belong to take, in bytes, about.
const maxPlansWeight = 32 << 20

// New reads the rules of the executable schema, and fails with every problem that it has, each with its place. objects
// is what guardgen has written beside the executor; now tells how long ago a sign-in was.
func New(schema *ast.Schema, objects Objects, now func() time.Time, options ...Option) (*Guard, error) {
	g := unchecked(schema, objects, now, options)
	problems := check(g.book, func(typeName string) bool { return objects.Owners[typeName] != nil })
	problems = slices.Concat(problems, objects.Types.untold(g.book), g.unknownRootFields())
	return g.checked(problems, func(typeName string) bool {
		return g.book.objects[typeName] == nil || objects.Owners[typeName] != nil // what is not generated yet has no owner here
	})
}

// NewWithoutObjects is New for a guard that only says what claims make of an operation: for rule tests, and for tools that
// have a schema and no executor. It refuses to stand before one, and does not check who owns what.
func NewWithoutObjects(schema *ast.Schema, now func() time.Time, options ...Option) (*Guard, error) {
	g := unchecked(schema, Objects{}, now, options)
	g.claimsOnly = true
	return g.checked(slices.Concat(check(g.book, nil), g.unknownRootFields()), nil)
}

func unchecked(schema *ast.Schema, objects Objects, now func() time.Time, options []Option) *Guard {
	b := readBook(schema)
	g := &Guard{
		book: b, views: newViews(b), objects: objects, withoutIdentity: map[string]bool{}, now: now,
		plans: newPlans(),
	}
	for _, o := range options {
		o(g)
	}
	return g
}

func (g *Guard) checked(problems Problems, owned func(typeName string) bool) (*Guard, error) {
	var errs []error
	if err := problems.sorted().Err(); err != nil {
		errs = append(errs, fmt.Errorf("hold the schema against the guard:\n%w", err))
	}
	if g.trial != nil {
		if err := Check(g.trial.schema, owned).Err(); err != nil {
			errs = append(errs, fmt.Errorf("hold the trial schema against the guard:\n%w", err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if g.trial != nil {
		g.trial.book = readBook(graft(g.book.schema, g.trial.schema))
	}
	return g, nil
}

func (g *Guard) unknownRootFields() Problems {
	var ps Problems
	for c := range g.withoutIdentity {
		known := false
		for _, o := range g.book.objects {
			for _, f := range o.fields {
				known = known || f.coordinate == c && g.book.isRoot(o.def)
			}
		}
		if !known {
			ps.add(nil, "WithoutIdentity: there is no root field %s", c)
		}
	}
	return ps
}

// ExtensionName is the extension's name in gqlgen.
func (*Guard) ExtensionName() string { return "Guard" }

// Validate refuses an executor of another schema than the one whose rules were read.
func (g *Guard) Validate(schema graphql.ExecutableSchema) error {
	if g.claimsOnly {
		return errors.New("the guard was made without objects: make the one that stands before an executor by New")
	}
	if schema.Schema() != g.book.schema {
		return errors.New("the guard was made for another schema: hand New the Schema() of this executor")
	}
	return nil
}

// InterceptOperation decides what the caller's claims decide, before the first resolver runs. An operation that is
// open as a whole goes on as if there were no guard, but a subscription: that is decided anew on each event.
func (g *Guard) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	p := g.planOf(oc)
	caller := auth.CallerFrom(ctx)
	if caller.Refused != nil {
		if unknown := caller.Unknown(); unknown != nil {
			return refusal(unidentified(unknown))
		}
		if !p.anyhow {
			return refusal(unidentified(auth.ErrInvalidToken))
		}
		caller = auth.Nobody
		ctx = auth.WithCaller(ctx, caller)
	}
	at := g.now()
	if g.trial != nil {
		g.tryOut(ctx, oc, p, caller, at)
	}
	if oc.Operation.Operation != ast.Subscription && p.openTo(caller, at, oc.Variables) {
		return next(ctx)
	}
	r := &run{guard: g, plan: p, standing: g.book.stand(caller, at), held: p.held(oc.Variables)}
	return r.narrow(ctx, oc, next)
}

// plans are kept by the parsed operation itself: gqlgen's cache hands out one for each text.
type plans = otter.Cache[*ast.OperationDefinition, *plan]

func newPlans() *plans {
	return otter.Must(&otter.Options[*ast.OperationDefinition, *plan]{
		MaximumWeight: maxPlansWeight,
		Weigher:       func(op *ast.OperationDefinition, p *plan) uint32 { return p.weight(op) },
	})
}

func (g *Guard) planOf(oc *graphql.OperationContext) *plan { return g.kept(g.plans, oc, g.makePlan) }

// kept is the plan that is kept, or a new one.
func (g *Guard) kept(
	in *plans, oc *graphql.OperationContext, plan func(*ast.QueryDocument, *ast.OperationDefinition) *plan,
) *plan {
	if p, ok := in.GetIfPresent(oc.Operation); ok {
		return p
	}
	p := plan(oc.Doc, oc.Operation)
	if g.fleeting == nil || !g.fleeting(oc.Doc) {
		in.Set(oc.Operation, p)
	}
	return p
}

// openTo reports whether claims alone open everything that the operation could touch, from its beginning to its end.
func (p *plan) openTo(c auth.Caller, at time.Time, variables map[string]any) bool {
	return !p.signsIn && !p.timed && !p.introspects && p.openAtFirst(c, at, variables)
}

// openAtFirst is openTo for what is decided beforehand.
func (p *plan) openAtFirst(c auth.Caller, at time.Time, variables map[string]any) bool {
	for _, l := range p.locks {
		if l.decide(c, at) != allowed {
			return false
		}
	}
	for _, v := range p.variables {
		if !v.openTo(c, at, variables) {
			return false
		}
	}
	return true
}

// narrow refuses a mutation or subscription of which claims deny anything, and lets the rest run with what is denied
// kept out.
func (r *run) narrow(ctx context.Context, oc *graphql.OperationContext, next graphql.OperationHandler) graphql.ResponseHandler {
	errs := r.refused(oc, r.standing)
	switch {
	case len(errs) == 0:
		return next(r.install(ctx, oc))
	case oc.Operation.Operation == ast.Query:
		return graphql.OneShot(&graphql.Response{Errors: errs, Data: []byte("null")})
	default:
		return refusal(errs...)
	}
}

func (r *run) refused(oc *graphql.OperationContext, s *standing) gqlerror.List {
	var errs gqlerror.List
	for _, d := range r.plan.refusals(oc.Operation.Operation, s, r.held, oc.Variables) {
		errs = append(errs, d.shown("", nil))
	}
	return errs
}
