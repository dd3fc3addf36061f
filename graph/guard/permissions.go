package guard

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Access is how far a place is open to a caller.
type Access string

// How far a place can be open.
const (
	// Allowed is open on every object.
	Allowed Access = "ALLOWED"
	// Own is open on the objects that are the caller's own.
	Own Access = "OWN"
)

// Permission is a field, an argument or an input field that is open to a caller.
type Permission struct {
	// Coordinate is the schema coordinate, as in an error: "User.email", "Mutation.createUser(input:)".
	Coordinate string
	// Type is the object's or the input type's name, Field that of its field.
	Type, Field string
	// Argument is the argument's name; nil where the row is a field's or an input field's.
	Argument *string
	Access   Access
	// RecentSignInWithin is how long ago the caller may have signed in at the most; nil where it does not matter.
	RecentSignInWithin *time.Duration
	// Rule is the rules that hold there as the schema states them, the type's and the field's too; nil where there is
	// none.
	Rule *string
}

// Permissions lists what the caller's claims open: each field, and each argument and input field that has a rule of
// its own, by the name of its type and then in the order of the schema. What is not listed is denied, but an argument or
// input field without a rule. Whether the last sign-in is recent enough hides nothing: RecentSignInWithin tells.
//
// A type that only @signsIn fields answer is listed as for a signed-in caller without roles, whoever asks: whom they
// will have signed in is not known.
func (g *Guard) Permissions(c auth.Caller) []Permission {
	l := &lister{book: g.book, caller: c, at: g.now(), signing: answeredOnlyBySigning(g.book)}
	for _, name := range slices.Sorted(maps.Keys(g.book.schema.Types)) {
		if o := g.book.objects[name]; o != nil {
			l.object(o)
		}
		if t := g.book.inputs[name]; t != nil {
			l.input(name, t)
		}
	}
	return l.rows
}

type lister struct {
	book    *book
	caller  auth.Caller
	at      time.Time
	signing map[*object]bool
	rows    []Permission
}

func (l *lister) object(o *object) {
	for _, def := range ownFields(o.def) {
		f := o.fields[def.Name]
		rules := slices.Concat(o.rules, f.rules)
		caller := l.callerAt(o)
		l.row(Permission{Coordinate: f.coordinate, Type: o.name, Field: def.Name}, caller, rules)
		for _, in := range f.inlets {
			if len(in.rules) > 0 {
				p := Permission{Coordinate: in.coordinate, Type: o.name, Field: def.Name, Argument: &in.name}
				l.row(p, caller, slices.Concat(rules, in.rules))
			}
		}
	}
}

func (l *lister) input(name string, t *input) {
	for _, in := range t.inlets {
		if len(in.rules) > 0 {
			l.row(Permission{Coordinate: in.coordinate, Type: name, Field: in.name}, l.caller, in.rules)
		}
	}
}

func (l *lister) callerAt(o *object) auth.Caller {
	if l.signing[o] {
		return auth.Caller{Claims: &auth.Claims{}}
	}
	return l.caller
}

// row adds a row unless the claims deny it.
func (l *lister) row(p Permission, c auth.Caller, rules []rule) {
	switch v := (&lock{rules: rules}).decide(c, l.at) &^ tooOld; {
	case v.denied():
		return
	case v.asksOwner():
		p.Access = Own
	default:
		p.Access = Allowed
	}
	p.RecentSignInWithin = shortest(rules)
	if len(rules) > 0 {
		text := listed(rules)
		p.Rule = &text
	}
	l.rows = append(l.rows, p)
}
