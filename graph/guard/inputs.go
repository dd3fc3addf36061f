package guard

import (
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// inlet is an argument or an input field that has a rule, or through which a value can meet one. Its rule holds where
// the client supplies a value, null too; what the schema itself has for a default is not supplied.
type inlet struct {
	name       string
	coordinate string // "Mutation.createUser(input:)", "CreateUserInput.roles"
	rules      []rule
	lock       *lock
	within     *input // nil where nothing in its value can meet a rule
}

// input is an input type of which a value can meet a rule.
type input struct {
	inlets []*inlet // in the order of the schema
	reach  []*inlet // those with a rule that a value can meet, however deep
}

func (t *input) inlet(name string) *inlet { return inletOf(t.inlets, name) }

func inletOf(all []*inlet, name string) *inlet {
	i := slices.IndexFunc(all, func(in *inlet) bool { return in.name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// readInputs finds the input types of which a value can meet a rule, through each other too.
func (b *book) readInputs(names []string) {
	all := map[string]*input{}
	for _, name := range names {
		if b.schema.Types[name].Kind == ast.InputObject {
			all[name] = &input{}
		}
	}
	for _, name := range names {
		t := all[name]
		if t == nil {
			continue
		}
		for _, f := range b.schema.Types[name].Fields {
			rules := readStatement(f.Directives).rules
			t.inlets = append(t.inlets, &inlet{
				name: f.Name, coordinate: name + "." + f.Name, rules: rules, lock: b.lock(rules), within: all[f.Type.Name()],
			})
		}
	}
	for _, t := range all {
		t.reach = t.reached(nil, map[*input]bool{})
	}
	b.inputs = map[string]*input{}
	for name, t := range all {
		t.inlets = slices.DeleteFunc(t.inlets, func(in *inlet) bool { return !in.guarded() })
		if len(t.reach) > 0 {
			b.inputs[name] = t
		}
	}
}

func (t *input) reached(so []*inlet, seen map[*input]bool) []*inlet {
	if seen[t] {
		return so
	}
	seen[t] = true
	for _, in := range t.inlets {
		if in.lock != nil {
			so = append(so, in)
		}
		if in.within != nil {
			so = in.within.reached(so, seen)
		}
	}
	return so
}

// guarded drops a type in which there is nothing to meet.
func (in *inlet) guarded() bool {
	if in.within != nil && len(in.within.reach) == 0 {
		in.within = nil
	}
	return in.lock != nil || in.within != nil
}

// readArguments reads the arguments of an object's field, with what the interfaces state that declare it.
func (b *book) readArguments(o *object, f *field) []*inlet {
	var all []*inlet
	for _, a := range f.def.Arguments {
		in := &inlet{
			name: a.Name, coordinate: f.coordinate + "(" + a.Name + ":)", rules: readStatement(a.Directives).rules,
			within: b.inputs[a.Type.Name()],
		}
		for _, name := range o.def.Interfaces {
			declared := b.schema.Types[name].Fields.ForName(f.def.Name)
			if declared == nil {
				continue
			}
			if of := declared.Arguments.ForName(a.Name); of != nil {
				in.rules = append(in.rules, readStatement(of.Directives).rules...)
			}
		}
		// The object and the field have been decided before, or deny the field themselves.
		in.lock = b.lock(unimplied(in.rules, slices.Concat(o.rules, f.rules), true))
		if len(in.rules) > 0 || in.within != nil {
			all = append(all, in)
		}
	}
	return all
}

// meet calls see for each of the type's inlets with a rule for which a variable's value supplies one. The value is what
// gqlgen makes of JSON, and a single one may stand for a list (GraphQL, section 3.11).
func (t *input) meet(value any, see func(*inlet)) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for _, in := range t.inlets {
			if x, supplied := v[in.name]; supplied {
				in.meet(x, see)
			}
		}
	case []any:
		for _, x := range v {
			t.meet(x, see)
		}
	default:
		t.meetAny(reflect.ValueOf(value), see)
	}
}

func (in *inlet) meet(value any, see func(*inlet)) {
	if in.lock != nil {
		see(in)
	}
	if in.within != nil {
		in.within.meet(value, see)
	}
}

// meetAny looks into the lists that gqlparser makes of single values, and into what else a program may hand over.
func (t *input) meetAny(v reflect.Value, see func(*inlet)) {
	switch v.Kind() { //nolint:exhaustive // nothing else holds a value
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			t.meet(v.Index(i).Interface(), see)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			t.meet(v.Elem().Interface(), see)
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return
		}
		for _, in := range t.inlets {
			if x := v.MapIndex(reflect.ValueOf(in.name).Convert(v.Type().Key())); x.IsValid() {
				in.meet(x.Interface(), see)
			}
		}
	}
}
