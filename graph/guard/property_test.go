package guard_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// What a guarded server answers is what an open one does, less what the rules deny.
func TestTheGuardDecidesAsAPlainInterpreterDoes(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	open := httptest.NewServer(testserver.Handler(schema, nil))
	defer open.Close()
	closed := httptest.NewServer(testserver.Handler(schema, g))
	defer closed.Close()

	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{t: rt, schema: schema.Schema()}
		query := w.document()
		caller := w.caller()
		variables := w.variables()
		doc, errs := gqlparser.LoadQueryWithRules(schema.Schema(), w.plain(query), rules.NewDefaultRules())
		if errs != nil {
			rt.Fatalf("the document does not pass: %v\n%s", errs, w.plain(query))
		}
		in := &interpreter{schema: schema.Schema(), doc: doc, caller: testserver.Caller(caller), errors: map[string]string{}}
		in.variables = withDefaults(variables)
		asked := question{caller: caller, query: w.telling(query), variables: variables}
		everything := office{open.URL, nil}.post(t, asked, "application/json")
		want := in.object(decoded(rt, everything), doc.Operations[0].SelectionSet, nil)

		asked.query = w.plain(query)
		answer := office{closed.URL, nil}.post(t, asked, "application/json")
		if diff := cmp.Diff(want, any(decoded(rt, answer))); diff != "" {
			rt.Fatalf("data differs (-interpreter +guard):\n%s\n%s", diff, w.plain(query))
		}
		wanted := slices.Sorted(maps.Values(in.errors))
		got := slices.Sorted(slices.Values(errorsOf(t, answer)))
		if diff := cmp.Diff(wanted, got, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("errors differ (-interpreter +guard):\n%s\n%s", diff, w.plain(query))
		}
	})
}

func decoded(t *rapid.T, body []byte) map[string]any {
	var r struct{ Data map[string]any }
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return r.Data
}

// writer writes random queries of a schema. In each selection of an object it leaves a mark, where the question to the
// open server asks what the object is.
type writer struct {
	t         *rapid.T
	schema    *ast.Schema
	fragments []string
	size      int
}

var marks = strings.NewReplacer("%type%", "", "%person%", "", "%letter%", "")

func (w *writer) plain(query string) string { return marks.Replace(query) }

func (w *writer) telling(query string) string {
	return strings.NewReplacer("%type%", tellType, "%person%", tellPerson, "%letter%", tellLetter).Replace(query)
}

func (w *writer) mark(of string) string {
	m := "%type%"
	if slices.Contains(w.overlapping(of), "Person") {
		m += "%person%"
	}
	if slices.Contains(w.overlapping(of), "Letter") {
		m += "%letter%"
	}
	return m
}

func (w *writer) chance(of int) bool { return rapid.IntRange(1, of).Draw(w.t, "chance") == 1 }

func (w *writer) document() string {
	body := w.set("Query", 5) + strings.Join(w.fragments, "")
	var declared []string
	for _, d := range declarationsOfVariables() {
		if name, _, _ := strings.Cut(d, ":"); strings.Contains(body, name) {
			declared = append(declared, d)
		}
	}
	if len(declared) == 0 {
		return "query " + body
	}
	return "query(" + strings.Join(declared, ", ") + ") " + body
}

// caller is anyone, with a token of any kind.
func (w *writer) caller() string {
	name := rapid.SampledFrom([]string{"", "ada", "bob", "cy"}).Draw(w.t, "caller")
	if name == "" {
		return ""
	}
	for _, words := range [][]string{
		{"", "", " CLERK", " BOSS", " BOSS CLERK"},
		{"", " ago:15m", " ago:16m", " ago:2h"},
		{"", " org.tier=gold", " org.tier=iron"},
		{"", "", " scope:all", " scope:diary:read", " scope:teams:read scope:ratings:read", " scope:diary:read scope:people:read"},
	} {
		name += rapid.SampledFrom(words).Draw(w.t, "words")
	}
	return name
}

func declarationsOfVariables() []string {
	return []string{`$text: String`, `$about: String = "x"`, `$filter: Filter! = {team: {secret: 1}}`, `$many: [Filter!]`}
}

func withDefaults(variables map[string]any) map[string]any {
	all := map[string]any{"about": "x", "filter": map[string]any{"team": map[string]any{"secret": 1}}}
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

// variables are those of a request: each is there or not.
func (w *writer) variables() map[string]any {
	all := map[string]any{}
	filter := rapid.SampledFrom(filters())
	if w.chance(2) {
		all["text"] = rapid.SampledFrom([]any{nil, "b"}).Draw(w.t, "text")
	}
	if w.chance(2) {
		all["about"] = nil
	}
	if w.chance(2) {
		all["filter"] = filter.Draw(w.t, "filter")
	}
	if w.chance(2) {
		one, other := filter.Draw(w.t, "one"), filter.Draw(w.t, "other")
		all["many"] = rapid.SampledFrom([]any{nil, one, []any{one, other}}).Draw(w.t, "many")
	}
	return all
}

// arguments are what a field may be given, with nothing that does not parse.
func arguments(field string) []string {
	switch field {
	case "rating":
		return []string{"", `(by: "a")`, `(by: null)`, `(by: $text)`, `(by: $about)`}
	case "poem":
		return []string{"", `(about: "a")`, `(about: $text)`, `(about: $about)`}
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

// set is a selection of a type, with at least __typename in it.
func (w *writer) set(of string, depth int) string {
	var b strings.Builder
	b.WriteString("{ " + w.mark(of))
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
	return rapid.SampledFrom([]string{" ", " ", " ", " @skip(if: true) ", " @skip(if: false) "}).Draw(w.t, "skip")
}

func (w *writer) fragment(of string, depth int) string {
	condition := rapid.SampledFrom(w.overlapping(of)).Draw(w.t, "condition")
	if w.chance(2) {
		return "... on " + condition + w.skip() + w.set(condition, depth) + " "
	}
	name := "f" + strings.Repeat("x", len(w.fragments))
	w.fragments = append(w.fragments, "") // its place, so that those within have other names
	w.fragments[len(name)-1] = " fragment " + name + " on " + condition + " " + w.set(condition, depth)
	return "..." + name + w.skip()
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
	w.size++
	def := w.schema.Types[of]
	var names []string
	for _, f := range def.Fields {
		leaf := w.schema.Types[f.Type.Name()].IsLeafType()
		if w.asks(f) && (leaf || depth > 0 && w.size < 60) {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 || w.chance(8) {
		return "__typename "
	}
	f := def.Fields.ForName(rapid.SampledFrom(names).Draw(w.t, "field"))
	text := f.Name
	if f.Arguments.ForName("id") != nil { // another alias for another argument
		id := rapid.SampledFrom([]string{"ada", "bob", "to-ada", "to-bob", "safe", "parcel", "nothing"}).Draw(w.t, "id")
		text = f.Name + "_" + strings.ReplaceAll(id, "-", "_") + ": " + f.Name + `(id: "` + id + `")`
	} else if w.chance(4) {
		text = f.Name + "_again: " + f.Name
	}
	if given := arguments(f.Name); given != nil { // another alias for other arguments
		i := rapid.IntRange(0, len(given)-1).Draw(w.t, "arguments")
		text = fmt.Sprintf("%s_%d: %s%s", f.Name, i, f.Name, given[i])
	}
	text += w.skip()
	if !w.schema.Types[f.Type.Name()].IsLeafType() {
		text += w.set(f.Type.Name(), depth)
	}
	return text + " "
}

// asks leaves out introspection, what has arguments that fail, and mutations.
func (w *writer) asks(f *ast.FieldDefinition) bool {
	return !strings.HasPrefix(f.Name, "__") && f.Name != "salaries" && f.Name != "vault" && f.Name != "mutation" && f.Name != "ask"
}
