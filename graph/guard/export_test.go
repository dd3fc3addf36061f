package guard

import (
	"context"

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

// Kept is the weight of the views that are kept, and its bound.
func (s *Views) Kept() (weight, bound uint64) {
	s.kept.CleanUp()
	return s.kept.WeightedSize(), s.kept.GetMaximum()
}
