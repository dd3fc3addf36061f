package guard

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// planner makes the plan of one operation.
type planner struct {
	book    *book
	doc     *ast.QueryDocument
	anyhow  map[string]bool // the root fields that run for a caller whose token does not verify
	plan    *plan
	bodies  map[string]*node // of fragments, by name and scope
	used    map[*lock]bool
	asked   map[variable]bool
	today   *book // in the plan of a trial: the rules in force
	whole   bool  // every touch is planned, open ones too and those below @signsIn, each in a node of what it leads to
	refused bool  // a root field does not run for a caller whose token does not verify
	rooted  bool  // there is a root field
}

// scope is where a selection stands.
type scope struct {
	types []*object // of which the object there may be, by name
	below bool      // a @signsIn field: nothing is decided beforehand
	top   bool      // in the operation itself
}

func (s scope) key(fragment string) string {
	var k strings.Builder
	k.WriteString(fragment)
	for _, t := range s.types {
		k.WriteString(" " + t.name)
	}
	if s.below {
		k.WriteString(" below")
	}
	if s.top {
		k.WriteString(" top")
	}
	return k.String()
}

func (g *Guard) makePlan(doc *ast.QueryDocument, op *ast.OperationDefinition) *plan {
	return g.planner(doc).make(op)
}

func (g *Guard) planner(doc *ast.QueryDocument) *planner {
	return &planner{
		book: g.book, doc: doc, anyhow: g.withoutIdentity, plan: &plan{supplies: map[supplyKey]supply{}},
		bodies: map[string]*node{}, used: map[*lock]bool{}, asked: map[variable]bool{},
	}
}

func (p *planner) make(op *ast.OperationDefinition) *plan {
	root := p.book.root(op.Operation)
	p.plan.root = root
	p.plan.body = p.node()
	p.use(root.lock)
	p.selections(p.plan.body, op.SelectionSet, scope{types: []*object{root}, top: true})
	p.plan.anyhow = p.rooted && !p.refused
	p.plan.timed = op.Operation == ast.Subscription && slices.ContainsFunc(p.plan.locks, func(l *lock) bool { return l.timed })
	if p.plan.rootTyped && !p.whole {
		p.plan.probed = probe(p.book, p.doc, op)
	}
	return p.plan
}

func (p *planner) node() *node {
	n := &node{id: p.plan.nodes}
	p.plan.nodes++
	return n
}

func (p *planner) use(l *lock) {
	if l != nil && !p.used[l] {
		p.used[l] = true
		p.plan.locks = append(p.plan.locks, l)
	}
}

func (p *planner) selections(n *node, set ast.SelectionSet, in scope) {
	if len(in.types) == 0 {
		return // no object can be here
	}
	for _, s := range set {
		p.plan.size += 1 + len(in.types)
		switch s := s.(type) {
		case *ast.Field:
			p.field(p.branch(n, s.Directives), s, in)
		case *ast.InlineFragment:
			p.selections(p.branch(n, s.Directives), s.SelectionSet, p.narrow(in, s.TypeCondition))
		case *ast.FragmentSpread:
			if to := p.fragment(s, in); to != nil {
				b := p.branch(n, s.Directives)
				b.steps = append(b.steps, step{to: to})
			}
		}
	}
}

// branch is n itself, or a node behind the selection's @skip and @include.
func (p *planner) branch(n *node, ds ast.DirectiveList) *node {
	if ds.ForName("skip") == nil && ds.ForName("include") == nil {
		return n
	}
	to := p.node()
	n.steps = append(n.steps, step{to: to, when: ds})
	return to
}

// narrow leaves the types that the fragment's condition allows: what stands on Node within a User is on User alone.
func (p *planner) narrow(in scope, condition string) scope {
	if condition == "" {
		return in
	}
	allowed := p.book.possible[condition]
	in.types = slices.DeleteFunc(slices.Clone(in.types), func(o *object) bool { return !slices.Contains(allowed, o) })
	return in
}

// fragment is the body of a fragment in this scope, nil where no object can be.
func (p *planner) fragment(s *ast.FragmentSpread, in scope) *node {
	def := s.Definition
	if def == nil {
		def = p.doc.Fragments.ForName(s.Name)
	}
	if def == nil {
		return nil
	}
	in = p.narrow(in, def.TypeCondition)
	if len(in.types) == 0 {
		return nil
	}
	key := in.key(s.Name)
	if n := p.bodies[key]; n != nil {
		return n
	}
	n := p.node()
	p.bodies[key] = n // before it is filled: a fragment that spreads itself ends here
	p.selections(n, def.SelectionSet, in)
	return n
}

func (p *planner) field(n *node, f *ast.Field, in scope) {
	if in.top {
		p.rootField(f, in.types[0])
	}
	if strings.HasPrefix(f.Name, "__") {
		p.plan.introspects = p.plan.introspects || introspects(f.Name)
		return
	}
	at := &touch{at: f.Position}
	var objects []*object
	inside := scope{below: in.below}
	for _, o := range in.types {
		x := o.fields[f.Name]
		if x == nil {
			continue // validation does not let it come to this
		}
		s := spot{x.coordinate, x.lock, p.supply(x, f.Arguments), o.lock}
		at.spots = append(at.spots, s)
		if p.today != nil {
			t := p.today.field(o.name, f.Name)
			at.today = append(at.today, spot{t.coordinate, t.lock, p.supply(t, f.Arguments), p.today.objects[o.name].lock})
		}
		inside.below = inside.below || x.signsIn
		if x.answers != nil {
			objects = append(objects, x.answers.objects...)
			p.plan.rootTyped = p.plan.rootTyped || x.answers.root && (!s.open() || x.answers.guarded)
		}
	}
	p.plan.signsIn = p.plan.signsIn || inside.below
	n = p.touch(n, at, in.below)
	if len(objects) == 0 {
		return
	}
	inside.types = distinct(objects)
	n = p.touch(n, p.answered(f, inside.types), inside.below)
	p.selections(n, f.SelectionSet, inside)
}

// rootField notes whether the operation runs for a caller whose token does not verify. __typename alone says nothing.
func (p *planner) rootField(f *ast.Field, root *object) {
	if f.Name == "__typename" {
		return
	}
	p.rooted = true
	x := root.fields[f.Name]
	open := x != nil && (p.anyhow[x.coordinate] || x.signsIn && x.lock == nil && root.lock == nil)
	p.refused = p.refused || !open
}

// touch records what the claims decide, unless only what has run tells whose they are, and returns the node of what
// stands below.
func (p *planner) touch(n *node, t *touch, below bool) *node {
	t.below = below
	decides, open := false, below
	for _, s := range t.spots {
		decides = decides || !s.open()
		open = open || s.open() && s.object == nil
		if !below {
			p.use(s.lock)
			p.useSupply(s.supply)
		}
	}
	switch {
	case p.whole:
		to := p.node()
		n.steps = append(n.steps, step{touch: t, to: to})
		return to
	case decides && !open:
		n.steps = append(n.steps, step{touch: t})
	}
	return n
}

func (p *planner) answered(f *ast.Field, types []*object) *touch {
	t := &touch{at: f.Position}
	for _, o := range types {
		t.spots = append(t.spots, spot{coordinate: o.name, lock: o.lock})
		if p.today != nil {
			t.today = append(t.today, spot{coordinate: o.name, lock: p.today.objects[o.name].lock})
		}
	}
	return t
}

func distinct(objects []*object) []*object {
	slices.SortFunc(objects, func(x, y *object) int { return strings.Compare(x.name, y.name) })
	return slices.Compact(objects)
}
