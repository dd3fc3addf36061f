package guard_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// interpreter reads the rules of a schema field by field and object by object, and applies them to what a server
// without a guard has answered. It is plain, slow, and shares nothing with the guard.
type interpreter struct {
	schema *ast.Schema
	doc    *ast.QueryDocument
	caller auth.Caller
	// variables are those that the request brings, and the defaults of the others.
	variables map[string]any
	errors    map[string]string // the first of each denial, by its path without indexes and its coordinate
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

// What is told of a denial, by how grave it is.
var codes = []string{"", "RECENT_SIGN_IN_REQUIRED", "FORBIDDEN", "UNAUTHENTICATED"}

// judge is the gravest code of the rules among some directives; owner is the object's, where there is an object.
func (in *interpreter) judge(ds ast.DirectiveList, owner string) int {
	gravest := 0
	for _, d := range ds {
		if slices.Contains([]string{"authenticated", "hasRole", "requiresScopes", "recentSignIn", "hasClaim"}, d.Name) {
			gravest = max(gravest, in.rule(d.Name, d.ArgumentMap(nil), owner))
		}
	}
	return gravest
}

func (in *interpreter) rule(name string, args map[string]any, owner string) int {
	const tooOld, forbidden, unauthenticated = 1, 2, 3
	c := in.caller.Claims
	if c == nil {
		return unauthenticated
	}
	holds := true
	switch name {
	case "hasRole":
		has := slices.ContainsFunc(list(args["role"]), func(r any) bool { return in.caller.HasRole(auth.Role(r.(string))) })
		holds = has || args["orOwner"] == true && owner != "" && owner == string(in.caller.ID())
	case "requiresScopes":
		holds = c.Scopes == nil || slices.ContainsFunc(list(args["scopes"]), func(all any) bool {
			return !slices.ContainsFunc(list(all), func(s any) bool { return !slices.Contains(c.Scopes, s.(string)) })
		})
	case "hasClaim":
		of, name, _ := strings.Cut(args["name"].(string), ".")
		inner, _ := c.Extra[of].(map[string]any)
		holds = inner[name] != nil && slices.Contains(list(args["in"]), inner[name])
	case "recentSignIn":
		within := map[string]time.Duration{"PT15M": 15 * time.Minute, "PT1H": time.Hour}[args["within"].(string)]
		if c.AuthTime == nil || testserver.Noon().After(c.AuthTime.Add(within)) {
			return tooOld
		}
	}
	if !holds {
		return forbidden
	}
	return 0
}

func list(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	return []any{v}
}

// judgeField is the gravest code of a field, and the first coordinate that has it.
func (in *interpreter) judgeField(def *ast.Definition, f *ast.Field, owner string) (int, string) {
	field := def.Fields.ForName(f.Name)
	declared := []*ast.FieldDefinition{field}
	code := in.judge(field.Directives, owner)
	for _, i := range def.Interfaces {
		if d := in.schema.Types[i].Fields.ForName(f.Name); d != nil {
			declared = append(declared, d)
			code = max(code, in.judge(in.schema.Types[i].Directives, owner), in.judge(d.Directives, owner))
		}
	}
	coordinate := def.Name + "." + f.Name
	see := func(c int, at string) {
		if c > code {
			code, coordinate = c, at
		}
	}
	for _, a := range f.Arguments {
		if _, given := in.variables[a.Value.Raw]; a.Value.Kind == ast.Variable && !given {
			continue
		}
		for _, d := range declared {
			if x := d.Arguments.ForName(a.Name); x != nil {
				see(in.judge(x.Directives, ""), def.Name+"."+f.Name+"("+a.Name+":)")
			}
		}
		in.judgeValue(field.Arguments.ForName(a.Name).Type.Name(), a.Value, see)
	}
	if answers := in.schema.Types[field.Type.Name()]; field.Type.Elem == nil && answers.Kind == ast.Object {
		see(in.judge(answers.Directives, string(in.caller.ID())), answers.Name) // without having asked for it
	}
	return code, coordinate
}

// judgeValue sees each input field for which a value of the named type supplies one.
func (in *interpreter) judgeValue(name string, v *ast.Value, see func(int, string)) {
	def := in.schema.Types[name]
	if def.Kind != ast.InputObject {
		return
	}
	if v.Kind == ast.Variable {
		in.judgeGiven(def, in.variables[v.Raw], see)
		return
	}
	for _, c := range v.Children {
		if v.Kind == ast.ListValue {
			in.judgeValue(name, c.Value, see)
			continue
		}
		if _, given := in.variables[c.Value.Raw]; c.Value.Kind == ast.Variable && !given {
			continue
		}
		f := def.Fields.ForName(c.Name)
		see(in.judge(f.Directives, ""), name+"."+c.Name)
		in.judgeValue(f.Type.Name(), c.Value, see)
	}
}

func (in *interpreter) judgeGiven(def *ast.Definition, v any, see func(int, string)) {
	for _, element := range list(v) {
		if all, nested := element.([]any); nested {
			in.judgeGiven(def, all, see)
		}
		members, _ := element.(map[string]any)
		for _, f := range def.Fields {
			if x, given := members[f.Name]; given {
				see(in.judge(f.Directives, ""), def.Name+"."+f.Name)
				if of := in.schema.Types[f.Type.Name()]; of.Kind == ast.InputObject {
					in.judgeGiven(of, x, see)
				}
			}
		}
	}
}

func (in *interpreter) deny(code int, coordinate string, path []string) any {
	var names []string
	for _, p := range path {
		if !strings.ContainsAny(p[:1], "0123456789") {
			names = append(names, p)
		}
	}
	key := strings.Join(names, ".") + " " + coordinate
	if in.errors[key] == "" {
		in.errors[key] = codes[code] + " " + coordinate + " " + strings.Join(path, ".")
	}
	return nil
}

// object is what the caller gets of an object.
func (in *interpreter) object(data map[string]any, set ast.SelectionSet, path []string) any {
	def := in.schema.Types[data[typeAlias].(string)]
	owner := ownerOf(data)
	if code := in.judge(def.Directives, owner); code > 0 {
		return in.deny(code, def.Name, path)
	}
	out := map[string]any{}
	for _, fields := range in.collect(def, set) {
		f, at := fields[0], append(path[:len(path):len(path)], fields[0].Alias)
		if f.Name == "__typename" {
			out[f.Alias] = def.Name
			continue
		}
		if code, coordinate := in.judgeField(def, f, owner); code > 0 {
			out[f.Alias] = in.deny(code, coordinate, at)
		} else {
			out[f.Alias] = in.merged(data[f.Alias], fields, at)
		}
	}
	return out
}

// merged is what the caller gets of a field that is open.
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
