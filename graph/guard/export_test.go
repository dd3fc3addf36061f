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
