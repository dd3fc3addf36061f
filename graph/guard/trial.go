package guard

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// trial is another schema whose rules are tried beside those in force.
type trial struct {
	schema *ast.Schema
	book   *book // the schema in force, with the rules of the other one
	report func(ctx context.Context, coordinate string, code auth.Code)
	plans  *plans
}

// Trial decides each operation that runs by the rules of another schema too, without effect, and reports each coordinate
// for which the caller would be told of a denial and is not today, once for an operation and before it runs. Only what
// claims decide beforehand is tried: what depends on whose an object is or of which type, and what stands below a @signsIn
// field, counts as not denied. What the other schema lacks is not decided: see Differences.
//
// Nothing that happens in a trial disturbs the operation. Where it panics, it reports no coordinate and auth.Internal.
// The operation waits for report, which is called for many at once.
func Trial(schema *ast.Schema, report func(ctx context.Context, coordinate string, code auth.Code)) Option {
	return func(g *Guard) { g.trial = &trial{schema: schema, report: report, plans: newPlans()} }
}

// tryOut decides an operation by the trial's rules. today is its plan by those in force.
func (g *Guard) tryOut(ctx context.Context, oc *graphql.OperationContext, today *plan, c auth.Caller, at time.Time) {
	defer func() {
		if recover() != nil {
			defer func() { _ = recover() }() // report itself may be what is broken
			g.trial.report(ctx, "", auth.Internal)
		}
	}()
	p := g.kept(g.trial.plans, oc, g.makeTrialPlan)
	if p.openAtFirst(c, at, oc.Variables) {
		return
	}
	w := &trialWalk{
		today: g.book.stand(c, at), tried: g.trial.book.stand(c, at), held: p.held(oc.Variables), variables: oc.Variables,
		visited: make([]bool, p.nodes), listed: map[string]bool{}, query: oc.Operation.Operation == ast.Query,
	}
	if len(today.refusals(oc.Operation.Operation, w.today, w.held, oc.Variables)) > 0 {
		return // nothing of it runs today
	}
	w.plan(p)
	for _, d := range w.news {
		g.trial.report(ctx, d.coordinate, d.cause().Code)
	}
}

func (g *Guard) makeTrialPlan(doc *ast.QueryDocument, op *ast.OperationDefinition) *plan {
	p := g.planner(doc)
	p.book, p.today, p.whole = g.trial.book, g.book, true
	return p.make(op)
}

// trialWalk finds what the trial's rules deny, and those in force do not, of what is reached today.
type trialWalk struct {
	today, tried *standing
	held         values
	variables    map[string]any
	visited      []bool
	listed       map[string]bool
	query        bool
	news         []denial
}

func (w *trialWalk) plan(p *plan) {
	root := &touch{spots: []spot{{coordinate: p.root.name, lock: p.root.lock}}}
	if !w.deny(root) || !w.query {
		w.node(p.body)
	}
}

// node goes on below a place that a mutation is refused for, since the caller is told of all, and not below a null.
func (w *trialWalk) node(n *node) {
	if w.visited[n.id] {
		return
	}
	w.visited[n.id] = true
	for _, s := range n.steps {
		if t := s.touch; t != nil && (t.below || w.hidden(t) || w.deny(t) && w.query) {
			continue
		}
		if s.to != nil && included(s.when, w.variables) {
			w.node(s.to)
		}
	}
}

// hidden reports whether what the touch leads to is not reached today.
func (w *trialWalk) hidden(t *touch) bool { return len(w.today.denials(t.today, w.held, t.at)) > 0 }

// deny reports whether the trial's rules deny the touch, and lists for which coordinates.
func (w *trialWalk) deny(t *touch) bool {
	denials := w.tried.denials(t.spots, w.held, t.at)
	for _, d := range denials {
		if !w.listed[d.coordinate] && !w.deniedToday(t, d.coordinate) {
			w.listed[d.coordinate] = true
			w.news = append(w.news, d)
		}
	}
	return len(denials) > 0
}

// deniedToday reports whether one of the types that a touch could be of is denied today, where others are not.
func (w *trialWalk) deniedToday(t *touch, coordinate string) bool {
	for _, s := range t.today {
		for _, d := range w.today.spot(s, w.held, t.at) {
			if d.coordinate == coordinate {
				return true
			}
		}
	}
	return false
}
