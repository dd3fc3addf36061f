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
	open      map[string]bool   // the fields that were open somewhere, by coordinate
}

// The aliases under which the answer also tells what an object is, and whose.
const (
	typeAlias   = "ofType"
	ownerAlias  = "ofPerson"
	letterAlias = "ofLetter"
	crateAlias  = "ofCrate"

	tellType   = typeAlias + ": __typename "
	tellPerson = "... on Person { " + ownerAlias + ": id } "
	tellLetter = "... on Letter { " + letterAlias + ": to { id } } "
	tellCrate  = "... on Crate { " + crateAlias + ": keeper { id } } "
)

func ownerOf(object map[string]any) string {
	if id, ok := object[ownerAlias].(string); ok {
		return id
	}
	for _, alias := range []string{letterAlias, crateAlias} {
		if of, ok := object[alias].(map[string]any); ok {
			return of["id"].(string)
		}
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
		holds = slices.ContainsFunc(claimsOf(c, args["name"].(string)), func(v any) bool { return slices.Contains(list(args["in"]), v) })
	case "recentSignIn":
		within := map[string]time.Duration{"PT15M": 15 * time.Minute, "PT1H": time.Hour, "P1D": 24 * time.Hour}[args["within"].(string)]
		if c.AuthTime == nil || testserver.Noon().After(c.AuthTime.Add(within)) {
			return tooOld
		}
	}
	if !holds {
		return forbidden
	}
	return 0
}

// claimsOf are the values of a claim, of those that the rules here name.
func claimsOf(c *auth.Claims, name string) []any {
	switch of, name, _ := strings.Cut(name, "."); of {
	case "sub":
		return []any{string(c.Subject)}
	case "roles":
		var all []any
		for _, r := range c.Roles {
			all = append(all, string(r))
		}
		return all
	default:
		inner, _ := c.Extra[of].(map[string]any)
		return []any{inner[name]}
	}
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
	code := in.judge(field.Directives, owner)
	for _, i := range def.Interfaces {
		if d := in.schema.Types[i].Fields.ForName(f.Name); d != nil {
			code = max(code, in.judge(in.schema.Types[i].Directives, owner), in.judge(d.Directives, owner))
		}
	}
	coordinate := def.Name + "." + f.Name
	see := func(c int, at string) {
		if c > code {
			code, coordinate = c, at
		}
	}
	in.supplied(def, f, see)
	signsIn := field.Directives.ForName("signsIn") != nil
	if answers := in.schema.Types[field.Type.Name()]; field.Type.Elem == nil && answers.Kind == ast.Object && !signsIn {
		see(in.judge(answers.Directives, string(in.caller.ID())), answers.Name) // without having asked for it
	}
	return code, coordinate
}

// supplied sees each argument for which the field supplies a value, and each input field.
func (in *interpreter) supplied(def *ast.Definition, f *ast.Field, see func(int, string)) {
	field := def.Fields.ForName(f.Name)
	declared := []*ast.FieldDefinition{field}
	for _, i := range def.Interfaces {
		if d := in.schema.Types[i].Fields.ForName(f.Name); d != nil {
			declared = append(declared, d)
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
		in.errors[key] = strings.TrimSpace(codes[code] + " " + coordinate + " " + strings.Join(path, "."))
	}
	return nil
}

// object is what the caller gets of an object: null too where one of its fields is null and may not be.
func (in *interpreter) object(data map[string]any, set ast.SelectionSet, path []string) any {
	def := in.schema.Types[data[typeAlias].(string)]
	owner := ownerOf(data)
	if code := in.judge(def.Directives, owner); code > 0 {
		return in.deny(code, def.Name, path)
	}
	out, whole := map[string]any{}, true
	for _, fields := range in.collect(def, set) {
		f, at := fields[0], append(path[:len(path):len(path)], fields[0].Alias)
		if f.Name == "__typename" {
			out[f.Alias] = def.Name
			continue
		}
		declared := def.Fields.ForName(f.Name)
		if code, coordinate := in.judgeField(def, f, owner); code > 0 {
			out[f.Alias] = in.deny(code, coordinate, at)
		} else {
			out[f.Alias] = in.resolved(declared, data[f.Alias], fields, at)
		}
		whole = whole && (out[f.Alias] != nil || !declared.Type.NonNull)
	}
	if !whole {
		return nil
	}
	return out
}

// resolved is what the caller gets of a field that is open, or whoever it signs in.
func (in *interpreter) resolved(declared *ast.FieldDefinition, data any, fields []*ast.Field, path []string) any {
	if in.open != nil {
		in.open[in.coordinate(declared)] = true
	}
	if declared.Directives.ForName("signsIn") != nil {
		before := in.caller
		defer func() { in.caller = before }()
		if name := fields[0].Arguments.ForName("name"); name != nil {
			in.caller = testserver.Caller(name.Value.Raw)
		}
	}
	innermost := declared.Type
	for innermost.Elem != nil {
		innermost = innermost.Elem
	}
	if innermost.NonNull && in.withholds(data, path) {
		return nil
	}
	return in.merged(data, declared.Type, fields, path)
}

func (in *interpreter) coordinate(declared *ast.FieldDefinition) string {
	for name, def := range in.schema.Types {
		if slices.Contains(def.Fields, declared) {
			return name + "." + declared.Name
		}
	}
	return ""
}

// withholds denies the first object of an answer that its type's rules hide, where none may be null: then all of the
// field is.
func (in *interpreter) withholds(data any, path []string) bool {
	switch data := data.(type) {
	case []any:
		for i, element := range data {
			if in.withholds(element, append(path[:len(path):len(path)], fmt.Sprint(i))) {
				return true
			}
		}
	case map[string]any:
		def := in.schema.Types[data[typeAlias].(string)]
		if code := in.judge(def.Directives, ownerOf(data)); code > 0 {
			in.deny(code, def.Name, path)
			return true
		}
	}
	return false
}

func (in *interpreter) merged(data any, of *ast.Type, fields []*ast.Field, path []string) any {
	switch data := data.(type) {
	case []any:
		out := make([]any, len(data))
		whole := true
		for i, element := range data {
			out[i] = in.merged(element, of.Elem, fields, append(path[:len(path):len(path)], fmt.Sprint(i)))
			whole = whole && (out[i] != nil || !of.Elem.NonNull)
		}
		if !whole {
			return nil
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
				if in.skipped(s.Directives) {
					continue
				}
				i := slices.IndexFunc(all, func(fs []*ast.Field) bool { return fs[0].Alias == s.Alias })
				if i < 0 {
					all = append(all, []*ast.Field{s})
				} else {
					all[i] = append(all[i], s)
				}
			case *ast.InlineFragment:
				if !in.skipped(s.Directives) && in.is(def, s.TypeCondition) {
					add(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				f := in.doc.Fragments.ForName(s.Name)
				if !in.skipped(s.Directives) && in.is(def, f.TypeCondition) {
					add(f.SelectionSet)
				}
			}
		}
	}
	add(set)
	return all
}

func (in *interpreter) skipped(ds ast.DirectiveList) bool {
	skip, include := ds.ForName("skip"), ds.ForName("include")
	return skip != nil && skip.ArgumentMap(in.variables)["if"] == true ||
		include != nil && include.ArgumentMap(in.variables)["if"] == false
}

func (in *interpreter) is(def *ast.Definition, condition string) bool {
	return condition == "" || condition == def.Name || slices.Contains(def.Interfaces, condition) ||
		slices.Contains(in.schema.Types[condition].Types, def.Name)
}
