package document_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/web/document"
)

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
			documents := newDocuments(t, schema, document.Settings{})
			first, errs := documents.Read(t.Context(), test.query)
			if errs != nil {
				t.Fatal(errs)
			}
			if again, _ := documents.Read(t.Context(), test.query); (again == first) != test.kept {
				t.Errorf("kept: %v, want %v", again == first, test.kept)
			}
		})
	}
}
