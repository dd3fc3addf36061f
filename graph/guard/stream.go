package guard

import (
	"context"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// listening is the standing of who listens to a subscription: they may have brought other claims since it began
// (auth.WithLiveCaller).
func (r *run) listening(ctx context.Context) *standing {
	caller := auth.CallerFrom(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.standing
	if r.by != nil {
		last = r.by
	}
	if caller.Claims == last.caller.Claims {
		return last
	}
	r.by = r.guard.book.stand(caller, r.guard.now())
	r.by.now = r.guard.now
	return r.by
}

// outlived is what a subscription would be refused for if it began with the claims of who listens by now.
func (r *run) outlived(ctx context.Context, s *standing) gqlerror.List {
	if s == r.standing {
		return nil
	}
	return r.refused(graphql.GetOperationContext(ctx), s)
}

// lapsed decides on an event what passes with time and stands above it, past gqlgen's middleware: the subscription's
// own rules, and those of the type that it answers. Each was open when the subscription began.
func (r *run) lapsed(s *standing) (denial, bool) {
	if r.streamed == nil || !r.plan.timed {
		return denial{}, false
	}
	root, f := r.plan.root, r.streamed
	d := denial{coordinate: root.name}.orGraver(root.name, s.of(root.lock))
	d = d.orGraver(f.coordinate, s.of(f.lock))
	if f.answers != nil && len(f.answers.objects) == 1 {
		d = d.orGraver(f.answers.objects[0].name, s.of(f.answers.objects[0].lock))
	}
	return d, d.verdict.denied()
}

// withhold answers null in the place of an event.
func (r *run) withhold(event *graphql.Response, d denial) {
	event.Data = []byte("null")
	if !r.streamed.def.Type.NonNull && len(event.Path) == 0 {
		event.Data = []byte("{" + strconv.Quote(r.stream) + ":null}") // its name in GraphQL needs no escape in JSON
	}
	event.Errors = gqlerror.List{d.shown("", ast.Path{ast.PathName(r.stream)})}
}
