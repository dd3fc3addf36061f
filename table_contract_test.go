package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// operation is a path of single fields through the contract.
type operation struct {
	query    string // with {own}, {other} and so on for IDs, and § for the selection that is still to come
	mutation bool
	// subscription is one that is answered as streams are, once something happens.
	subscription bool

	own     bool // every object on the way is the caller's own
	lenient bool // the domain may have something to say of an argument
	steps   []step
}

type step struct {
	object *ast.Definition
	field  *ast.FieldDefinition
	given  map[string]ast.DirectiveList // what is supplied, by coordinate
}

// operations are one for each field that a query or a mutation can come to, and one for each field of an input.
func (b *board) operations() []operation {
	w := &walker{schema: b.schema, seen: map[string]bool{}}
	for _, f := range b.schema.Query.Fields {
		switch {
		case strings.HasPrefix(f.Name, "__"):
		case f.Name == "node":
			for id, on := range map[string]string{
				"{own}": "User", "{other}": "User", "{ownSession}": "Session", "{otherSession}": "Session", "{event}": "AuditEvent",
			} {
				at := operation{query: fmt.Sprintf(`query { node(id: %q) { __typename ... on %s { § } } }`, id, on), own: strings.HasPrefix(id, "{own")}
				at.steps = []step{{b.schema.Query, f, nil}}
				w.object(at, b.schema.Types[on])
			}
		case f.Name == "user":
			for _, id := range []string{"{own}", "{other}"} {
				w.field(operation{query: "query { § }", own: id == "{own}"}, b.schema.Query, f, fmt.Sprintf("(id: %q)", id), nil)
			}
		default:
			at := operation{query: "query { § }", own: f.Name != "users"}
			w.field(at, b.schema.Query, f, "", nil)
			w.given(at, b.schema.Query, f)
		}
	}
	for _, f := range b.schema.Mutation.Fields {
		w.given(operation{query: "mutation { § }", mutation: true}, b.schema.Mutation, f)
	}
	for _, f := range b.schema.Subscription.Fields {
		w.given(operation{query: "subscription { § }", subscription: true, own: true}, b.schema.Subscription, f)
	}
	return w.all
}

type walker struct {
	schema *ast.Schema
	seen   map[string]bool // objects, by name and whose they are
	all    []operation
}

func (w *walker) object(at operation, def *ast.Definition) {
	key := fmt.Sprint(def.Name, at.own, at.mutation, at.subscription)
	if def.Kind != ast.Object || w.seen[key] {
		return
	}
	w.seen[key] = true
	for _, f := range def.Fields {
		w.field(at, def, f, "", nil)
	}
}

// field asks for a field, and for what it answers.
func (w *walker) field(at operation, def *ast.Definition, f *ast.FieldDefinition, given string, what map[string]ast.DirectiveList) {
	at.steps = append(slices.Clone(at.steps), step{def, f, what})
	answers := w.schema.Types[f.Type.Name()]
	here := at
	if answers.IsLeafType() {
		here.query = strings.Replace(at.query, "§", f.Name+given, 1)
		w.all = append(w.all, here)
		return
	}
	here.query = strings.Replace(at.query, "§", f.Name+given+" { __typename }", 1)
	w.all = append(w.all, here)
	at.query = strings.Replace(at.query, "§", f.Name+given+" { § }", 1)
	w.object(at, answers)
}

// given asks for a field with what it needs, and with each argument and each field of an input that it can do without.
func (w *walker) given(at operation, def *ast.Definition, f *ast.FieldDefinition) {
	needed := func(with *ast.ArgumentDefinition, value string) string {
		var all []string
		for _, a := range f.Arguments {
			switch {
			case a == with:
				all = append(all, a.Name+": "+value)
			case a.Type.NonNull:
				all = append(all, a.Name+": "+w.value(a.Name, a.Type))
			}
		}
		if len(all) == 0 {
			return ""
		}
		return "(" + strings.Join(all, ", ") + ")"
	}
	w.field(at, def, f, needed(nil, ""), nil)
	at.lenient = true
	for _, a := range f.Arguments {
		coordinate := def.Name + "." + f.Name + "(" + a.Name + ":)"
		in := w.schema.Types[a.Type.Name()]
		if in.Kind != ast.InputObject {
			w.field(at, def, f, needed(a, w.value(a.Name, a.Type)), map[string]ast.DirectiveList{coordinate: a.Directives})
			continue
		}
		for _, x := range in.Fields {
			if !x.Type.NonNull {
				what := map[string]ast.DirectiveList{coordinate: a.Directives, in.Name + "." + x.Name: x.Directives}
				w.field(at, def, f, needed(a, w.input(in, x)), what)
			}
		}
	}
}

func (w *walker) input(def *ast.Definition, with *ast.FieldDefinition) string {
	var all []string
	for _, f := range def.Fields {
		if f == with || f.Type.NonNull {
			all = append(all, f.Name+": "+w.value(f.Name, f.Type))
		}
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// value parses, and the domain does nothing with it that matters.
func (w *walker) value(name string, t *ast.Type) string {
	def := w.schema.Types[t.Name()]
	text := map[string]string{
		"ID": `"usr_00000000000000000000000000"`, "EmailAddress": `"nobody@example.com"`, "DateTime": `"2027-01-31T08:15:00Z"`,
		"Int": "1", "Boolean": "true",
	}[def.Name]
	switch {
	case def.Kind == ast.InputObject:
		return w.input(def, nil)
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name
	case name == "sessionId":
		return `"ses_00000000000000000000000000"`
	case text != "":
		return text
	default:
		return `"x"`
	}
}

// try asks one operation, and compares what comes of it with what the contract says.
func (b *board) try(t *testing.T, method string, p bearer, op operation) {
	t.Helper()
	query := strings.NewReplacer("{own}", string(p.User.ID), "{other}", string(b.other.User.ID), "{ownSession}", string(p.Session.ID),
		"{otherSession}", string(b.other.Session.ID), "{event}", string(b.event)).Replace(op.query)
	status, got := b.send(t, method, p.token, query)
	if !p.verifies && p.token != "-" && (!op.runsAnyhow() || method == bySocket) {
		if status != http.StatusUnauthorized || got.Data != nil || fmt.Sprint(got.faults()) != "[UNAUTHENTICATED invalid_token]" {
			t.Errorf("%s is answered %d, %v", query, status, got)
		}
		return
	}
	var denied []string
	for _, e := range got.Errors {
		if c := e.Extensions["coordinate"]; c != nil {
			denied = append(denied, strings.TrimSpace(fmt.Sprint(e.Extensions["code"], " ", c, " ", names(e.Path))))
		} else if !op.mutation && !op.lenient {
			t.Errorf("%s is answered %v", query, e)
		}
	}
	wrong := ""
	if op.mutation {
		wrong = b.wrongBefore(p, op, denied, got)
	} else if want := b.firstDenied(p, op); fmt.Sprint(want) != fmt.Sprint(denied) {
		wrong = fmt.Sprintf("denied %v, want %v", denied, want)
	} else if want == nil && !op.lenient && !reaches(got.Data, op.steps) {
		wrong = fmt.Sprintf("the answer does not come so far: %v", got.Data)
	}
	if wrong != "" {
		t.Errorf("%s: %s", query, wrong)
	}
}

func (b *board) send(t *testing.T, method, token, query string) (int, answer) {
	t.Helper()
	switch method {
	case http.MethodPost:
		return b.ask(t, token, query, nil)
	case byEvents:
		return b.sendByEvents(t, token, query)
	case bySocket:
		return b.sendBySocket(t, token, query)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, b.url+"/graphql?"+url.Values{"query": {query}}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "-" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	status, body := do(t, r)
	var got answer
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return status, got
}

// names are a path without its indexes.
func names(path []any) string {
	var all []string
	for _, p := range path {
		if name, ok := p.(string); ok {
			all = append(all, name)
		}
	}
	return strings.Join(all, ".")
}

// runsAnyhow reports whether the operation runs, with no identity, for whom no token identifies.
func (op operation) runsAnyhow() bool {
	root := op.steps[0].field
	public := root.Directives.ForName("public") != nil && root.Directives.ForName("signsIn") != nil
	return op.mutation && (public || root.Name == "signOut")
}

// codes are what is told of a denial, by how grave it is.
var codes = [...]string{"", "RECENT_SIGN_IN_REQUIRED", "FORBIDDEN", "UNAUTHENTICATED"}

// judge is the gravest of what some directives deny the bearer; own tells whether the object is theirs.
func (p bearer) judge(own bool, lists ...ast.DirectiveList) int {
	gravest := 0
	for _, d := range slices.Concat(lists...) {
		code := 0
		args := d.ArgumentMap(nil)
		switch d.Name {
		case "hasRole":
			holds := slices.ContainsFunc(p.roles, func(r auth.Role) bool { return slices.Contains(listed(args["role"]), string(r)) })
			if !holds && (!own || args["orOwner"] != true) {
				code = 2
			}
		case "requiresScopes":
			if p.scopes != nil && !slices.ContainsFunc(args["scopes"].([]any), func(all any) bool {
				return !slices.ContainsFunc(listed(all), func(s string) bool { return !slices.Contains(p.scopes, s) })
			}) {
				code = 2
			}
		case "recentSignIn":
			if p.stale && args["within"] == "PT15M" {
				code = 1
			}
		case "authenticated":
		default:
			continue
		}
		if !p.verifies {
			code = 3
		}
		gravest = max(gravest, code)
	}
	return gravest
}

func listed(v any) []string {
	if all, ok := v.([]any); ok {
		texts := make([]string, len(all))
		for i, x := range all {
			texts[i] = fmt.Sprint(x)
		}
		return texts
	}
	return []string{fmt.Sprint(v)}
}

// judgeField is what is denied of a field, with what its interfaces say.
func (b *board) judgeField(p bearer, own bool, s step) int {
	code := p.judge(own, s.field.Directives)
	for _, name := range s.object.Interfaces {
		if i := b.schema.Types[name]; i.Fields.ForName(s.field.Name) != nil {
			code = max(code, p.judge(own, i.Directives, i.Fields.ForName(s.field.Name).Directives))
		}
	}
	return code
}

// firstDenied is the one denial of a query, as "CODE coordinate path"; nil where there is none.
func (b *board) firstDenied(p bearer, op operation) []string {
	var path []string
	for i, s := range op.steps {
		if code := p.judge(op.own, s.object.Directives); code > 0 {
			return []string{strings.TrimSpace(codes[code] + " " + s.object.Name + " " + strings.Join(path, "."))}
		}
		path = append(path, s.field.Name)
		code, coordinate := b.judgeField(p, op.own, s), s.object.Name+"."+s.field.Name
		for at, ds := range s.given {
			if c := p.judge(false, ds); c > code {
				code, coordinate = c, at
			}
		}
		if code > 0 {
			return []string{codes[code] + " " + coordinate + " " + strings.Join(path, ".")}
		}
		if answers := b.schema.Types[s.field.Type.Name()]; i == len(op.steps)-1 && answers.Kind == ast.Object {
			if code := p.judge(op.own, answers.Directives); code > 0 {
				return []string{codes[code] + " " + answers.Name + " " + strings.Join(path, ".")}
			}
		}
	}
	return nil
}

// reaches reports whether an answer has objects all the way. What the last field answers may be null.
func reaches(data any, steps []step) bool {
	for i := range steps {
		for {
			list, ok := data.([]any)
			if !ok {
				break
			}
			if len(list) == 0 {
				return false
			}
			data = list[0]
		}
		object, _ := data.(map[string]any)
		value, there := object[steps[i].field.Name]
		if !there {
			return false
		}
		data = value
	}
	return true
}

// wrongBefore is what is wrong with what a mutation was told: what claims deny of it, where they deny anything, and
// else nothing but what the domain says. A field need not be listed beside its object, nor what is supplied beside its
// field.
func (b *board) wrongBefore(p bearer, op operation, told []string, got answer) string {
	denied := map[string]int{}
	within := map[string]string{} // which other place says as much
	for i, s := range op.steps {
		coordinate := s.object.Name + "." + s.field.Name
		denied[s.object.Name] = p.judge(true, s.object.Directives)
		denied[coordinate], within[coordinate] = b.judgeField(p, true, s), s.object.Name
		for at, ds := range s.given {
			denied[at], within[at] = p.judge(false, ds), coordinate
		}
		if s.field.Directives.ForName("signsIn") != nil {
			break // what is below goes to whom it signs in
		}
		if answers := b.schema.Types[s.field.Type.Name()]; i == len(op.steps)-1 && answers.Kind == ast.Object {
			denied[answers.Name] = p.judge(true, answers.Directives)
		}
	}
	listed := map[string]int{}
	var wrong []string
	for _, e := range told {
		code, coordinate, _ := strings.Cut(e, " ")
		if at := slices.Index(codes[:], code); at < 1 || at > denied[coordinate] {
			wrong = append(wrong, "told "+e)
		} else {
			listed[coordinate] = at
		}
	}
	for coordinate, code := range denied {
		field := within[coordinate]
		if max(listed[coordinate], listed[field], listed[within[field]]) < code {
			wrong = append(wrong, "not told "+codes[code]+" "+coordinate)
		}
	}
	if len(listed) > 0 && got.Data != nil {
		wrong = append(wrong, fmt.Sprintf("it ran: %v", got.Data))
	}
	return strings.Join(wrong, "; ")
}
