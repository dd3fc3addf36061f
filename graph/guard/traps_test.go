package guard_test

import "testing"

// Each of these is open, or leaks, with gqlgen's own directives.
func TestTraps(t *testing.T) {
	tell(t, map[string]story{
		"a rule on an object guards it through node": {
			question{caller: "cy", query: `{ node(id: "to-ada") { __typename id ... on Letter { text } } }`},
			reply{`{"node":null}`, []string{"FORBIDDEN Letter node"}, []string{"Query.node"}},
		},
		"a rule on an object guards it through a union": {
			question{caller: "cy", query: `{ hit(id: "to-ada") { ... on Letter { text } } }`},
			reply{`{"hit":null}`, []string{"FORBIDDEN Letter hit"}, []string{"Query.hit"}},
		},
		"an object stays guarded where the directive may stand on input objects too": {
			question{caller: "cy CLERK", query: `{ safe { code } }`},
			reply{`{"safe":null}`, []string{"FORBIDDEN Safe safe"}, nil},
		},
		"a rule on an interface's field holds in its implementers": {
			question{caller: "ada", query: `{ me { title } }`},
			reply{`{"me":{"title":null}}`, []string{"FORBIDDEN Person.title me.title"}, []string{"Query.me"}},
		},
		"a rule on an interface holds for the fields that it declares": {
			question{caller: "ada", query: `{ hit(id: "parcel") { ... on Parcel { label price } } }`},
			reply{`{"hit":{"label":"fragile","price":null}}`, []string{"FORBIDDEN Parcel.price hit.price"}, []string{"Query.hit"}},
		},
		"a field that answers Query is guarded": {
			question{caller: "ada", query: `{ viewer { name query { open } } }`},
			reply{`{"viewer":{"name":"viewer","query":null}}`, []string{"FORBIDDEN Viewer.query viewer.query"}, []string{"Query.viewer"}},
		},
		"a field that answers Mutation is guarded, and nothing of it runs": {
			question{caller: "ada", query: `{ viewer { mutation { signOut touch(id: "ada") { person { id } } } } }`},
			reply{`{"viewer":{"mutation":null}}`, []string{"FORBIDDEN Viewer.mutation viewer.mutation"}, []string{"Query.viewer"}},
		},
		"a cache that is written after the rule does not answer before it": {
			question{caller: "ada", query: `{ cachedSalary }`},
			reply{`{"cachedSalary":null}`, []string{"FORBIDDEN Query.cachedSalary cachedSalary"}, nil},
		},
		"what an argument's parser says does not reach a denied caller": {
			question{caller: "ada", query: `{ salaries(first: 100) }`},
			reply{`{"salaries":null}`, []string{"FORBIDDEN Query.salaries salaries"}, nil},
		},
		"a mutation of which anything is denied does not run": {
			question{caller: "ada", query: `mutation { a: touch(id: "ada") { person { id } } b: fire(id: "bob") { person { id } } }`},
			reply{"", []string{"FORBIDDEN Mutation.fire"}, nil},
		},
	})
}

func TestTrapsAreOpenToWhomTheRulesOpen(t *testing.T) {
	tell(t, map[string]story{
		"an object through node": {
			question{caller: "ada", query: `{ node(id: "to-ada") { __typename id ... on Letter { text } } }`},
			reply{`{"node":{"__typename":"Letter","id":"to-ada","text":"Dear ada"}}`, nil, []string{"Query.node"}},
		},
		"an interface's field": {
			question{caller: "ada CLERK", query: `{ me { title } }`},
			reply{`{"me":{"title":"Dr Ada"}}`, nil, []string{"Person.title", "Query.me"}},
		},
		"a field that answers Query": {
			question{caller: "ada BOSS", query: `{ viewer { query { __typename open } } }`},
			reply{`{"viewer":{"query":{"__typename":"Query","open":"open"}}}`, nil, []string{"Query.open", "Query.viewer"}},
		},
		"a cache": {
			question{caller: "ada BOSS", query: `{ cachedSalary }`},
			reply{`{"cachedSalary":42}`, nil, []string{"@cached"}},
		},
		"the argument's parser": {
			question{caller: "ada BOSS", query: `{ salaries(first: 100) }`},
			reply{`{"salaries":null}`, []string{"only 9 of 1234 secret rows: 100"}, nil},
		},
	})
}
