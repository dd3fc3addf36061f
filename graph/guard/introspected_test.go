package guard_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
)

// shownSchema is what the full introspection query answers.
type shownSchema struct {
	QueryType, MutationType, SubscriptionType *struct{ Name string }
	Types                                     []shownType
	Directives                                []struct {
		Name      string
		Locations []string
		Args      []shownValue
	}
}

type shownType struct {
	Kind, Name, Description   string
	SpecifiedByURL            string
	Fields                    []shownField
	InputFields               []shownValue
	Interfaces, PossibleTypes []shownRef
	EnumValues                []shownField
}

type shownField struct {
	Name, Description, DeprecationReason string
	Args                                 []shownValue
	Type                                 shownRef
}

type shownValue struct {
	Name, Description, DefaultValue, DeprecationReason string
	Type                                               shownRef
}

type shownRef struct {
	Kind, Name string
	OfType     *shownRef
}

func (r shownRef) String() string {
	switch r.Kind {
	case "NON_NULL":
		return r.OfType.String() + "!"
	case "LIST":
		return "[" + r.OfType.String() + "]"
	default:
		return r.Name
	}
}

// introspect is what a server answers the full introspection query of a caller.
func (o office) introspect(t testing.TB, caller string) shownSchema {
	t.Helper()
	body := o.post(t, question{caller: caller, query: introspection.Query}, "application/json")
	var r struct {
		Data struct {
			Schema *shownSchema `json:"__schema"`
		}
	}
	if err := json.Unmarshal(body, &r); err != nil || r.Data.Schema == nil {
		t.Fatalf("%v: %s", err, body)
	}
	return *r.Data.Schema
}

// lines say all of it, sorted, but the types of introspection itself.
func (s shownSchema) lines() []string {
	var all []string
	for root, r := range map[string]*struct{ Name string }{"query": s.QueryType, "mutation": s.MutationType, "subscription": s.SubscriptionType} {
		if r != nil {
			all = append(all, root+": "+r.Name)
		}
	}
	for _, d := range s.Directives {
		all = append(all, fmt.Sprintf("@%s on %v", d.Name, d.Locations))
		all = append(all, valueLines("@"+d.Name+"(", ":)", d.Args)...)
	}
	for _, def := range s.Types {
		if def.Name[0] != '_' || def.Name == "_empty" {
			all = append(all, def.lines()...)
		}
	}
	slices.Sort(all)
	return all
}

func (s shownType) lines() []string {
	all := []string{fmt.Sprintf("%s %s %q %s", s.Kind, s.Name, s.Description, s.SpecifiedByURL)}
	for _, f := range s.Fields {
		all = append(all, fmt.Sprintf("%s.%s: %s %q %q", s.Name, f.Name, f.Type, f.Description, f.DeprecationReason))
		all = append(all, valueLines(s.Name+"."+f.Name+"(", ":)", f.Args)...)
	}
	all = append(all, valueLines(s.Name+".", "", s.InputFields)...)
	for _, i := range s.Interfaces {
		all = append(all, s.Name+" implements "+i.Name)
	}
	for _, p := range s.PossibleTypes {
		all = append(all, s.Name+" can be "+p.Name)
	}
	for _, v := range s.EnumValues {
		all = append(all, fmt.Sprintf("%s %s %q %q", s.Name, v.Name, v.Description, v.DeprecationReason))
	}
	return all
}

func valueLines(before, after string, vs []shownValue) []string {
	var all []string
	for _, v := range vs {
		all = append(all, fmt.Sprintf("%s%s%s: %s = %s %q %q", before, v.Name, after, v.Type, v.DefaultValue, v.Description, v.DeprecationReason))
	}
	return all
}

// introspected is what gqlgen would answer of a schema, without a server.
func introspected(t testing.TB, schema *ast.Schema) []string {
	t.Helper()
	return wrapped(schema).lines()
}

func wrapped(schema *ast.Schema) shownSchema {
	w := introspection.WrapSchema(schema)
	s := shownSchema{
		QueryType: root(w.QueryType()), MutationType: root(w.MutationType()), SubscriptionType: root(w.SubscriptionType()),
	}
	for _, d := range w.Directives() {
		s.Directives = append(s.Directives, struct {
			Name      string
			Locations []string
			Args      []shownValue
		}{d.Name, d.Locations, values(d.Args)})
	}
	for _, def := range w.Types() {
		st := shownType{
			Kind: def.Kind(), Name: text(def.Name()), Description: text(def.Description()), SpecifiedByURL: text(def.SpecifiedByURL()),
			InputFields: values(def.InputFields()), Interfaces: refs(def.Interfaces()), PossibleTypes: objects(refs(def.PossibleTypes())),
		}
		for _, f := range def.Fields(true) {
			st.Fields = append(st.Fields, shownField{
				Name: f.Name, Description: text(f.Description()), DeprecationReason: text(f.DeprecationReason()), Args: values(f.Args), Type: ref(f.Type),
			})
		}
		for _, v := range def.EnumValues(true) {
			st.EnumValues = append(st.EnumValues, shownField{Name: v.Name, Description: text(v.Description()), DeprecationReason: text(v.DeprecationReason())})
		}
		s.Types = append(s.Types, st)
	}
	return s
}

func root(t *introspection.Type) *struct{ Name string } {
	if t == nil {
		return nil
	}
	return &struct{ Name string }{text(t.Name())}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func ref(t *introspection.Type) shownRef {
	r := shownRef{Kind: t.Kind(), Name: text(t.Name())}
	if of := t.OfType(); of != nil {
		inner := ref(of)
		r.OfType = &inner
	}
	return r
}

func refs(ts []introspection.Type) []shownRef {
	var all []shownRef
	for _, t := range ts {
		all = append(all, ref(&t))
	}
	return all
}

// objects leaves out interfaces, which no object is: gqlparser lists those that implement another among its types.
func objects(all []shownRef) []shownRef {
	return slices.DeleteFunc(all, func(r shownRef) bool { return r.Kind == "INTERFACE" })
}

func values(vs []introspection.InputValue) []shownValue {
	var all []shownValue
	for _, v := range vs {
		all = append(all, shownValue{
			Name: v.Name, Description: text(v.Description()), DefaultValue: text(v.DefaultValue), DeprecationReason: text(v.DeprecationReason()), Type: ref(v.Type),
		})
	}
	return all
}
