package document_test

import (
	"context"
	"crypto/sha1" //nolint:gosec // the client preset's names
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/web/document"
)

// testSchema has what the limits tell apart.
func testSchema() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Input: `
		scalar Secret
		directive @note(n: Int) repeatable on FIELD | QUERY | FRAGMENT_SPREAD | FRAGMENT_DEFINITION | INLINE_FRAGMENT | VARIABLE_DEFINITION
		input SignIn { email: String password: Secret }
		type Query { a(x: Int): Query b: Int c: Int many(of: [Int]): Int }
		type Mutation { one: Int two: Int three: Int four: Int signIn(input: SignIn): Int change(newPassword: Secret): Int refresh(token: Secret): Int }
	`})
}

func newDocuments(t testing.TB, schema *ast.Schema, s document.Settings) *document.Documents {
	t.Helper()
	if s.Limits == (document.Limits{}) {
		s.Limits = document.DefaultLimits()
	}
	d, err := document.New(schema, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// code is what the first error is called, with its limit or field.
func code(errs gqlerror.List) string {
	if len(errs) == 0 {
		return ""
	}
	said := []string{fmt.Sprint(errs[0].Extensions["code"])}
	for _, name := range []string{"limit", "field"} {
		if v, ok := errs[0].Extensions[name]; ok {
			said = append(said, fmt.Sprint(v))
		}
	}
	return strings.Join(said, " ")
}

func nested(depth int, inside string) string {
	return strings.Repeat("a { ", depth) + inside + strings.Repeat(" }", depth)
}

// each repeats a text with a number in it.
func each(n int, format string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, strings.ReplaceAll(format, "#", "%[1]d"), i)
	}
	return all.String()
}

func TestWhatIsAtALimitIsReadAndWhatIsBeyondItIsRefused(t *testing.T) {
	tests := map[string]struct{ at, beyond, limit string }{
		"text":             {"{ b } #" + strings.Repeat("x", 32<<10-7), "{ b } #" + strings.Repeat("x", 32<<10-6), "queryLength"},
		"tokens":           {"{ many(of: [" + strings.Repeat("1 ", 3991) + "]) }", "{ many(of: [" + strings.Repeat("1 ", 3992) + "]) }", "tokens"},
		"depth":            {"{" + nested(15, "b") + "}", "{" + nested(16, "b") + "}", "depth"},
		"depth by names":   {"{" + nested(15, "__typename") + "}", "{" + nested(16, "__typename") + "}", "depth"},
		"fragments' depth": {"{ ...F } fragment F on Query {" + nested(8, "...G") + "} fragment G on Query {" + nested(7, "b") + "}", "{ ...F } fragment F on Query {" + nested(8, "...G") + "} fragment G on Query {" + nested(8, "b") + "}", "depth"},
		"inline depth":     {"{" + strings.Repeat("... { ", 40) + "b" + strings.Repeat(" }", 40) + "}", "{" + nested(8, "... { "+nested(8, "b")+" }") + "}", "depth"},
		"introspection": {
			"{ __schema { types { fields { type { " + strings.Repeat("ofType { ", 15) + "name" + strings.Repeat(" }", 15) + " } } } } }",
			"{ __schema { types { fields { type { " + strings.Repeat("ofType { ", 16) + "name" + strings.Repeat(" }", 16) + " } } } } }",
			"introspectionDepth",
		},
		"aliases":              {"{ " + each(30, "x#: b ") + "}", "{ " + each(31, "x#: b ") + "}", "aliases"},
		"aliases in fragments": {"{ ...F } fragment F on Query { " + each(30, "x#: b ") + "}", "{ ...F } fragment F on Query { " + each(31, "x#: b ") + "}", "aliases"},
		"directives":           {"{ b " + strings.Repeat("@note ", 10) + "}", "{ b " + strings.Repeat("@note ", 11) + "}", "directives"},
		"an operation's":       {"query " + strings.Repeat("@note ", 10) + "{ b }", "query " + strings.Repeat("@note ", 11) + "{ b }", "directives"},
		"a spread's":           {"{ ...F " + strings.Repeat("@note ", 10) + "} fragment F on Query { b }", "{ ...F " + strings.Repeat("@note ", 11) + "} fragment F on Query { b }", "directives"},
		"a fragment's":         {"{ ...F } fragment F on Query " + strings.Repeat("@note ", 10) + "{ b }", "{ ...F } fragment F on Query " + strings.Repeat("@note ", 11) + "{ b }", "directives"},
		"an inline one's":      {"{ ... " + strings.Repeat("@note ", 10) + "{ b } }", "{ ... " + strings.Repeat("@note ", 11) + "{ b } }", "directives"},
		"a variable's":         {"query($x: Int " + strings.Repeat("@note ", 10) + ") { a(x: $x) { b } }", "query($x: Int " + strings.Repeat("@note ", 11) + ") { a(x: $x) { b } }", "directives"},
		"fields":               {"{ " + strings.Repeat("b ", 500) + "}", "{ " + strings.Repeat("b ", 501) + "}", "fields"},
		"fields of fragments":  {"{ " + strings.Repeat("...F ", 10) + "} fragment F on Query { " + strings.Repeat("b ", 50) + "}", "{ b " + strings.Repeat("...F ", 10) + "} fragment F on Query { " + strings.Repeat("b ", 50) + "}", "fields"},
		"fragments":            {"{ " + each(100, "...F# ") + "}" + each(100, "fragment F# on Query { b }"), "{ " + each(101, "...F# ") + "}" + each(101, "fragment F# on Query { b }"), "fragments"},
		"operations":           {each(5, "query Q# { b }"), each(6, "query Q# { b }"), "operations"},
		"variables": {
			"query(" + each(50, "$x#: Int ") + ") { many(of: [" + each(50, "$x# ") + "]) }",
			"query(" + each(51, "$x#: Int ") + ") { many(of: [" + each(51, "$x# ") + "]) }", "variables",
		},
		"root fields":          {"mutation { one two three }", "mutation { one two three four }", "rootFields"},
		"root fields, skipped": {"mutation { one one two three }", "mutation { one two three four @skip(if: true) }", "rootFields"},
		"root fields spread":   {"mutation { ...F ... { two } } fragment F on Mutation { one three }", "mutation { ...F ... { two four } } fragment F on Mutation { one three }", "rootFields"},
		"passwords":            {`mutation { signIn(input: {email: "a"}) refresh(token: "x") }`, `mutation { x: signIn(input: {email: "a"}) y: signIn(input: {email: "a"}) }`, "passwordFields"},
		"passwords of two":     {`mutation { change(newPassword: "x") }`, `mutation { change(newPassword: "x") ...F } fragment F on Mutation { signIn }`, "passwordFields"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDocuments(t, testSchema(), document.Settings{})
			if _, errs := d.Read(t.Context(), test.at); errs != nil {
				t.Errorf("at the limit: %v", errs)
			}
			if _, errs := d.Read(t.Context(), test.beyond); code(errs) != "LIMIT_EXCEEDED "+test.limit {
				t.Errorf("beyond it: %v, want %s", errs, test.limit)
			}
		})
	}
}

func TestAHostileDocumentIsRefusedInLittleTime(t *testing.T) {
	bomb := "{ ...F0 } " + each(99, "fragment F# on Query { a { ...NEXT# ...NEXT# } }") + " fragment F99 on Query { b }"
	for i := range 99 {
		bomb = strings.ReplaceAll(bomb, fmt.Sprintf("NEXT%d ", i), fmt.Sprintf("F%d ", i+1))
	}
	tests := map[string]struct{ text, want string }{
		"fragments that double":          {bomb, "LIMIT_EXCEEDED fields"},
		"a fragment within itself":       {"{ ...F } fragment F on Query { a { ...F } }", "GRAPHQL_VALIDATION_FAILED"},
		"fragments within each other":    {"{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"},
		"a fragment that is not there":   {"{ ...F }", "GRAPHQL_VALIDATION_FAILED"},
		"a fragment twice":               {"{ ...F } fragment F on Query { b } fragment F on Query { c }", "GRAPHQL_VALIDATION_FAILED"},
		"a list in a list in a list":     {"{ a(x: " + strings.Repeat("[", 1900) + strings.Repeat("]", 1900) + ") { b } }", "GRAPHQL_PARSE_FAILED"},
		"braces":                         {strings.Repeat("{a", 1999), "GRAPHQL_PARSE_FAILED"},
		"nothing":                        {" # nothing", "GRAPHQL_VALIDATION_FAILED"},
		"a fragment alone":               {"fragment F on Query { b }", "GRAPHQL_VALIDATION_FAILED"},
		"a type":                         {"type Query { a: Int }", "GRAPHQL_PARSE_FAILED"},
		"a hundred operations of a kind": {each(100, "query Q# { b }"), "LIMIT_EXCEEDED operations"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDocuments(t, testSchema(), document.Settings{})
			if _, errs := d.Read(t.Context(), test.text); code(errs) != test.want {
				t.Errorf("got %v, want %s", errs, test.want)
			}
		})
	}
}

func TestValidationEndsWithWhoWaitsForIt(t *testing.T) {
	d := newDocuments(t, testSchema(), document.Settings{})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, errs := d.Read(ctx, "{ b }"); code(errs) != "UNAVAILABLE" {
		t.Errorf("got %v", errs)
	}
	if _, errs := d.Read(t.Context(), "{ b }"); errs != nil {
		t.Errorf("the next one is refused: %v", errs)
	}
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func persisted(hash any) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": json.Number("1"), "sha256Hash": hash}}
}

func TestAQueryIsSentOnceAndThenItsHash(t *testing.T) {
	d := newDocuments(t, testSchema(), document.Settings{})
	const text = "{ b }"
	byHash := document.Request{Extensions: persisted(sum(text))}
	if _, errs := d.Find(t.Context(), byHash); code(errs) != "PERSISTED_QUERY_NOT_FOUND" || errs[0].Message != "PersistedQueryNotFound" {
		t.Fatalf("before it was sent: %v", errs)
	}
	if _, errs := d.Find(t.Context(), document.Request{Query: text, Extensions: byHash.Extensions}); errs != nil {
		t.Fatal(errs)
	}
	for name, r := range map[string]document.Request{
		"by its hash": byHash, "in capitals": {Extensions: persisted(strings.ToUpper(sum(text)))},
		"by documentId": {ID: "sha256:" + sum(text)}, "without the prefix": {ID: sum(text)},
	} {
		if doc, errs := d.Find(t.Context(), r); errs != nil || doc.Text != text || len(doc.Operations) != 1 {
			t.Errorf("%s: %+v, %v", name, doc, errs)
		}
	}
}

func TestWhatMayNotRunIsNotPersisted(t *testing.T) {
	d := newDocuments(t, testSchema(), document.Settings{})
	for name, text := range map[string]string{
		"a syntax error": "{ b", "an unknown field": "{ x }", "too deep": "{" + nested(16, "b") + "}",
		"a secret in a literal": `mutation { change(newPassword: "x") }`,
	} {
		_, _ = d.Find(t.Context(), document.Request{Query: text, Extensions: persisted(sum(text))})
		if _, errs := d.Find(t.Context(), document.Request{Extensions: persisted(sum(text))}); code(errs) != "PERSISTED_QUERY_NOT_FOUND" {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestARequestForAPersistedDocumentThatIsWrongIsRefused(t *testing.T) {
	version := func(v any) map[string]any {
		return map[string]any{"persistedQuery": map[string]any{"version": v, "sha256Hash": sum("{ b }")}}
	}
	tests := map[string]struct {
		request document.Request
		want    string
	}{
		"another query's hash":    {document.Request{Query: "{ b }", Extensions: persisted(sum("{ c }"))}, "INVALID_INPUT extensions.persistedQuery.sha256Hash"},
		"a hash that is a number": {document.Request{Extensions: persisted(json.Number("7"))}, "INVALID_INPUT extensions.persistedQuery.sha256Hash"},
		"an empty one":            {document.Request{Extensions: persisted("")}, "INVALID_INPUT extensions.persistedQuery.sha256Hash"},
		"one of a megabyte":       {document.Request{Extensions: persisted(strings.Repeat("a", 1<<20))}, "INVALID_INPUT extensions.persistedQuery.sha256Hash"},
		"another version":         {document.Request{Extensions: version(json.Number("2"))}, "INVALID_INPUT extensions.persistedQuery.version"},
		"a version in words":      {document.Request{Extensions: version("1")}, "INVALID_INPUT extensions.persistedQuery.version"},
		"no object":               {document.Request{Extensions: map[string]any{"persistedQuery": "x"}}, "INVALID_INPUT extensions.persistedQuery"},
		"a null":                  {document.Request{Extensions: map[string]any{"persistedQuery": nil}}, "INVALID_INPUT query"},
		"a name and a query":      {document.Request{Query: "{ b }", ID: "sha256:" + sum("{ b }")}, "INVALID_INPUT documentId"},
		"a name of a megabyte":    {document.Request{ID: strings.Repeat("a", 1<<20)}, "INVALID_INPUT documentId"},
		"a name that is unknown":  {document.Request{ID: "x"}, "PERSISTED_QUERY_NOT_FOUND"},
		"nothing":                 {document.Request{}, "INVALID_INPUT query"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDocuments(t, testSchema(), document.Settings{})
			if _, errs := d.Find(t.Context(), test.request); code(errs) != test.want {
				t.Errorf("got %v, want %s", errs, test.want)
			}
		})
	}
}

func TestWhereOnlyTheManifestsDocumentsRunNothingElseDoes(t *testing.T) {
	const text, other = "query B { b }", "query C { c }"
	short := sha1.Sum([]byte(text)) //nolint:gosec // likewise
	name := hex.EncodeToString(short[:])
	manifest := map[string]string{name: text, sum(text): text}
	tests := map[string]struct {
		request   document.Request
		only, all string
	}{
		"by name, as the preset has it": {document.Request{Extensions: persisted(name)}, "", ""},
		"by documentId":                 {document.Request{ID: name}, "", ""},
		"by a documentId with prefix":   {document.Request{ID: "sha256:" + sum(text)}, "", ""},
		"by its text":                   {document.Request{Query: text}, "", ""},
		"by its text and name":          {document.Request{Query: text, Extensions: persisted(name)}, "", ""},
		"another text":                  {document.Request{Query: other}, "INVALID_INPUT query", ""},
		"another text by that name":     {document.Request{Query: other, Extensions: persisted(name)}, "INVALID_INPUT query", "INVALID_INPUT extensions.persistedQuery.sha256Hash"},
		"another, persisted":            {document.Request{Query: other, Extensions: persisted(sum(other))}, "INVALID_INPUT query", ""},
		"another name":                  {document.Request{Extensions: persisted(sum("{ c }"))}, "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND"},
	}
	only := newDocuments(t, testSchema(), document.Settings{Trusted: manifest, TrustedOnly: true})
	all := newDocuments(t, testSchema(), document.Settings{Trusted: manifest})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if doc, errs := only.Find(t.Context(), test.request); code(errs) != test.only || errs == nil && doc.Text != text {
				t.Errorf("where nothing else runs: %v, %q", errs, doc.Text)
			}
			if _, errs := all.Find(t.Context(), test.request); code(errs) != test.all {
				t.Errorf("where others run too: %v", errs)
			}
		})
	}
}

func TestAManifestWithADocumentThatMayNotRunIsRefusedWhole(t *testing.T) {
	_, err := document.New(testSchema(), document.Settings{Limits: document.DefaultLimits(), Trusted: map[string]string{
		"good": "{ b }", "gone": "{ x }", "deep": "{" + nested(16, "b") + "}", "secret": `mutation { change(newPassword: "hush") }`,
	}})
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, want := range []string{"document gone: ", "document deep: ", "document secret: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not tell of %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "good") || strings.Contains(err.Error(), "hush") {
		t.Errorf("it tells too much: %v", err)
	}
}

// FuzzRead holds that nothing makes reading fail otherwise than by an error, and that what is read keeps to the limits.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"{ b }", "query Q($x: Int) { a(x: $x) { ...F } } fragment F on Query { b }", "{ ...F } fragment F on Query { ...F }",
		`mutation { signIn(input: {email: "a", password: "b"}) }`, "{ __schema { types { name } } }", "{ a { a { a { b } } } }",
	} {
		f.Add(text)
	}
	limits := document.Limits{
		QueryLength: 1000, Tokens: 200, Depth: 3, IntrospectionDepth: 4, Aliases: 2, Directives: 1, Fields: 6, Fragments: 2,
		Operations: 2, Variables: 2, RootFields: 2, PasswordFields: 1,
	}
	schema := testSchema()
	f.Fuzz(func(t *testing.T, text string) {
		d := newDocuments(t, schema, document.Settings{Limits: limits})
		doc, errs := d.Read(t.Context(), text)
		if (doc == nil) == (errs == nil) {
			t.Fatalf("%v, %v", doc, errs)
		}
		if doc == nil {
			return
		}
		for _, op := range doc.Operations {
			if fields, depth := plainly(op.SelectionSet); fields > limits.Fields || depth > limits.IntrospectionDepth {
				t.Errorf("%d fields, %d deep", fields, depth)
			}
		}
	})
}

// plainly counts the fields of a validated document, and how deep they are, by walking into each fragment each time.
func plainly(set ast.SelectionSet) (fields, depth int) {
	for _, selection := range set {
		f, d := 0, 0
		switch s := selection.(type) {
		case *ast.Field:
			f, d = plainly(s.SelectionSet)
			d++
			if s.Name != "__typename" {
				f++
			}
		case *ast.InlineFragment:
			f, d = plainly(s.SelectionSet)
		case *ast.FragmentSpread:
			f, d = plainly(s.Definition.SelectionSet)
		}
		fields, depth = fields+f, max(depth, d)
	}
	return fields, depth
}
