package guard

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// verdict is what a caller's claims alone say of a rule.
type verdict uint8

// allowed is the verdict of a rule that holds.
const allowed verdict = 0

// What else a verdict says, from the mildest to the gravest. Of several rules each has its bit, and the gravest is told.
const (
	ifOwner verdict = 1 << iota // open where the object is the caller's own
	tooOld                      // open after signing in anew
	forbidden
	unauthenticated
)

// denied reports whether no object can change the verdict for the better.
func (v verdict) denied() bool { return v >= tooOld }

// asksOwner reports whether it makes a difference, if only to what is told, whose the object is.
func (v verdict) asksOwner() bool { return v&ifOwner != 0 && v < forbidden }

// graver reports whether a graver thing is missing.
func (v verdict) graver(than verdict) bool { return bits.Len8(uint8(v)) > bits.Len8(uint8(than)) }

// rule is one condition on the caller. A new directive is a new implementation, read by readRule.
type rule interface {
	// decide says what the claims alone say at a time.
	decide(c auth.Caller, at time.Time) verdict
	// implies reports whether whoever passes this rule passes the other one too. sameObject tells whether both are
	// asked of one object: then its owner is the same.
	implies(other rule, sameObject bool) bool
	// asksOwner reports whether the object's owner passes.
	asksOwner() bool
	// String is the rule as the schema states it.
	String() string
}

// authenticated is @authenticated.
type authenticated struct{}

func (authenticated) decide(c auth.Caller, _ time.Time) verdict {
	if c.Authenticated() {
		return allowed
	}
	return unauthenticated
}

func (authenticated) implies(other rule, _ bool) bool {
	_, same := other.(authenticated)
	return same
}

func (authenticated) asksOwner() bool { return false }

func (authenticated) String() string { return "@authenticated" }

// hasRole is @hasRole.
type hasRole struct {
	roles   []auth.Role // sorted
	orOwner bool
	at      *ast.Position
}

func (r *hasRole) decide(c auth.Caller, _ time.Time) verdict {
	switch {
	case !c.Authenticated():
		return unauthenticated
	case c.HasRole(r.roles...):
		return allowed
	case r.orOwner:
		return ifOwner
	default:
		return forbidden
	}
}

func (r *hasRole) implies(other rule, sameObject bool) bool {
	switch o := other.(type) {
	case authenticated:
		return true
	case *hasRole:
		return subset(r.roles, o.roles) && (!r.orOwner || o.orOwner && sameObject)
	default:
		return false
	}
}

func (r *hasRole) asksOwner() bool { return r.orOwner }

func (r *hasRole) String() string {
	names := make([]string, len(r.roles))
	for i, role := range r.roles {
		names[i] = string(role)
	}
	owner := ""
	if r.orOwner {
		owner = ", orOwner: true"
	}
	return fmt.Sprintf("@hasRole(role: [%s]%s)", strings.Join(names, ", "), owner)
}

// lock is all the rules that must hold in one place. Places with the same rules share one lock, and its id is the
// place of its verdict in a caller's standing. A nil lock is open.
type lock struct {
	id    int
	rules []rule
	timed bool // its verdict passes with time
}

func (l *lock) decide(c auth.Caller, at time.Time) verdict {
	v := allowed
	for _, r := range l.rules {
		v |= r.decide(c, at)
	}
	return v
}

// standing is what one caller's claims say of every lock of a schema.
type standing struct {
	caller   auth.Caller
	verdicts []verdict
	now      func() time.Time // where what passes with time is asked anew each time: in a subscription; else nil
}

func (s *standing) of(l *lock) verdict {
	switch {
	case l == nil:
		return allowed
	case l.timed && s.now != nil:
		return l.decide(s.caller, s.now())
	default:
		return s.verdicts[l.id]
	}
}

// unimplied are the wanted rules that none of the given ones implies.
func unimplied(wanted, given []rule, sameObject bool) []rule {
	var left []rule
	for _, w := range wanted {
		if !slices.ContainsFunc(given, func(g rule) bool { return g.implies(w, sameObject) }) {
			left = append(left, w)
		}
	}
	return left
}

func asksOwner(rules []rule) bool { return slices.ContainsFunc(rules, rule.asksOwner) }

func listed(rules []rule) string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.String()
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), " ")
}
