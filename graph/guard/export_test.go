package guard

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
)

// PlansKept is how many plans the guard keeps.
func (g *Guard) PlansKept() int {
	g.plans.CleanUp()
	return g.plans.EstimatedSize()
}

// WithSignIn is the context that SignIn finds below a @signsIn field.
func (g *Guard) WithSignIn(ctx context.Context) context.Context {
	return g.withSignIn(ctx, g.book.stand(auth.CallerFrom(ctx), g.now()))
}

// Forget drops the views that are kept.
func (s *Views) Forget() { s.kept.InvalidateAll() }

// Kept is the weight of the views that are kept, and its bound.
func (s *Views) Kept() (weight, bound uint64) {
	s.kept.CleanUp()
	return s.kept.WeightedSize(), s.kept.GetMaximum()
}

// Work counts the steps that it takes to plan an operation, to look through its variables, and to list what a caller
// is denied of it.
func (g *Guard) Work(oc *graphql.OperationContext, c auth.Caller) (planned, looked, walked int) {
	p := g.makePlan(oc.Doc, oc.Operation)
	for _, v := range p.variables {
		looked++
		v.meet(oc.Variables, func(*inlet) { looked++ })
	}
	return p.size, looked, p.walk(g.book.stand(c, g.now()), p.held(oc.Variables), oc.Variables).steps
}

// Refused are the coordinates that claims deny before anything of the operation runs.
func (g *Guard) Refused(oc *graphql.OperationContext, c auth.Caller) []string {
	p := g.planOf(oc)
	var all []string
	for _, d := range p.denied(g.book.stand(c, g.now()), p.held(oc.Variables), oc.Variables) {
		all = append(all, d.coordinate)
	}
	return all
}
