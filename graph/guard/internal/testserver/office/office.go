// Package office holds the Go types behind the test server's schema.
package office

import (
	"fmt"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
)

// The interfaces and the union are empty, so that nothing here needs a method for gqlgen's sake.
type (
	// Node is an object with an ID.
	Node any
	// Hit is anything that can be found.
	Hit any
	// Named is an object with a title.
	Named any
	// Priced is an object with a price.
	Priced any
	// Rated is an object with a rating.
	Rated any
	// Item is something that someone keeps.
	Item any
	// Gate leads to a root type.
	Gate any
)

// Person is their own owner.
type Person struct {
	ID   auth.ID
	Name string
}

// OwnerID is the person.
func (p Person) OwnerID() auth.ID { return p.ID }

// Bonus is five for everyone.
func (Person) Bonus() *int { return new(5) }

// Letter belongs to whom it is written to. Its owner is told through a pointer.
type Letter struct {
	ID   auth.ID
	Text string
	To   Person
}

// OwnerID is the addressee.
func (l *Letter) OwnerID() auth.ID { return l.To.ID }

// Safe belongs to nobody.
type Safe struct{ ID auth.ID }

// Parcel has no ID.
type Parcel struct{ Label string }

// Tool belongs to nobody, whoever keeps it.
type Tool struct {
	ID     auth.ID
	Keeper *Person
}

// Crate belongs to its keeper.
type Crate struct {
	ID     auth.ID
	Keeper *Person
}

// OwnerID is the keeper.
func (c Crate) OwnerID() auth.ID { return c.Keeper.ID }

// Door is a gate that is guarded.
type Door struct{ Unused bool }

// Window is a gate that is open.
type Window struct{ Unused bool }

// Memo is guarded by an extension.
type Memo struct{ Author *string }

// LetterConnection is a page of letters.
type LetterConnection struct {
	Edges    []LetterEdge
	Nodes    []*Letter
	PageInfo PageInfo
}

// LetterEdge is a letter in a page.
type LetterEdge struct {
	Cursor string
	Node   *Letter
}

// PageInfo tells whether there is more.
type PageInfo struct{ HasNextPage bool }

// Viewer answers root types.
type Viewer struct{ Name *string }

// Private answers a root type, for anyone signed in.
type Private struct{ Unused bool }

// SignInPayload is what signing in answers.
type SignInPayload struct {
	Person  *Person
	Letters []*Letter
	Sheaf   [][]*Letter
}

// SneakPayload is what signing in answers where it is not declared.
type SneakPayload struct{ Person *Person }

// PersonPayload is what changing a person answers.
type PersonPayload struct{ Person *Person }

// Tick is an event.
type Tick struct {
	Number int
	Letter *Letter
}

// Count is at most nine.
type Count int

// UnmarshalGQL says something that nobody should hear who may not ask.
func (c *Count) UnmarshalGQL(v any) error {
	n, err := graphql.UnmarshalInt(v)
	if err != nil || n > 9 {
		return fmt.Errorf("only 9 of 1234 secret rows: %v", v)
	}
	*c = Count(n)
	return nil
}

// MarshalGQL writes the number.
func (c Count) MarshalGQL(w io.Writer) { _, _ = fmt.Fprint(w, int(c)) }

// MarshalID writes an ID.
func MarshalID(id auth.ID) graphql.Marshaler { return graphql.MarshalString(string(id)) }

// UnmarshalID reads an ID.
func UnmarshalID(v any) (auth.ID, error) {
	s, err := graphql.UnmarshalString(v)
	return auth.ID(s), err
}
