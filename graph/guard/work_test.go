package guard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// hostile are documents of n parts that stand for more than they say, with the variables that go with them.
func hostile() map[string]func(n int) (query string, variables map[string]any) {
	nothing := map[string]any{}
	repeated := func(before, part, after string) func(int) (string, map[string]any) {
		return func(n int) (string, map[string]any) {
			var q strings.Builder
			q.WriteString(before)
			for i := range n {
				q.WriteString(strings.ReplaceAll(part, "#", fmt.Sprint(i)))
			}
			return q.String() + after, nothing
		}
	}
	return map[string]func(int) (string, map[string]any){
		"fragments in fragments, 2^n of them": func(n int) (string, map[string]any) {
			var q strings.Builder
			q.WriteString(`mutation($s: Boolean = false) { touch(id: "a") { person { ...f0 } } } `)
			for i := range n {
				fmt.Fprintf(&q, "fragment f%d on Person { ...f%d ... on Node { ...f%d } boss @skip(if: $s) { ...f%d } } ", i, i+1, i+1, i+1)
			}
			fmt.Fprintf(&q, "fragment f%d on Person { salary }", n)
			return q.String(), nothing
		},
		"a fragment that spreads itself": repeated(`mutation { touch(id: "a") { person { ...f } } } fragment f on Person { `, `boss { ...f salary } `, `}`),
		"a deep nest": func(n int) (string, map[string]any) {
			return `mutation { touch(id: "a") { person { ` + strings.Repeat("boss { email ", n) + "salary" + strings.Repeat(" }", n) + " } } }", nothing
		},
		"a deep nest of fragments": func(n int) (string, map[string]any) {
			return `mutation { find(id: "a") { ` + strings.Repeat("... on Node { ... on Item { ", n) + "tag" + strings.Repeat(" } }", n) + " } }", nothing
		},
		"many aliases":                  repeated(`mutation { touch(id: "a") { person { `, "a#: salary b#: email ", "} } }"),
		"many fields of abstract types": repeated(`mutation { `, `a#: seek(id: "a") { ... on Priced { price } ... on Node { id ... on Item { kin { keeper { pension } } } } } `, `}`),
		"a fragment in all places": repeated(
			`mutation { a: seek(id: "a") { ...f ... on Priced { ...f ... on Node { ...f } } ... on Rated { ...f } ... on Item { ...f } ... on Node { ...f ... on Named { ...f } } } } fragment f on Hit { `,
			`... on Node { id } ... on Item { tag } ... on Priced { price } `, `}`),
		"many conditions": repeated(`mutation($s: Boolean = true) { touch(id: "a") { person { `, "a#: salary @skip(if: $s) ... @include(if: $s) { b#: pension } ", "} } }"),
		"many arguments":  repeated(`mutation { signIn(name: "a") { query { id: open } } touch(id: "a") { query { `, `a#: search(filter: {and: [{salaryAbove: 1}, {not: {team: {secret: #}}}]}) `, `} } }`),
		"a deep input": func(n int) (string, map[string]any) {
			return `mutation { touch(id: "a") { query { search(filter: ` + strings.Repeat("{and: [{salaryAbove: 1}, ", n) + "{}" + strings.Repeat("]}", n) + ") } } }", nothing
		},
		"many variables": func(n int) (string, map[string]any) {
			var declared, used strings.Builder
			variables := map[string]any{}
			for i := range n {
				fmt.Fprintf(&declared, "$v%d: Filter ", i)
				fmt.Fprintf(&used, "a%d: search(filter: $v%d, anyOf: [$v%d]) ", i, i, i)
				variables[fmt.Sprintf("v%d", i)] = map[string]any{"salaryAbove": 1, "not": map[string]any{"team": map[string]any{"secret": 1}}}
			}
			return "mutation(" + declared.String() + `) { touch(id: "a") { query { ` + used.String() + "} } }", variables
		},
		"one variable in many places, with much in it": func(n int) (string, map[string]any) {
			q, _ := repeated(`mutation($v: [Filter!]) { touch(id: "a") { query { `, `a#: search(anyOf: $v, filter: {and: $v}) `, `} } }`)(n)
			all := make([]any, n)
			for i := range all {
				all[i] = map[string]any{"salaryAbove": 1, "and": []any{map[string]any{"team": map[string]any{"secret": nil}}}}
			}
			return q, map[string]any{"v": all}
		},
	}
}

// Whatever a document stands for, the work is that of its text: twice as much of it takes twice as long.
func TestTheWorkIsLinearInTheDocument(t *testing.T) {
	schema := testserver.Schema(nil)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	of := func(query string, variables map[string]any) [3]int {
		doc := parse(t, query) // not validated: validation is not linear
		planned, looked, walked := g.Work(&graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: variables}, auth.Nobody)
		return [3]int{planned, looked, walked}
	}
	for name, document := range hostile() {
		t.Run(name, func(t *testing.T) {
			before := of(document(4))
			for n := 8; n <= 256; n *= 2 { // a nest may be 1,000 deep
				work := of(document(n))
				for i, kind := range []string{"planning", "looking through variables", "listing what is denied"} {
					if work[i] > 2*before[i]+before[i]/4+8 {
						t.Fatalf("%s takes %d steps for %d parts, and took %d for half of them", kind, work[i], n, before[i])
					}
				}
				before = work
			}
			t.Logf("256 parts: %d steps planned, %d of variables, %d walked", before[0], before[1], before[2])
		})
	}
}
