package guard

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// run decides, while one operation runs, what its claims alone could not decide, and keeps out what they denied. An
// operation that is open as a whole has none.
type run struct {
	guard    *Guard
	plan     *plan
	standing *standing // of who asks the operation; of a subscription, as it began
	held     values
	stream   string // the name under which a subscription answers; empty for other operations
	streamed *field // that of the subscription

	found atomic.Bool // a probe has been answered

	mu    sync.Mutex
	first map[string]ast.Path // the earliest path of each denial so far
	by    *standing           // of who listens, once they have brought other claims than those at the beginning
}

type runKey struct{}

func runFrom(ctx context.Context) *run {
	r, _ := ctx.Value(runKey{}).(*run)
	return r
}

// install puts the run around every field of the operation, and around those of nested root types.
func (r *run) install(ctx context.Context, oc *graphql.OperationContext) context.Context {
	r.first = map[string]ast.Path{}
	if oc.Operation.Operation == ast.Subscription {
		for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{r.plan.root.name}) {
			r.stream = f.Alias
			r.streamed = r.plan.root.fields[f.Name]
		}
		r.standing.now = r.guard.now
	}
	fields := oc.ResolverMiddleware
	oc.ResolverMiddleware = func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		return r.field(ctx, func(ctx context.Context) (any, error) { return fields(ctx, resolve) })
	}
	if r.plan.rootTyped {
		roots := oc.RootResolverMiddleware
		oc.RootResolverMiddleware = func(ctx context.Context, resolve graphql.RootResolver) graphql.Marshaler {
			return r.rootField(ctx, func(ctx context.Context) graphql.Marshaler { return roots(ctx, resolve) })
		}
		oc.Doc, oc.Operation = r.plan.probed.doc, r.plan.probed.op
	}
	return context.WithValue(ctx, runKey{}, r)
}

// asked is the standing of who asks here: below a @signsIn field, of whom it signed in; on an event, of who listens by then.
func (r *run) asked(ctx context.Context) *standing {
	if r.stream != "" {
		return r.listening(ctx)
	}
	if r.plan.signsIn {
		if s, ok := ctx.Value(signingInKey{}).(*signingIn); ok {
			return s.standing
		}
	}
	return r.standing
}

// field runs a field's resolver unless the field, or every object that it could answer, is denied.
func (r *run) field(ctx context.Context, resolve graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	f := r.guard.book.field(fc.Object, fc.Field.Name)
	if f == nil {
		return r.introspect(ctx, fc, resolve)
	}
	if d, denied := r.deny(fc, f, r.asked(ctx)); denied {
		r.report(ctx, fc, d, nil)
		return f.null(), nil
	}
	if f.signsIn {
		ctx = r.guard.withSignIn(ctx, r.asked(ctx))
	}
	res, err := resolve(ctx)
	if err != nil || f.answers == nil || !f.answers.guarded {
		return res, err
	}
	return r.answered(ctx, fc, f, res), nil
}

// deny decides all that is known of a field before it is resolved: of what is denied, the gravest is told.
func (r *run) deny(fc *graphql.FieldContext, f *field, s *standing) (denial, bool) {
	v := s.of(f.lock)
	if v.asksOwner() && !r.ownsParent(fc, s) {
		v = forbidden
	}
	d := denial{f.coordinate, v, fc.Field.Position}
	if !v.denied() {
		d.verdict = allowed
	}
	for in := range r.plan.supplyOf(f, fc.Field.Arguments).inlets(r.held) {
		d = d.orGraver(in.coordinate, s.of(in.lock))
	}
	if a := f.answers; a != nil && !a.abstract && a.depth == 0 && !f.signsIn && len(a.objects) == 1 {
		d = d.orGraver(a.name, s.of(a.objects[0].lock))
	}
	return d, d.verdict.denied()
}

// orGraver is the denial of another place of the same field where that is graver.
func (d denial) orGraver(coordinate string, v verdict) denial {
	if v.denied() && v.graver(d.verdict) {
		d.coordinate, d.verdict = coordinate, v
	}
	return d
}

// ownsParent reports whether the field stands on an object of the caller's own. The events of a subscription have no
// parent, so nothing is anybody's own there.
func (r *run) ownsParent(fc *graphql.FieldContext, s *standing) bool {
	return fc.Parent != nil && r.guard.objects.Owners.owns(fc.Object, fc.Parent.Result, s.caller)
}

// rootField stands before the fields of a root type. Where another field answers that type, its own denial has not
// been decided yet: gqlgen runs no middleware on it. Each of its fields then makes it null.
func (r *run) rootField(ctx context.Context, resolve graphql.RootResolver) graphql.Marshaler {
	asking := graphql.GetRootFieldContext(ctx).Field
	parent := graphql.GetFieldContext(ctx).Parent
	if parent != nil && parent.Field.Field != nil && r.deniedAt(ctx, parent) {
		return nulling(asking)
	}
	if r.plan.probed.holds(asking.Field) {
		r.found.Store(true)
		return found()
	}
	return resolve(ctx)
}

// nulling is the value of a field that makes gqlgen answer null for the whole object.
func nulling(f graphql.CollectedField) graphql.Marshaler {
	if f.Definition.Type.NonNull {
		return graphql.Null
	}
	return graphql.RequiredNull
}

// deniedHere reports a denial for the field that ctx stands at, if there is one: its arguments are parsed before any
// middleware runs.
func (r *run) deniedHere(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	return fc != nil && fc.Field.Field != nil && r.deniedAt(ctx, fc)
}

func (r *run) deniedAt(ctx context.Context, fc *graphql.FieldContext) bool {
	f := r.guard.book.field(fc.Object, fc.Field.Name)
	if f == nil {
		return false
	}
	d, denied := r.deny(fc, f, r.asked(ctx))
	if denied {
		r.report(ctx, fc, d, nil)
	}
	return denied
}

// begin forgets what was reported of the event before, since each event of a subscription has its own errors.
func (r *run) begin() {
	if r.stream != "" {
		r.mu.Lock()
		clear(r.first)
		r.mu.Unlock()
	}
}

// report adds the error of a denial at the field, or at an element below it, unless an earlier one is there already.
func (r *run) report(ctx context.Context, fc *graphql.FieldContext, d denial, element ast.Path) {
	path := append(fc.Path(), element...)
	if r.stream != "" && len(path) > 0 {
		path = append(ast.Path{ast.PathName(r.stream)}, path...) // gqlgen does not know it below an event
	}
	key := reportKey(fc, path, d.coordinate)
	r.mu.Lock()
	have, reported := r.first[key]
	news := !reported || before(path, have)
	if news {
		r.first[key] = path
	}
	r.mu.Unlock()
	if news {
		graphql.AddError(ctx, d.shown(key, path))
	}
}

// reportKey is the same for all elements of a list: the path without its indexes, and the coordinate. A deferred
// payload has errors of its own, so the place from which it was deferred is told apart.
func reportKey(fc *graphql.FieldContext, path ast.Path, coordinate string) string {
	var k strings.Builder
	for _, e := range path {
		if name, ok := e.(ast.PathName); ok {
			k.WriteString(string(name) + ".")
		}
	}
	k.WriteString(" " + coordinate)
	for it := fc; it != nil; it = it.Parent {
		if it.Field.Field != nil && it.Field.IsDeferred() {
			k.WriteString(" deferred " + it.Parent.Path().String())
			break
		}
	}
	return k.String()
}
