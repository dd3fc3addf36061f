package guard

import (
	"context"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// signingIn is below a @signsIn field: whose the claims are from there on.
type signingIn struct {
	book     *book
	now      func() time.Time
	become   func(auth.Caller)
	standing *standing
}

type signingInKey struct{}

// SignIn makes c the caller of all that stands below the @signsIn field whose resolver calls it, before it returns.
// The operation's other fields are still asked by whom they were asked before. In any other resolver it does nothing:
// nobody becomes someone where the schema does not say so.
func SignIn(ctx context.Context, c auth.Caller) {
	if s, ok := ctx.Value(signingInKey{}).(*signingIn); ok {
		s.become(c)
		s.standing = s.book.stand(c, s.now())
	}
}

// withSignIn gives the fields below a caller of their own, at first the same.
func (g *Guard) withSignIn(ctx context.Context, s *standing) context.Context {
	ctx, become := auth.WithChangingCaller(ctx)
	return context.WithValue(ctx, signingInKey{}, &signingIn{book: g.book, now: g.now, become: become, standing: s})
}
