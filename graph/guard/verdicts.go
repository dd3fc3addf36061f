package guard

import (
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// Denied is an Access too, but no permission's: the place is open on no object.
const Denied Access = "DENIED"

// Verdict is what a caller's claims say of one coordinate of an operation.
type Verdict struct {
	// Coordinate is the schema coordinate, as in an error: "User.email", "User", "Mutation.createUser(input:)".
	Coordinate string
	// Outcome is Allowed, Own or Denied.
	Outcome Access
	// Code is the code of a denial: auth.Unauthenticated, auth.Forbidden or auth.RecentSignInRequired; else empty.
	Code auth.Code
	// Rule is the rules that hold there as the schema states them, its type's and its field's too; empty where there is
	// none.
	Rule string
}

// Verdicts lists what the caller's claims say of each coordinate that the operation touches, in the order of the
// document, each once, whether it is reached or stands below a denied one: each field, each type that it answers and
// that states a rule, and each argument and input field that states one and is supplied. The variables are those that
// validator.VariableValues makes of a request's; @skip and @include are honoured with them.
//
// What stands below a @signsIn field is decided as for a caller who has signed in just now, without roles. Of a coordinate
// that stands there and elsewhere the graver verdict is told. A caller whose token does not verify counts as one without.
func (g *Guard) Verdicts(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, c auth.Caller) []Verdict {
	planner := g.planner(doc)
	planner.whole = true
	p := planner.make(op)
	l := &account{book: g.book, at: g.now(), caller: c, variables: variables, visited: make([]bool, p.nodes), listed: map[string]int{}}
	l.tell(p.root.name, p.root.rules, false)
	l.node(p.body)
	verdicts := make([]Verdict, len(l.told))
	for i, t := range l.told {
		verdicts[i] = t.shown()
	}
	return verdicts
}

// account lists the verdicts of a whole plan.
type account struct {
	book      *book
	at        time.Time
	caller    auth.Caller
	variables map[string]any
	visited   []bool
	listed    map[string]int // where a coordinate stands in told
	told      []told
}

type told struct {
	coordinate string
	verdict    verdict
	rules      []rule
}

func (a *account) node(n *node) {
	if a.visited[n.id] {
		return
	}
	a.visited[n.id] = true
	for _, s := range n.steps {
		if s.touch != nil {
			a.touch(s.touch)
		}
		if s.to != nil && included(s.when, a.variables) {
			a.node(s.to)
		}
	}
}

func (a *account) touch(t *touch) {
	for _, s := range t.spots {
		rules := a.book.rulesAt(s.coordinate)
		a.tell(s.coordinate, rules, t.below)
		for _, from := range s.supply {
			for _, in := range from.supplied(a.variables) {
				all := in.rules
				if in.isArgument() {
					all = slices.Concat(rules, all)
				}
				a.tell(in.coordinate, all, t.below)
			}
		}
	}
}

// tell lists a coordinate, unless it is a type's that states no rule.
func (a *account) tell(coordinate string, rules []rule, below bool) {
	if len(rules) == 0 && !strings.Contains(coordinate, ".") {
		return
	}
	c := a.caller
	if below {
		c = auth.Caller{Claims: &auth.Claims{AuthTime: &a.at}}
	}
	v := (&lock{rules: rules}).decide(c, a.at)
	if i, listed := a.listed[coordinate]; !listed {
		a.listed[coordinate] = len(a.told)
		a.told = append(a.told, told{coordinate, v, rules})
	} else if v.graver(a.told[i].verdict) {
		a.told[i].verdict = v
	}
}

func (in *inlet) isArgument() bool { return strings.HasSuffix(in.coordinate, ":)") }

// supplied are the inlets with a rule for which there is a value, those with a rule that their field implies too.
func (from source) supplied(variables map[string]any) []*inlet {
	if from.written != nil {
		return []*inlet{from.written}
	}
	v := from.variable
	all := v.inlets(variables)
	if _, supplied := variables[v.name]; supplied && v.to != nil && v.to.lock == nil && len(v.to.rules) > 0 {
		all = append([]*inlet{v.to}, all...)
	}
	return all
}

func (t told) shown() Verdict {
	v := Verdict{Coordinate: t.coordinate, Outcome: Allowed, Rule: listed(t.rules)}
	switch {
	case t.verdict.denied():
		v.Outcome, v.Code = Denied, denial{verdict: t.verdict}.cause().Code
	case t.verdict.asksOwner():
		v.Outcome = Own
	}
	return v
}

// rulesAt are the rules that hold at a type, or at a field: its type's too.
func (b *book) rulesAt(coordinate string) []rule {
	name, of, isField := strings.Cut(coordinate, ".")
	o := b.objects[name]
	if !isField {
		return o.rules
	}
	return slices.Concat(o.rules, o.fields[of].rules)
}

// Refusal tells whether the operation is refused as a whole, so that nothing of it runs, and lists what the caller is
// told, in the order of the errors: of a mutation or a subscription all that claims deny, of a query its root type alone.
// Where the token does not verify nothing is listed.
func (g *Guard) Refusal(
	doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, c auth.Caller,
) (told []Verdict, refused bool) {
	p := g.makePlan(doc, op)
	if c.Refused != nil {
		if !p.anyhow {
			return nil, true
		}
		c = auth.Nobody
	}
	denials := p.refusals(op.Operation, g.book.stand(c, g.now()), p.held(variables), variables)
	if len(denials) == 0 {
		return nil, false
	}
	rules := map[string]string{}
	for _, v := range g.Verdicts(doc, op, variables, c) {
		rules[v.Coordinate] = v.Rule
	}
	for _, d := range denials {
		told = append(told, Verdict{d.coordinate, Denied, d.cause().Code, rules[d.coordinate]})
	}
	return told, true
}
