package guard_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// Introspection offers what a plain reading of the rules allows, or allows on one's own objects, and nothing else.
func TestIntrospectionOffersWhatTheRulesAllow(t *testing.T) {
	o := newOffice(t)
	schema := testserver.Schema(nil).Schema()
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt, schema: schema}
		caller := w.verified()
		want := plainlyOffered(schema, testserver.Caller(caller))
		if diff := cmp.Diff(want, o.introspect(t, caller).coordinates()); diff != "" {
			rt.Fatalf("%q is offered something else (-interpreter +introspection):\n%s", caller, diff)
		}
	})
}

// The same for any rules, sensible or not: then a view is still a schema by itself.
func TestAViewShowsWhatAnyRulesAllow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		schema := randomRules(t, rt)
		caller := (&writer{t: rt, schema: schema}).verified()
		view := guard.NewViews(schema).Of(testserver.Caller(caller))
		want := plainlyOffered(schema, testserver.Caller(caller))
		if diff := cmp.Diff(want, wrapped(view.Schema()).coordinates()); diff != "" {
			rt.Fatalf("%q is shown something else (-interpreter +view):\n%s", caller, diff)
		}
		if diff := cmp.Diff(introspected(t, view.Schema()), introspected(t, wantSchema(t, view.SDL(false)))); diff != "" {
			rt.Fatalf("the view's text reads as another schema (-view +text):\n%s", diff)
		}
		wantSchema(t, view.SDL(true))
	})
}

// coordinates are what a schema offers: types, fields, arguments, input fields and what stands for what.
func (s shownSchema) coordinates() []string {
	var all []string
	for _, def := range s.Types {
		if strings.HasPrefix(def.Name, "__") || slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, def.Name) {
			continue
		}
		all = append(all, def.Name)
		for _, f := range def.Fields {
			all = append(all, def.Name+"."+f.Name)
			for _, a := range f.Args {
				all = append(all, def.Name+"."+f.Name+"("+a.Name+":)")
			}
		}
		for _, f := range def.InputFields {
			all = append(all, def.Name+"."+f.Name)
		}
		for _, i := range def.Interfaces {
			all = append(all, def.Name+" implements "+i.Name)
		}
		for _, p := range def.PossibleTypes {
			all = append(all, def.Name+" can be "+p.Name)
		}
	}
	for root, r := range map[string]*struct{ Name string }{"mutation": s.MutationType, "subscription": s.SubscriptionType} {
		if r != nil {
			all = append(all, root)
		}
	}
	slices.Sort(all)
	return all
}

// plainlyOffered reads the rules of a schema as they stand, without the guard: it goes from the root types to all that
// can be asked, as the caller and, below a sign-in, as someone without roles.
func plainlyOffered(schema *ast.Schema, c auth.Caller) []string {
	signedIn := auth.Caller{Claims: &auth.Claims{Subject: "someone"}}
	empty := map[string]bool{}
	for {
		o := &offer{schema: schema, empty: empty, said: map[string]bool{}, members: map[string]bool{}}
		for i, who := range []auth.Caller{c, signedIn} {
			if who.Claims != nil {
				recent := *who.Claims
				at := testserver.Noon()
				recent.AuthTime = &at
				who.Claims = &recent
			}
			o.who[i] = &interpreter{schema: schema, caller: who}
			o.useless[i] = map[string]bool{}
		}
		if all, settled := o.all(); settled {
			return all
		}
	}
}

const (
	asking = iota
	belowSignIn
)

// offer is what can be asked.
type offer struct {
	schema  *ast.Schema
	who     [2]*interpreter
	useless [2]map[string]bool // types of which nothing can be asked, or that cannot be given
	empty   map[string]bool    // interfaces without a field
	said    map[string]bool
	members map[string]bool // "Hit can be Safe"
}

func (o *offer) all() (all []string, settled bool) {
	for changed := true; changed; {
		changed = false
		for _, who := range []int{belowSignIn, asking} {
			for name, def := range o.schema.Types {
				if !def.BuiltIn && !o.useless[who][name] && !o.useful(who, def) {
					o.useless[who][name] = true
					changed = true
				}
			}
		}
	}
	for _, root := range []*ast.Definition{o.schema.Query, o.schema.Mutation, o.schema.Subscription} {
		if !o.useless[asking][root.Name] {
			o.see(asking, root.Name, true)
			o.say(strings.ToLower(root.Name))
		}
	}
	settled = o.interfaces()
	for line := range o.said {
		if line != "query" && !strings.HasPrefix(line, "seen") {
			all = append(all, line)
		}
	}
	if !o.said["Query"] {
		all = append(all, "Query", "Query._empty")
	}
	slices.Sort(all)
	return all, settled
}

func (o *offer) say(line string) bool {
	before := o.said[line]
	o.said[line] = true
	return !before
}

// passes reports whether the rules of some elements let the caller through, if only to their own objects.
func (o *offer) passes(who int, elements ...ast.DirectiveList) bool {
	in := o.who[who]
	for _, ds := range elements {
		if in.judge(ds, string(in.caller.ID())) > 0 {
			return false
		}
	}
	return true
}

func (o *offer) useful(who int, def *ast.Definition) bool {
	switch def.Kind {
	case ast.Object:
		return o.passes(who, def.Directives) && slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return o.asks(who, def, f) })
	case ast.InputObject:
		some := false
		for _, f := range def.Fields {
			gives := o.passes(who, f.Directives) && !o.useless[who][f.Type.Name()]
			if !gives && f.Type.NonNull && f.DefaultValue == nil {
				return false
			}
			some = some || gives
		}
		return some
	case ast.Interface, ast.Union:
		return !o.empty[def.Name] && slices.ContainsFunc(o.schema.GetPossibleTypes(def), func(p *ast.Definition) bool { return !o.useless[who][p.Name] })
	case ast.Enum, ast.Scalar:
	}
	return true
}

// asks reports whether the field can be asked of an object.
func (o *offer) asks(who int, def *ast.Definition, f *ast.FieldDefinition) bool {
	if strings.HasPrefix(f.Name, "__") || !o.passes(who, def.Directives, f.Directives) {
		return false
	}
	for _, i := range o.declaring(def, f) {
		if !o.passes(who, i.Directives, i.Fields.ForName(f.Name).Directives) {
			return false
		}
	}
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil && !o.gives(who, def, f, a) {
			return false
		}
	}
	return !o.useless[o.below(who, f)][f.Type.Name()]
}

func (o *offer) declaring(def *ast.Definition, f *ast.FieldDefinition) []*ast.Definition {
	var all []*ast.Definition
	for _, name := range def.Interfaces {
		if i := o.schema.Types[name]; i.Fields.ForName(f.Name) != nil {
			all = append(all, i)
		}
	}
	return all
}

func (o *offer) gives(who int, def *ast.Definition, f *ast.FieldDefinition, a *ast.ArgumentDefinition) bool {
	for _, i := range o.declaring(def, f) {
		if declared := i.Fields.ForName(f.Name).Arguments.ForName(a.Name); declared != nil && !o.passes(who, declared.Directives) {
			return false
		}
	}
	return o.passes(who, a.Directives) && !o.useless[who][a.Type.Name()]
}

func (o *offer) below(who int, f *ast.FieldDefinition) int {
	if f.Directives.ForName("signsIn") != nil {
		return belowSignIn
	}
	return who
}

// see goes on from a type: to what stands in its place where a field answers it, and to what it implements.
func (o *offer) see(who int, name string, answered bool) {
	def := o.schema.Types[name]
	if !o.say(fmt.Sprint("seen ", who, name, answered)) || def.BuiltIn || o.empty[name] {
		return
	}
	o.say(name)
	for _, i := range def.Interfaces {
		o.see(who, i, false)
	}
	switch def.Kind {
	case ast.Object:
		o.seeFields(who, def)
	case ast.Interface, ast.Union:
		for _, p := range o.schema.GetPossibleTypes(def) {
			if answered && !o.useless[who][p.Name] {
				o.see(who, p.Name, true)
				if def.Kind == ast.Union {
					o.say(name + " can be " + p.Name)
				}
			}
		}
	case ast.InputObject:
		for _, f := range def.Fields {
			if o.passes(who, f.Directives) && !o.useless[who][f.Type.Name()] {
				o.say(name + "." + f.Name)
				o.see(who, f.Type.Name(), true)
			}
		}
	case ast.Enum, ast.Scalar:
	}
}

func (o *offer) seeFields(who int, def *ast.Definition) {
	for _, f := range def.Fields {
		if !o.asks(who, def, f) {
			continue
		}
		o.say(def.Name + "." + f.Name)
		o.see(o.below(who, f), f.Type.Name(), true)
		for _, a := range f.Arguments {
			if o.gives(who, def, f, a) {
				o.say(def.Name + "." + f.Name + "(" + a.Name + ":)")
				o.see(who, a.Type.Name(), true)
			}
		}
	}
}

// interfaces says what all shown implementers of an interface still have. It is not settled where one has nothing left.
func (o *offer) interfaces() (settled bool) {
	settled = true
	for name, i := range o.schema.Types {
		if i.Kind != ast.Interface || !o.said[name] {
			continue
		}
		var shown []string
		for _, p := range o.schema.GetPossibleTypes(i) {
			if !o.said[p.Name] {
				continue
			}
			o.say(p.Name + " implements " + name)
			if p.Kind == ast.Object { // an interface that implements another is among gqlparser's possible types
				shown = append(shown, p.Name)
				o.say(name + " can be " + p.Name)
			}
		}
		everywhere := func(rest string) bool {
			return !slices.ContainsFunc(shown, func(p string) bool { return !o.said[p+rest] })
		}
		has := false
		for _, f := range i.Fields {
			if !everywhere("." + f.Name) {
				continue
			}
			has = o.say(name+"."+f.Name) || has
			for _, a := range f.Arguments {
				if rest := "." + f.Name + "(" + a.Name + ":)"; everywhere(rest) {
					o.say(name + rest)
				}
			}
		}
		if !has {
			o.empty[name] = true
			settled = false
		}
	}
	return settled
}

// randomRules are the test server's types with other rules.
func randomRules(t testing.TB, rt *rapid.T) *ast.Schema {
	t.Helper()
	const pool = `type Pool {
		a: Int @public b: Int @authenticated c: Int @hasRole(role: CLERK) d: Int @hasRole(role: [BOSS]) e: Int @hasRole(role: [CLERK, BOSS], orOwner: true)
		f: Int @hasRole(role: BOSS, orOwner: true) g: Int @requiresScopes(scopes: "all") h: Int @hasClaim(name: "org.tier", in: "gold")
		i: Int @recentSignIn(within: "PT15M") j: Int @hasRole(role: CLERK) @requiresScopes(scopes: [["diary:read"], ["teams:read"]]) k: Int l: Int m: Int n: Int } `
	schema := changed(t, "type Query {", pool+"type Query {")
	var all []ast.DirectiveList
	for _, f := range schema.Types["Pool"].Fields {
		all = append(all, f.Directives)
	}
	delete(schema.Types, "Pool")
	delete(schema.PossibleTypes, "Pool")
	draw := func(what string, place ast.DirectiveLocation, was ast.DirectiveList) ast.DirectiveList {
		rules := slices.DeleteFunc(slices.Clone(rapid.SampledFrom(all).Draw(rt, what)), func(d *ast.Directive) bool {
			return !slices.Contains(d.Definition.Locations, place)
		})
		if d := was.ForName("signsIn"); d != nil {
			rules = append(rules, d)
		}
		return rules
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		def := schema.Types[name]
		if def.BuiltIn {
			continue
		}
		if def.Kind == ast.Object || def.Kind == ast.Interface {
			def.Directives = draw(name, ast.DirectiveLocation(def.Kind), def.Directives)
		}
		place := ast.LocationFieldDefinition
		if def.Kind == ast.InputObject {
			place = ast.LocationInputFieldDefinition
		}
		for _, f := range def.Fields {
			f.Directives = draw(name+"."+f.Name, place, f.Directives)
			for _, a := range f.Arguments {
				a.Directives = draw(name+"."+f.Name+"("+a.Name+":)", ast.LocationArgumentDefinition, nil)
			}
		}
	}
	return schema
}
