package guard_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"
)

// writer writes random operations on a schema. In each selection of an object it leaves a mark, where the question to the
// open server asks what the object is, and whose.
type writer struct {
	t         *rapid.T
	schema    *ast.Schema
	fragments []string
	size      int
	alone     bool // no other operation stands beside it
}

var marks = strings.NewReplacer("%type%", "", "%Person%", "", "%Letter%", "", "%Crate%", "")

func (w *writer) plain(query string) string { return marks.Replace(query) }

func (w *writer) telling(query string) string {
	return strings.NewReplacer("%type%", tellType, "%Person%", tellPerson, "%Letter%", tellLetter, "%Crate%", tellCrate).Replace(query)
}

func (w *writer) mark(of string) string {
	m := "%type%"
	for _, owned := range []string{"Person", "Letter", "Crate"} {
		if slices.Contains(w.overlapping(of), owned) {
			m += "%" + owned + "%"
		}
	}
	return m
}

func (w *writer) chance(of int) bool { return rapid.IntRange(1, of).Draw(w.t, "chance") == 1 }

// document is a random query named Main, as mutation and subscription are what they say.
func (w *writer) document() string { return w.operation("query", w.set("Query", 5)) }

func (w *writer) mutation() string { return w.operation("mutation", w.set("Mutation", 5)) }

// subscription has one field, which is never skipped.
func (w *writer) subscription() string {
	return w.operation("subscription", "{ "+w.whole("Subscription", w.pick("Subscription", 4), 4)+"}")
}

// operation is a document with an operation, and now and then with another one beside it.
func (w *writer) operation(kind, body string) string {
	body += strings.Join(w.fragments, "")
	text := kind + " Main"
	if declared := declared(body); declared != "" {
		text += "(" + declared + ")"
	}
	text += " " + body
	switch {
	case w.alone:
	case w.chance(6):
		text = "mutation Other { openSafe { code } } " + text
	case w.chance(6):
		text += " query Other { me { salary } }"
	}
	return text
}

// declared are the variables that a text asks for, as an operation declares them.
func declared(text string) string {
	var all []string
	for _, d := range declarationsOfVariables() {
		if name, _, _ := strings.Cut(d, ":"); strings.Contains(text, name) {
			all = append(all, d)
		}
	}
	return strings.Join(all, ", ")
}

// caller is anyone, with a token of any kind.
func (w *writer) caller() string {
	name := rapid.SampledFrom([]string{"", "ada", "ada", "bob", "cy", "? ada"}).Draw(w.t, "caller")
	if name == "" || name == "? ada" {
		return name
	}
	for _, words := range [][]string{
		{"", "", " CLERK", " BOSS", " BOSS CLERK"},
		{"", " ago:15m", " ago:16m", " ago:2h"},
		{"", " org.tier=gold", " org.tier=iron", " org.level=gold"},
		{"", "", " scope:all", " scope:diary:read", " scope:teams:read scope:ratings:read", " scope:diary:read scope:people:read"},
	} {
		name += rapid.SampledFrom(words).Draw(w.t, "words")
	}
	return name
}

// verified is a caller whose token verifies, or one without.
func (w *writer) verified() string { return strings.TrimPrefix(w.caller(), "? ") }

func declarationsOfVariables() []string {
	return []string{
		`$text: String`, `$about: String = "x"`, `$filter: Filter! = {team: {secret: 1}}`, `$many: [Filter!]`, `$times: Int`,
		`$hire: HireInput! = {name: "x", rank: 2}`, `$skip: Boolean! = false`, `$include: Boolean!`,
	}
}

// withDefaults are the variables, and what the document has for the others.
func withDefaults(variables map[string]any) map[string]any {
	all := map[string]any{
		"about": "x", "filter": map[string]any{"team": map[string]any{"secret": 1}}, "skip": false,
		"hire": map[string]any{"name": "x", "rank": 2},
	}
	maps.Copy(all, variables)
	return all
}

// filters are the values that a filter may have.
func filters() []map[string]any {
	return []map[string]any{
		{},
		{"name": "a"},
		{"salaryAbove": nil},
		{"not": map[string]any{"team": map[string]any{"secret": 2}}},
		{"plain": map[string]any{"a": 1}, "and": []any{map[string]any{"name": "b"}, map[string]any{"salaryAbove": 3}}},
		{"and": map[string]any{"salaryAbove": 3, "team": nil}},
	}
}

func hires() []map[string]any {
	return []map[string]any{
		{"name": "a"},
		{"name": "a", "roles": nil, "rank": 3},
		{"name": "a", "notes": map[string]any{"text": "b"}},
		{"name": "a", "notes": []any{map[string]any{"text": "b", "secret": nil}}, "roles": "BOSS"},
	}
}

// variables are those of a request: each is there or not.
func (w *writer) variables() map[string]any {
	all := map[string]any{"include": rapid.Bool().Draw(w.t, "include")}
	filter := rapid.SampledFrom(filters())
	if w.chance(2) {
		all["text"] = rapid.SampledFrom([]any{nil, "b"}).Draw(w.t, "text")
	}
	if w.chance(2) {
		all["about"] = nil
	}
	if w.chance(2) {
		all["skip"] = true
	}
	if w.chance(2) {
		all["times"] = 4
	}
	if w.chance(2) {
		all["filter"] = filter.Draw(w.t, "filter")
	}
	if w.chance(2) {
		all["hire"] = rapid.SampledFrom(hires()).Draw(w.t, "hire")
	}
	if w.chance(2) {
		one, other := filter.Draw(w.t, "one"), filter.Draw(w.t, "other")
		all["many"] = rapid.SampledFrom([]any{nil, one, []any{one, other}}).Draw(w.t, "many")
	}
	return all
}

// arguments are what a field may be given, with nothing that does not parse.
func arguments(of, field string) []string {
	switch of + "." + field {
	case "Mutation.signIn", "Mutation.sneak":
		return []string{`(name: "ada")`, `(name: "bob CLERK")`, `(name: "cy BOSS CLERK ago:5m org.tier=gold")`, `(name: "ada scope:all ago:20m")`}
	case "Mutation.hire":
		return []string{
			`(input: $hire)`, `(input: {name: "a"})`, `(input: {name: $about, notes: [{text: "b"}, {text: "c", secret: null}]})`,
			`(input: {name: "a", rank: 2, roles: BOSS})`,
		}
	case "Mutation.praise":
		return []string{`(id: "ada")`, `(id: "ada", times: 2)`, `(id: "bob", times: $times)`}
	case "Subscription.secrets":
		return []string{"", `(filter: $filter)`, `(filter: null)`, `(filter: {team: {}})`}
	case "Query.file":
		return []string{`(id: "one")`}
	case "Query.salaries", "Query.vault", "Person.friends":
		return []string{`(first: 3)`}
	case "Viewer.ask":
		return []string{"", `(as: "x")`, `(as: $text)`, `(as: null)`}
	case "SignInPayload.greeting":
		return []string{"", `(in: "x")`, `(in: $about, filter: $filter)`, `(filter: {not: {salaryAbove: null}})`}
	}
	switch field {
	case "rating":
		return []string{"", `(by: "a")`, `(by: null)`, `(by: $text)`, `(by: $about)`}
	case "poem":
		return []string{"", `(about: "a")`, `(about: $text)`, `(about: $about)`}
	case "tag":
		return []string{"", `(of: "a")`, `(of: $text, filter: {})`, `(of: null, filter: {salaryAbove: 2})`}
	case "items":
		return []string{"", `(by: $filter)`, `(by: {name: "a", and: [{}, {team: null}]})`, `(by: null)`, `(by: {name: $about, team: {id: "a"}})`}
	case "search":
		return []string{
			"", `(text: $text)`, `(limit: 3)`, `(filter: {})`, `(filter: $filter, limit: null)`, `(filter: {salaryAbove: 1, team: {secret: 2}})`,
			`(anyOf: $many)`, `(anyOf: [$filter, {name: "a"}])`, `(anyOf: {not: $filter})`, `(text: "x", filter: {name: $text, and: $many})`,
			`(filter: {team: {secret: 3}}, grid: [[$filter]])`, `(grid: {salaryAbove: null})`, `(filter: {name: "salaryAbove"}, anyOf: [])`,
		}
	default:
		return nil
	}
}

// set is a selection of a type, with at least one field in it.
func (w *writer) set(of string, depth int) string {
	var b strings.Builder
	b.WriteString("{ " + w.mark(of))
	if depth < 5 && (of == "Query" || of == "Mutation") && w.chance(3) {
		return b.String() + "__typename" + w.skip() + "}" // where a root type is answered, this is no small matter
	}
	for range rapid.IntRange(1, 4).Draw(w.t, "selections") {
		switch {
		case depth > 0 && w.size < 60 && w.chance(4):
			b.WriteString(w.fragment(of, depth-1))
		default:
			b.WriteString(w.field(of, depth-1))
		}
	}
	b.WriteString(" }")
	return b.String()
}

func (w *writer) skip() string {
	return rapid.SampledFrom([]string{
		" ", " ", " ", " ", " @skip(if: true) ", " @skip(if: false) ", " @include(if: false) ", " @skip(if: $skip) ", " @include(if: $include) ",
		" @skip(if: $skip) @include(if: $include) ",
	}).Draw(w.t, "skip")
}

func (w *writer) fragment(of string, depth int) string {
	condition := rapid.SampledFrom(w.overlapping(of)).Draw(w.t, "condition")
	if w.chance(6) {
		return "..." + w.skip() + w.set(of, depth) + " "
	}
	if again := w.spreadable(of); len(again) > 0 && w.chance(2) {
		return rapid.SampledFrom(again).Draw(w.t, "again") + w.skip()
	}
	if w.chance(2) {
		return "... on " + condition + w.skip() + w.set(condition, depth) + " "
	}
	name := "f" + strings.Repeat("x", len(w.fragments))
	w.fragments = append(w.fragments, "") // its place, so that those within have other names
	w.fragments[len(name)-1] = " fragment " + name + " on " + condition + " " + w.set(condition, depth)
	return "..." + name + w.skip()
}

// spreadable are the fragments that there are already and that may be spread in a selection of the type.
func (w *writer) spreadable(of string) []string {
	var all []string
	for i, text := range w.fragments {
		words := strings.Fields(text) // none where it is still being written
		if len(words) > 3 && slices.Contains(w.overlapping(of), words[3]) {
			all = append(all, "...f"+strings.Repeat("x", i))
		}
	}
	return all
}

// overlapping are the types of which an object of the given one can be.
func (w *writer) overlapping(of string) []string {
	var all []string
	for name, def := range w.schema.Types {
		if !def.IsCompositeType() || def.BuiltIn {
			continue
		}
		for _, p := range w.schema.GetPossibleTypes(def) {
			if slices.Contains(w.schema.GetPossibleTypes(w.schema.Types[of]), p) && !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return all
}

func (w *writer) field(of string, depth int) string {
	name := w.pick(of, depth)
	if name == "" || w.chance(8) {
		return "__typename "
	}
	return w.whole(of, name, depth)
}

// pick is the name of a field that may be asked for, empty where there is none.
func (w *writer) pick(of string, depth int) string {
	w.size++
	var names []string
	for _, f := range w.schema.Types[of].Fields {
		leaf := w.schema.Types[f.Type.Name()].IsLeafType()
		if !strings.HasPrefix(f.Name, "__") && (leaf || depth > 0 && w.size < 60) {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return rapid.SampledFrom(names).Draw(w.t, "field")
}

// whole is a field with all that belongs to it. Another alias stands for other arguments.
func (w *writer) whole(of, name string, depth int) string {
	f := w.schema.Types[of].Fields.ForName(name)
	text := name
	switch given := arguments(of, name); {
	case given != nil:
		i := rapid.IntRange(0, len(given)-1).Draw(w.t, "arguments")
		text = fmt.Sprintf("%s_%s_%d: %s%s", name, strings.ToLower(of), i, name, given[i])
	case f.Arguments.ForName("id") != nil:
		id := rapid.SampledFrom([]string{"ada", "bob", "to-ada", "to-bob", "safe", "parcel", "tool", "crate", "nothing"}).Draw(w.t, "id")
		text = name + "_" + strings.ReplaceAll(id, "-", "_") + ": " + name + `(id: "` + id + `")`
	case w.chance(4):
		text = name + "_again: " + name
	}
	if of != "Subscription" {
		text += w.skip()
	}
	if !w.schema.Types[f.Type.Name()].IsLeafType() {
		text += w.set(f.Type.Name(), depth)
	}
	return text + " "
}
