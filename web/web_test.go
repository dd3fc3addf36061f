package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/web"
)

func TestEachCodeIsShownAsItIs(t *testing.T) {
	for _, code := range auth.Codes() {
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.Header.Set("Accept", "application/graphql-response+json")
		w := httptest.NewRecorder()
		web.WriteError(w, r, web.Status(r, code), &auth.Error{Code: code, Message: "so it is"})
		var shown struct {
			Errors []struct {
				Message    string
				Extensions map[string]any
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"code": string(code)}
		if len(shown.Errors) != 1 || !cmp.Equal(want, shown.Errors[0].Extensions) || w.Code < 400 {
			t.Errorf("%s is shown as %d %s", code, w.Code, w.Body)
		}
	}
}

func TestADocumentThatHoldsASecretIsNotKept(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		scalar Secret
		input In { word: Secret words: [Secret!] name: String }
		type Query { a(in: In, word: Secret, name: String): Query }
	`})
	tests := map[string]struct {
		query string
		kept  bool
	}{
		"no secret":                    {`{ a(name: "x") { __typename } }`, true},
		"a secret in a variable":       {`query($w: Secret) { a(word: $w, in: {word: $w}) { __typename } }`, true},
		"a null":                       {`{ a(word: null) { __typename } }`, true},
		"a literal":                    {`{ a(word: "x") { __typename } }`, false},
		"a literal in an input":        {`{ a(in: {word: "x"}) { __typename } }`, false},
		"a literal in a list":          {`query($w: Secret!) { a(in: {words: [$w, "x"]}) { __typename } }`, false},
		"a literal deeper":             {`{ a { a { a(word: "x") { __typename } } } }`, false},
		"a literal in a fragment":      {`{ ...F } fragment F on Query { a(word: "x") { __typename } }`, false},
		"a literal in an inline one":   {`{ ... { a(word: "x") { __typename } } }`, false},
		"a variable's default":         {`query($w: Secret = "x") { a(word: $w) { __typename } }`, false},
		"a default deep in an input":   {`query($i: In = {words: ["x"]}) { a(in: $i) { __typename } }`, false},
		"a literal in the second one":  {`query A { __typename } query B { a(word: "x") { __typename } }`, false},
		"a number given for a secret":  {`{ a(word: 12345678) { __typename } }`, false},
		"a name that is a mere string": {`{ a(in: {name: "x"}) { __typename } }`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			doc, errs := gqlparser.LoadQueryWithRules(schema, test.query, rules.NewDefaultRules())
			if errs != nil {
				t.Fatal(errs)
			}
			kept := web.NewDocuments()
			kept.Add(t.Context(), test.query, doc)
			if _, found := kept.Get(t.Context(), test.query); found != test.kept {
				t.Errorf("kept: %v, want %v", found, test.kept)
			}
		})
	}
}

func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":null}]}`, `{"a":1,"a":2}`, `{"a":`, `[`, `{"a":1}{`, "{\"\\u0000\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := web.DecodeObject(b)
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("encoding/json does not take %q: %v", b, err)
		}
		// What was taken reads the same for encoding/json.
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]any
		if err := json.Unmarshal(again, &read); err != nil || !cmp.Equal(want, read) {
			t.Errorf("%q is read as %s, %v", b, again, err)
		}
	})
}
