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
	size      int     // how much of the document and the schema it has taken in
	locks     []*lock // all that decide something, each once
	variables []variable
	supplies  map[supplyKey]supply
	timed     bool // a verdict of a subscription passes with time
	signsIn   bool // a field answers to whom it signs in: there the claims are known only once it has run
	rootTyped bool // a guarded field answers Query or Mutation, past gqlgen's field middleware
	anyhow    bool // runs for a caller whose token does not verify, with no identity
	probed    *probed

	introspects bool // what it answers of the schema depends on who asks
}

// node is a sequence of steps, in the order of the document.
type node struct {
	id    int
	steps []step
}

// step is what a selection touches, or another node where it goes on; in a whole plan both.
type step struct {
	touch *touch
	to    *node
	when  ast.DirectiveList // the @skip and @include that stand before to
}

// touch is one field, or what it answers, on each type that the object may be of. Claims deny it before anything runs
// where they deny every one of the spots, but those on objects that they hide: to these it does not come.
type touch struct {
	at    *ast.Position
	spots []spot
	today []spot // the same by the rules in force, in the plan of a trial
	below bool   // a @signsIn field, in a whole plan: whose the claims are is known only once it has run
}

// spot is a coordinate with its lock: "User.email", or "User" for the object itself.
type spot struct {
	coordinate string
	lock       *lock
	supply     supply // of a field, what its arguments supply; nil where none of it has a rule
	object     *lock  // of the object that the field stands on
}

func (s spot) open() bool { return s.lock == nil && s.supply == nil }

// weight bounds the plans that are kept: the size of the query text that the plan's key holds in memory, and its own.
func (p *plan) weight(op *ast.OperationDefinition) uint32 {
	const perNode, perStep, perText = 512, 64, 16 // bytes, about: a parsed document is larger than its text
	w := perNode*(p.nodes+2) + perStep*p.size
	if op.Position != nil && op.Position.Src != nil {
		w += perText * len(op.Position.Src.Input)
	}
	if p.probed != nil {
		w *= 2
	}
	return uint32(min(w, maxPlansWeight)) //nolint:gosec // bounded
}

// refusals are what an operation is refused for as a whole, before anything of it runs: a mutation or a subscription for
// all that claims deny, a query for its root type alone.
func (p *plan) refusals(of ast.Operation, s *standing, held values, variables map[string]any) []denial {
	if of != ast.Query {
		return p.denied(s, held, variables)
	}
	if v := s.of(p.root.lock); v.denied() {
		return []denial{{p.root.name, v, nil}}
	}
	return nil
}

// denied lists the touches that a caller's claims deny, of those that the variables do not leave out: each coordinate
// once, in the order of the document.
func (p *plan) denied(s *standing, held values, variables map[string]any) []denial {
	return p.walk(s, held, variables).denials
}

func (p *plan) walk(s *standing, held values, variables map[string]any) *walk {
	w := &walk{standing: s, held: held, variables: variables, visited: make([]bool, p.nodes), listed: map[string]bool{}}
	w.touch(&touch{spots: []spot{{coordinate: p.root.name, lock: p.root.lock}}})
	w.node(p.body)
	return w
}

type walk struct {
	standing  *standing
	held      values
	variables map[string]any
	visited   []bool
	listed    map[string]bool
	denials   []denial
	steps     int // so far
}

func (w *walk) node(n *node) {
	if w.visited[n.id] {
		return
	}
	w.visited[n.id] = true
	for _, s := range n.steps {
		w.steps++
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
		w.steps += 1 + len(s.supply)
	}
	for _, d := range w.standing.denials(t.spots, w.held, t.at) {
		if !w.listed[d.coordinate] {
			w.listed[d.coordinate] = true
			w.denials = append(w.denials, d)
		}
	}
}

// denials are those of a touch: none where one of its spots is open, on an object that is not hidden.
func (s *standing) denials(spots []spot, held values, at *ast.Position) []denial {
	var all []denial
	for _, one := range spots {
		denials := s.spot(one, held, at)
		if len(denials) == 0 && !s.of(one.object).denied() {
			return nil
		}
		all = append(all, denials...)
	}
	return all
}

// spot is what claims deny in one place: the field, and what its arguments supply.
func (s *standing) spot(one spot, held values, at *ast.Position) []denial {
	var all []denial
	if v := s.of(one.lock); v.denied() {
		all = append(all, denial{one.coordinate, v, at})
	}
	for in := range one.supply.inlets(held) {
		if v := s.of(in.lock); v.denied() {
			all = append(all, denial{in.coordinate, v, at})
		}
	}
	return all
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
	if _, open := v.(anything); open {
		return d.Name == "skip", true
	}
	is, sure = v.(bool)
	return is, sure
}
