package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// plan is what an operation touches, whoever asks it. It belongs to the operation as it was parsed.
//
// Its nodes are the bodies of the operation, of its fragments on each set of types that an object may have there, and
// of all that stands behind @skip and @include. A body is planned once however often it is spread, so the work is
// linear in the document.
type plan struct {
	root      *object
	body      *node
	nodes     int
	locks     []*lock // all that decide something, each once
	signsIn   bool    // a field answers to whom it signs in: there the claims are known only once it has run
	rootTyped bool    // a guarded field answers Query or Mutation, past gqlgen's field middleware
	anyhow    bool    // runs for a caller whose token does not verify, with no identity
	renamed   *renamed
}

// node is a sequence of steps, in the order of the document.
type node struct {
	id    int
	steps []step
}

// step is what a selection touches, or another node where it goes on.
type step struct {
	touch *touch
	to    *node
	when  ast.DirectiveList // the @skip and @include that stand before to
}

// touch is one field, or what it answers, on each type that the object may be of. Claims deny it before anything runs
// where they deny every one of the spots.
type touch struct {
	at    *ast.Position
	spots []spot
}

// spot is a coordinate with its lock: "User.email", or "User" for the object itself.
type spot struct {
	coordinate string
	lock       *lock
}

// weight bounds the plans that are kept: the size of the query text that the plan's key holds in memory, and its own.
func (p *plan) weight(op *ast.OperationDefinition) uint32 {
	const perNode, perText = 512, 16 // bytes, about: a parsed document is larger than its text
	w := perNode * (p.nodes + 2)
	if op.Position != nil && op.Position.Src != nil {
		w += perText * len(op.Position.Src.Input)
	}
	return uint32(min(w, maxPlansWeight)) //nolint:gosec // bounded
}

// denied lists the touches that a caller's claims deny, of those that the variables do not leave out: each coordinate
// once, in the order of the document.
func (p *plan) denied(s *standing, variables map[string]any) []denial {
	w := walk{standing: s, variables: variables, visited: make([]bool, p.nodes), listed: map[string]bool{}}
	w.touch(&touch{spots: []spot{{p.root.name, p.root.lock}}})
	w.node(p.body)
	return w.denials
}

type walk struct {
	standing  *standing
	variables map[string]any
	visited   []bool
	listed    map[string]bool
	denials   []denial
}

func (w *walk) node(n *node) {
	if w.visited[n.id] {
		return
	}
	w.visited[n.id] = true
	for _, s := range n.steps {
		switch {
		case s.touch != nil:
			w.touch(s.touch)
		case included(s.when, w.variables):
			w.node(s.to)
		}
	}
}

func (w *walk) touch(t *touch) {
	for _, s := range t.spots {
		if !w.standing.of(s.lock).denied() {
			return
		}
	}
	for _, s := range t.spots {
		if !w.listed[s.coordinate] {
			w.listed[s.coordinate] = true
			w.denials = append(w.denials, denial{coordinate: s.coordinate, verdict: w.standing.of(s.lock), at: t.at})
		}
	}
}

// included is what gqlgen makes of @skip and @include. A condition that cannot be told counts as included.
func included(when ast.DirectiveList, variables map[string]any) bool {
	skip, sure := condition(when.ForName("skip"), variables)
	if sure && skip {
		return false
	}
	include, sure := condition(when.ForName("include"), variables)
	return !sure || include
}

func condition(d *ast.Directive, variables map[string]any) (is, sure bool) {
	if d == nil {
		return false, false
	}
	a := d.Arguments.ForName("if")
	if a == nil {
		return false, false
	}
	v, err := a.Value.Value(variables)
	if err != nil {
		return false, false
	}
	is, sure = v.(bool)
	return is, sure
}
