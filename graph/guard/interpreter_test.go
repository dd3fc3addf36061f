package guard_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// interpreter reads the rules of a schema field by field and object by object, and applies them to what a server
// without a guard has answered. It is plain, slow, and shares nothing with the guard.
type interpreter struct {
	schema *ast.Schema
	doc    *ast.QueryDocument
	caller auth.Caller
	errors map[string]string // the first of each denial, by its path without indexes and its coordinate
}

// The aliases under which the answer also tells what an object is, and whose.
const (
	typeAlias   = "ofType"
	ownerAlias  = "ofPerson"
	letterAlias = "ofLetter"

	tellType   = typeAlias + ": __typename "
	tellPerson = "... on Person { " + ownerAlias + ": id } "
	tellLetter = "... on Letter { " + letterAlias + ": to { id } } "
)

func ownerOf(object map[string]any) string {
	if id, ok := object[ownerAlias].(string); ok {
		return id
	}
	if to, ok := object[letterAlias].(map[string]any); ok {
		return to["id"].(string)
	}
	return ""
}

// open reports whether the rules among some directives hold; owner is the object's, where there is an object.
func (in *interpreter) open(ds ast.DirectiveList, owner string) bool {
	for _, d := range ds {
		args := d.ArgumentMap(nil)
		if d.Name == "authenticated" && in.caller.Claims == nil {
			return false
		}
		if d.Name != "hasRole" {
			continue
		}
		roles, isList := args["role"].([]any)
		if !isList {
			roles = []any{args["role"]}
		}
		has := slices.ContainsFunc(roles, func(r any) bool { return in.caller.HasRole(auth.Role(r.(string))) })
		own := args["orOwner"] == true && owner != "" && owner == string(in.caller.ID())
		if !has && !own {
			return false
		}
	}
	return true
}

func (in *interpreter) fieldOpen(def *ast.Definition, name, owner string) bool {
	open := in.open(def.Fields.ForName(name).Directives, owner)
	for _, i := range def.Interfaces {
		if f := in.schema.Types[i].Fields.ForName(name); f != nil {
			open = open && in.open(in.schema.Types[i].Directives, owner) && in.open(f.Directives, owner)
		}
	}
	return open
}

func (in *interpreter) deny(coordinate string, path []string) any {
	var names []string
	for _, p := range path {
		if !strings.ContainsAny(p[:1], "0123456789") {
			names = append(names, p)
		}
	}
	key := strings.Join(names, ".") + " " + coordinate
	code := "FORBIDDEN"
	if in.caller.Claims == nil {
		code = "UNAUTHENTICATED"
	}
	if in.errors[key] == "" {
		in.errors[key] = code + " " + coordinate + " " + strings.Join(path, ".")
	}
	return nil
}

// object is what the caller gets of an object.
func (in *interpreter) object(data map[string]any, set ast.SelectionSet, path []string) any {
	def := in.schema.Types[data[typeAlias].(string)]
	owner := ownerOf(data)
	if !in.open(def.Directives, owner) {
		return in.deny(def.Name, path)
	}
	out := map[string]any{}
	for _, fields := range in.collect(def, set) {
		f, at := fields[0], append(path[:len(path):len(path)], fields[0].Alias)
		switch {
		case f.Name == "__typename":
			out[f.Alias] = def.Name
		case !in.fieldOpen(def, f.Name, owner):
			out[f.Alias] = in.deny(def.Name+"."+f.Name, at)
		default:
			out[f.Alias] = in.value(data[f.Alias], def.Fields.ForName(f.Name).Type, fields, at)
		}
	}
	return out
}

// value is what the caller gets of a field that is open.
func (in *interpreter) value(data any, t *ast.Type, fields []*ast.Field, path []string) any {
	answers := in.schema.Types[t.Name()]
	if t.Elem == nil && answers.Kind == ast.Object && !in.openToAnyOwner(answers) {
		return in.deny(answers.Name, path) // without having asked for it
	}
	return in.merged(data, fields, path)
}

func (in *interpreter) openToAnyOwner(def *ast.Definition) bool {
	return in.open(def.Directives, string(in.caller.ID()))
}

func (in *interpreter) merged(data any, fields []*ast.Field, path []string) any {
	switch data := data.(type) {
	case []any:
		out := make([]any, len(data))
		for i, element := range data {
			out[i] = in.merged(element, fields, append(path[:len(path):len(path)], fmt.Sprint(i)))
		}
		return out
	case map[string]any:
		var set ast.SelectionSet
		for _, f := range fields {
			set = append(set, f.SelectionSet...)
		}
		return in.object(data, set, path)
	default:
		return data
	}
}

// collect is CollectFields of the GraphQL specification (section 6.3.2), for one type of object.
func (in *interpreter) collect(def *ast.Definition, set ast.SelectionSet) [][]*ast.Field {
	var all [][]*ast.Field
	var add func(ast.SelectionSet)
	add = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if skipped(s.Directives) {
					continue
				}
				i := slices.IndexFunc(all, func(fs []*ast.Field) bool { return fs[0].Alias == s.Alias })
				if i < 0 {
					all = append(all, []*ast.Field{s})
				} else {
					all[i] = append(all[i], s)
				}
			case *ast.InlineFragment:
				if !skipped(s.Directives) && in.is(def, s.TypeCondition) {
					add(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				f := in.doc.Fragments.ForName(s.Name)
				if !skipped(s.Directives) && in.is(def, f.TypeCondition) {
					add(f.SelectionSet)
				}
			}
		}
	}
	add(set)
	return all
}

func skipped(ds ast.DirectiveList) bool {
	d := ds.ForName("skip")
	return d != nil && d.ArgumentMap(nil)["if"] == true
}

func (in *interpreter) is(def *ast.Definition, condition string) bool {
	return condition == "" || condition == def.Name || slices.Contains(def.Interfaces, condition) ||
		slices.Contains(in.schema.Types[condition].Types, def.Name)
}
