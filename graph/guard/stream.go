package guard

import (
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// lapsed decides on an event what passes with time and stands above it, past gqlgen's middleware: the subscription's
// own rules, and those of the type that it answers. Each was open when the subscription began.
func (r *run) lapsed() (denial, bool) {
	if r.streamed == nil || !r.plan.timed {
		return denial{}, false
	}
	root, f := r.plan.root, r.streamed
	d := denial{coordinate: root.name}.orGraver(root.name, r.standing.of(root.lock))
	d = d.orGraver(f.coordinate, r.standing.of(f.lock))
	if f.answers != nil && len(f.answers.objects) == 1 {
		d = d.orGraver(f.answers.objects[0].name, r.standing.of(f.answers.objects[0].lock))
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
