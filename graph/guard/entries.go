package guard

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// entry is a field, an argument or an input field of which can be told to whom it is open.
type entry struct {
	coordinate string
	typeName   string
	field      string
	argument   *string // nil where the entry is a field's or an input field's
	rules      []rule  // all that hold there: of a field the type's too, of an argument also the field's
	signsIn    bool
	below      bool // on a type that only @signsIn fields answer
}

// entries are all fields, and all arguments and input fields with a rule of their own, by the name of their type and then
// in the order of the schema.
func (b *book) entries() []entry {
	signing := answeredOnlyBySigning(b)
	var all []entry
	for _, name := range slices.Sorted(maps.Keys(b.schema.Types)) {
		if o := b.objects[name]; o != nil {
			all = append(all, o.entries(signing[o])...)
		}
		if t := b.inputs[name]; t != nil {
			all = append(all, t.entries(name)...)
		}
	}
	return all
}

func (o *object) entries(below bool) []entry {
	var all []entry
	for _, def := range ownFields(o.def) {
		f := o.fields[def.Name]
		rules := slices.Concat(o.rules, f.rules)
		all = append(all, entry{
			coordinate: f.coordinate, typeName: o.name, field: def.Name, rules: rules, signsIn: f.signsIn, below: below,
		})
		for _, in := range f.inlets {
			if len(in.rules) > 0 {
				all = append(all, entry{
					coordinate: in.coordinate, typeName: o.name, field: def.Name, argument: &in.name,
					rules: slices.Concat(rules, in.rules), below: below,
				})
			}
		}
	}
	return all
}

func (t *input) entries(name string) []entry {
	var all []entry
	for _, in := range t.inlets {
		if len(in.rules) > 0 {
			all = append(all, entry{coordinate: in.coordinate, typeName: name, field: in.name, rules: in.rules})
		}
	}
	return all
}

// access is how far the entry is open to a caller, whenever they signed in last. What only
// @signsIn fields answer is open as to a signed-in caller without roles: whom they will have signed in is not known.
func (e entry) access(c auth.Caller, at time.Time) Access {
	if e.below {
		c = auth.Caller{Claims: &auth.Claims{}}
	}
	switch v := (&lock{rules: e.rules}).decide(c, at) &^ tooOld; {
	case v.denied():
		return Denied
	case v.asksOwner():
		return Own
	default:
		return Allowed
	}
}
