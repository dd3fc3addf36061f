package guard_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// Each field of the schema and each thing that it may be given, as each kind of caller, over each of gqlgen's transports.
func TestEveryFieldByEveryCallerOverEveryTransport(t *testing.T) {
	c := newCourt(t, nil)
	asked := (&surveyor{schema: c.schema, reached: map[string]string{}}).survey()
	o := newOffice(t)
	transports := map[string]server{
		"POST": o.byPOST("application/json"), "GET": o.byGET(), "SSE": o.byPOST("text/event-stream"), "WebSocket": o.bySocket(),
	}
	callers := map[string]string{
		"nobody": "", "a token that does not verify": "? ada", "a user": "ada ago:1m", "another user": "bob ago:1m",
		"a clerk": "cy CLERK ago:1m", "a boss": "cy BOSS ago:1m", "a boss who is a clerk": "cy BOSS CLERK ago:1m org.tier=gold",
		"a stale sign-in": "cy BOSS CLERK ago:2h org.tier=gold", "no sign-in": "ada CLERK BOSS",
		"scopes that are few": "ada BOSS CLERK ago:1m scope:diary:read", "scopes that are many": "ada CLERK ago:1m scope:all scope:teams:read scope:ratings:read",
	}
	cases := 0
	for transport, closed := range transports {
		c.closed = closed
		for who, caller := range callers {
			t.Run(who+" by "+transport, func(t *testing.T) {
				for _, query := range asked {
					if transport == "GET" && !strings.HasPrefix(query, "query") || transport == "POST" && strings.HasPrefix(query, "subscription") {
						continue // gqlgen refuses, or answers but one event
					}
					cases++
					c.try(t, t, caller, query, nil)
				}
			})
		}
	}
	if len(asked) < 150 {
		t.Errorf("only %d operations were made of the schema", len(asked))
	}
	t.Logf("%d operations, %d cases", len(asked), cases)
}

// here is the place of a selection that is still to come.
const here = "§"

// surveyor makes an operation for each field of a schema that an operation can come to, and for each value that the
// field may be given, with marks.
type surveyor struct {
	schema  *ast.Schema
	reached map[string]string // an operation that comes to each type, with here where its selection goes
	all     []string
}

func (s *surveyor) survey() []string {
	var found []*ast.Definition
	for _, root := range []*ast.Definition{s.schema.Query, s.schema.Mutation, s.schema.Subscription} {
		s.reached[root.Name] = strings.ToLower(root.Name) + " Main { " + here + " }"
		found = append(found, root)
		for len(found) > 0 {
			found = append(found[1:], s.fields(found[0])...)
		}
	}
	return s.all
}

// fields asks for each field of a type, and returns the types that they come to first.
func (s *surveyor) fields(def *ast.Definition) (found []*ast.Definition) {
	w := &writer{schema: s.schema}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		mark := w.mark(def.Name)
		if def == s.schema.Subscription {
			mark = "" // has one field
		}
		ask := func(given, inside string) string {
			return strings.Replace(s.reached[def.Name], here, mark+f.Name+given+inside, 1)
		}
		answers := s.schema.Types[f.Type.Name()]
		inside := ""
		if answers.IsCompositeType() {
			inside = " { " + w.mark(answers.Name) + "__typename }"
			for _, o := range s.schema.GetPossibleTypes(answers) {
				if s.reached[o.Name] == "" {
					s.reached[o.Name] = ask(s.required(f, o.Name), " { "+w.mark(answers.Name)+"... on "+o.Name+" { "+here+" } }")
					found = append(found, o)
				}
			}
		}
		for _, given := range s.given(f) {
			s.all = append(s.all, ask(given, inside))
		}
	}
	return found
}

// required are the arguments that a field needs to come to an object of a type.
func (s *surveyor) required(f *ast.FieldDefinition, typeName string) string {
	return parenthesized(s.needed(f, typeName))
}

func (s *surveyor) needed(f *ast.FieldDefinition, typeName string) []string {
	var all []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			all = append(all, a.Name+": "+s.value(f.Name, a.Type, typeName))
		}
	}
	return all
}

func parenthesized(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// given are all the ways to ask for a field: with what it needs, with each argument, and with each field of its inputs.
func (s *surveyor) given(f *ast.FieldDefinition) []string {
	needed := s.needed(f, "")
	all := []string{parenthesized(needed)}
	for i, a := range f.Arguments {
		others := slices.DeleteFunc(slices.Clone(needed), func(n string) bool { return strings.HasPrefix(n, f.Arguments[i].Name+":") })
		with := func(value string) { all = append(all, parenthesized(append(slices.Clone(others), a.Name+": "+value))) }
		if !a.Type.NonNull {
			with("null")
		}
		def := s.schema.Types[a.Type.Name()]
		if def.Kind != ast.InputObject {
			with(s.value(f.Name, a.Type, ""))
			continue
		}
		for _, field := range def.Fields {
			with(s.object(def, field))
		}
	}
	return all
}

// value is one of a type that parses.
func (s *surveyor) value(field string, t *ast.Type, typeName string) string {
	def := s.schema.Types[t.Name()]
	switch {
	case def.Kind == ast.InputObject:
		return s.object(def, nil)
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case field == "file":
		return `"one"`
	case def.Name == "ID":
		if id := map[string]string{"Letter": "to-ada", "Safe": "safe", "Parcel": "parcel", "Tool": "tool", "Crate": "crate"}[typeName]; id != "" {
			return fmt.Sprintf("%q", id)
		}
		return `"ada"`
	case def.Name == "String":
		return `"ada"`
	case def.Name == "Boolean":
		return "true"
	default:
		return "3"
	}
}

// object is an input with what it needs, and with one field more.
func (s *surveyor) object(def *ast.Definition, with *ast.FieldDefinition) string {
	var all []string
	for _, f := range def.Fields {
		if f == with || f.Type.NonNull && f.DefaultValue == nil {
			all = append(all, f.Name+": "+s.value("", f.Type, ""))
		}
	}
	return "{" + strings.Join(all, ", ") + "}"
}
