package guard

import (
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
	at := g.now()
	var open []Permission
	for _, e := range g.book.entries() {
		access := e.access(c, at)
		if access == Denied {
			continue
		}
		p := Permission{
			Coordinate: e.coordinate, Type: e.typeName, Field: e.field, Argument: e.argument,
			Access: access, RecentSignInWithin: shortest(e.rules),
		}
		if len(e.rules) > 0 {
			text := listed(e.rules)
			p.Rule = &text
		}
		open = append(open, p)
	}
	return open
}
