package guard

import (
	"maps"
	"slices"

	"github.com/fieldward/fieldward/auth"
)

// Objects is what the guard has to know of the Go values behind a schema. guardgen writes it beside the executor.
type Objects struct {
	Owners Owners
	Types  Types
}

// Owners tells, by type name, whose an object is; false for a value that is no object of the type, or nil. The value
// is what gqlgen has in its hand: T, *T, **T, or a pointer to an interface that holds one.
type Owners map[string]func(object any) (auth.ID, bool)

// Types tells, by the name of an interface or union, which type an object in its place is of; empty where it is none.
type Types map[string]func(object any) string

// owns reports whether the object is the caller's own.
func (o Owners) owns(typeName string, object any, c auth.Caller) bool {
	tell := o[typeName]
	if tell == nil || object == nil || c.ID() == "" {
		return false
	}
	owner, ok := tell(object)
	return ok && owner == c.ID()
}

// untold lists the interfaces and unions in whose place the guard could not tell one type from another.
func (t Types) untold(b *book) Problems {
	untold := map[string]bool{}
	for _, o := range b.objects {
		for _, f := range o.fields {
			if a := f.answers; a != nil && a.abstract && a.guarded && t[a.name] == nil {
				untold[a.name] = true
			}
		}
	}
	var ps Problems
	for _, name := range slices.Sorted(maps.Keys(untold)) {
		ps.add(b.schema.Types[name].Position, "%s: the guard cannot tell of which type an object is: generate the table of types with guardgen", name)
	}
	return ps
}
