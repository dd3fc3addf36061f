package guard_test

import "testing"

func TestObjects(t *testing.T) {
	tell(t, map[string]story{
		"a denied element of a list is null, with one error at the first": {
			question{caller: "ada", query: `{ letters { id } safes { id } }`},
			reply{
				`{"letters":[null,{"id":"to-ada"}],"safes":[null,null,null]}`,
				[]string{"FORBIDDEN Letter letters.0", "FORBIDDEN Safe safes.1"},
				[]string{"Query.letters", "Query.safes"},
			},
		},
		"a list of an interface is decided by the type of each object": {
			question{caller: "ada", query: `{ nodes { __typename id } }`},
			reply{
				`{"nodes":[{"__typename":"Person","id":"ada"},null,null,{"__typename":"Letter","id":"to-ada"},null]}`,
				[]string{"FORBIDDEN Letter nodes.1", "FORBIDDEN Safe nodes.4"},
				[]string{"Query.nodes"},
			},
		},
		"a list of a union is decided by the type of each object, values and pointers alike": {
			question{caller: "bob", query: `{ hits { __typename } }`},
			reply{
				`{"hits":[{"__typename":"Parcel"},{"__typename":"Letter"},{"__typename":"Person"},null,null]}`,
				[]string{"FORBIDDEN Letter hits.3", "FORBIDDEN Safe hits.4"},
				[]string{"Query.hits"},
			},
		},
		"nobody sees of a union what is public": {
			question{query: `{ hits { __typename ... on Person { name } } }`},
			reply{
				`{"hits":[{"__typename":"Parcel"},null,null,null,null]}`,
				[]string{"UNAUTHENTICATED Letter hits.1", "UNAUTHENTICATED Person hits.2", "UNAUTHENTICATED Safe hits.4"},
				[]string{"Query.hits"},
			},
		},
		"a list of lists has its null where the object was": {
			question{caller: "ada", query: `{ grid { id } }`},
			reply{`{"grid":[[{"id":"to-ada"}],[{"id":"to-ada"},null]]}`, []string{"FORBIDDEN Letter grid.1.1"}, []string{"Query.grid"}},
		},
		"a list of lists is open to whom it all is": {
			question{caller: "eve CLERK", query: `{ grid { id } }`},
			reply{`{"grid":[[{"id":"to-ada"}],[{"id":"to-ada"},{"id":"to-bob"}]]}`, nil, []string{"Query.grid"}},
		},
		"an object in the pages of a connection": {
			question{caller: "ada", query: `{ me { letters { edges { cursor node { text } } nodes { text } pageInfo { hasNextPage } } } }`},
			reply{
				`{"me":{"letters":{"edges":[{"cursor":"to-bob","node":null},{"cursor":"to-ada","node":{"text":"Dear ada"}}],"nodes":[null,{"text":"Dear ada"}],"pageInfo":{"hasNextPage":false}}}}`,
				[]string{"FORBIDDEN Letter me.letters.edges.0.node", "FORBIDDEN Letter me.letters.nodes.0"},
				[]string{"Person.letters", "Query.me"},
			},
		},
		"an object that is not there is no denial": {
			question{caller: "ada", query: `{ node(id: "nothing") { id } hit(id: "nobody") { __typename } }`},
			reply{`{"node":null,"hit":null}`, nil, []string{"Query.hit", "Query.node"}},
		},
		"the resolver of a type that claims deny does not run": {
			question{query: `{ person(id: "ada") { __typename } }`},
			reply{`{"person":null}`, []string{"UNAUTHENTICATED Person person"}, nil},
		},
		"what a parser says of a type that claims deny does not reach the caller": {
			question{query: `{ vault(first: 100) { code } }`},
			reply{`{"vault":null}`, []string{"UNAUTHENTICATED Safe vault"}, nil},
		},
		"an extension's rule narrows": {
			question{caller: "ada", query: `{ memo { author text } }`},
			reply{`{"memo":null}`, []string{"FORBIDDEN Memo memo"}, nil},
		},
		"an extension's rule opens to whom it opens": {
			question{caller: "ada BOSS", query: `{ memo { author text } }`},
			reply{`{"memo":{"author":"Ada","text":"memo"}}`, nil, []string{"Memo.text", "Query.memo"}},
		},
		"an object beneath a denied one is not resolved": {
			question{caller: "ada", query: `{ me { safe { code price } } }`},
			reply{`{"me":{"safe":null}}`, []string{"FORBIDDEN Safe me.safe"}, []string{"Query.me"}},
		},
	})
}

func TestFields(t *testing.T) {
	tell(t, map[string]story{
		"nobody is asked to sign in": {
			question{query: `{ open me { name } }`},
			reply{`{"open":"open","me":null}`, []string{"UNAUTHENTICATED Query.me me"}, []string{"Query.open"}},
		},
		"a denied field is null and the rest is answered": {
			question{caller: "ada", query: `{ me { name salary } }`},
			reply{`{"me":{"name":"Ada","salary":null}}`, []string{"FORBIDDEN Person.salary me.salary"}, []string{"Query.me"}},
		},
		"the owner sees what is their own, in a list too": {
			question{caller: "bob", query: `{ people { id email } }`},
			reply{
				`{"people":[{"id":"ada","email":null},{"id":"bob","email":"bob@office.test"},{"id":"cy","email":null}]}`,
				[]string{"FORBIDDEN Person.email people.0.email"},
				[]string{"Person.email", "Query.people"},
			},
		},
		"the error stands at the first element that was denied": {
			question{caller: "ada", query: `{ people { id email } }`},
			reply{
				`{"people":[{"id":"ada","email":"ada@office.test"},{"id":"bob","email":null},{"id":"cy","email":null}]}`,
				[]string{"FORBIDDEN Person.email people.1.email"},
				[]string{"Person.email", "Query.people"},
			},
		},
		"a role sees what is anybody's": {
			question{caller: "eve CLERK", query: `{ people { email } }`},
			reply{
				`{"people":[{"email":"ada@office.test"},{"email":"bob@office.test"},{"email":"cy@office.test"}]}`,
				nil,
				[]string{"Person.email", "Query.people"},
			},
		},
		"the owner is told through a value, a pointer, an interface and a union": {
			question{caller: "ada", query: `{
				me { email } people { email }
				node(id: "ada") { ... on Person { email } } nodes { ... on Letter { to { email } draft } }
				hits { ... on Letter { draft } }
			}`},
			reply{
				`{"me":{"email":"ada@office.test"},"people":[{"email":"ada@office.test"},{"email":null},{"email":null}],` +
					`"node":{"email":"ada@office.test"},` +
					`"nodes":[{},null,null,{"to":{"email":"ada@office.test"},"draft":"draft of to-ada"},null],` +
					`"hits":[{},null,{},{"draft":"draft of to-ada"},null]}`,
				[]string{
					"FORBIDDEN Letter hits.1", "FORBIDDEN Letter nodes.1", "FORBIDDEN Person.email people.1.email",
					"FORBIDDEN Safe hits.4", "FORBIDDEN Safe nodes.4",
				},
				[]string{"Letter.draft", "Person.email", "Query.hits", "Query.me", "Query.node", "Query.nodes", "Query.people"},
			},
		},
		"repeated rules must all hold": {
			question{caller: "ada CLERK", query: `{ me { pension bonus } }`},
			reply{
				`{"me":{"pension":null,"bonus":null}}`,
				[]string{"FORBIDDEN Person.bonus me.bonus", "FORBIDDEN Person.pension me.pension"},
				[]string{"Query.me"},
			},
		},
		"what a parser says reaches whom the field is open to": {
			question{caller: "ada", query: `{ me { friends(first: 100) { id } } }`},
			reply{`{"me":null}`, []string{"only 9 of 1234 secret rows: 100"}, []string{"Query.me"}},
		},
		"a role that does not exist opens nothing": {
			question{caller: "ada CHEF", query: `{ me { salary } }`},
			reply{`{"me":{"salary":null}}`, []string{"FORBIDDEN Person.salary me.salary"}, []string{"Query.me"}},
		},
		"introspection is open as far as the schema is": {
			question{query: `{ __type(name: "Person") { name } memo: __type(name: "Memo") { name } }`},
			reply{`{"__type":{"name":"Person"},"memo":null}`, nil, nil},
		},
	})
}

func TestDocuments(t *testing.T) {
	tell(t, map[string]story{
		"an alias does not change the verdict": {
			question{caller: "ada", query: `{ me { name: salary s: salary salary } }`},
			reply{
				`{"me":{"name":null,"s":null,"salary":null}}`,
				[]string{"FORBIDDEN Person.salary me.name", "FORBIDDEN Person.salary me.s", "FORBIDDEN Person.salary me.salary"},
				[]string{"Query.me"},
			},
		},
		"named, inline, nested and repeated fragments, on an interface too": {
			question{caller: "ada", query: `
				{ me { ...a ...a ... { ...b } ... on Node { id ... on Person { pension } } } }
				fragment a on Person { salary boss { ...b } }
				fragment b on Person { name salary }`},
			reply{
				`{"me":{"salary":null,"boss":{"name":"Cy","salary":null},"name":"Ada","id":"ada","pension":null}}`,
				[]string{"FORBIDDEN Person.pension me.pension", "FORBIDDEN Person.salary me.boss.salary", "FORBIDDEN Person.salary me.salary"},
				[]string{"Person.boss", "Query.me"},
			},
		},
		"a fragment on an interface that the object does not have is not decided": {
			question{caller: "ada", query: `mutation { touch(id: "ada") { person { id ... on Node { ... on Named { __typename } } } } }`},
			reply{`{"touch":{"person":{"id":"ada","__typename":"Person"}}}`, nil, []string{"Mutation.touch"}},
		},
		"the operation that runs is the one that is decided": {
			question{caller: "ada", operation: "B", query: `query A { me { salary } } query B { me { name } }`},
			reply{`{"me":{"name":"Ada"}}`, nil, []string{"Query.me"}},
		},
		"another operation of the same document has a verdict of its own": {
			question{caller: "ada", operation: "A", query: `query A { me { salary } } query B { me { name } }`},
			reply{`{"me":{"salary":null}}`, []string{"FORBIDDEN Person.salary me.salary"}, []string{"Query.me"}},
		},
		"what is skipped is not decided": {
			question{caller: "ada", query: `query($s: Boolean!) { me { name salary @skip(if: $s) ... on Person @skip(if: $s) { pension } } }`, variables: map[string]any{"s": true}},
			reply{`{"me":{"name":"Ada"}}`, nil, []string{"Query.me"}},
		},
		"what is not skipped is": {
			question{caller: "ada", query: `query($s: Boolean!) { me { name salary @skip(if: $s) } }`, variables: map[string]any{"s": false}},
			reply{`{"me":{"name":"Ada","salary":null}}`, []string{"FORBIDDEN Person.salary me.salary"}, []string{"Query.me"}},
		},
		"a mutation leaves out what a variable leaves out, by its default": {
			question{caller: "ada", query: `mutation($i: Boolean = false) { touch(id: "ada") { person { id ...s @include(if: $i) } } fire(id: "bob") @include(if: $i) { person { id } } } fragment s on Person { salary }`},
			reply{`{"touch":{"person":{"id":"ada"}}}`, nil, []string{"Mutation.touch"}},
		},
		"a mutation decides what a variable includes": {
			question{
				caller: "ada", variables: map[string]any{"i": true},
				query: `mutation($i: Boolean = false) { touch(id: "ada") { person { id ...s @include(if: $i) } } fire(id: "bob") @include(if: $i) { person { id } } } fragment s on Person { salary }`,
			},
			reply{"", []string{"FORBIDDEN Person.salary", "FORBIDDEN Mutation.fire"}, nil},
		},
		"a denied field that answers Query is null though only its type's name is asked for": {
			question{caller: "ada", query: `{ viewer { query { t: __typename ...f } open { __typename ...f } } } fragment f on Query { __typename ... { u: __typename } }`},
			reply{
				`{"viewer":{"query":null,"open":{"__typename":"Query","u":"Query"}}}`,
				[]string{"FORBIDDEN Viewer.query viewer.query"},
				[]string{"Query.viewer"},
			},
		},
		"a denied field that answers a root type is null though nothing is left of what it was asked": {
			question{
				caller: "ada", variables: map[string]any{"no": false},
				query: `query($no: Boolean!) {
					viewer { query { me @skip(if: true) { id } } mutation { ...m @include(if: $no) } ask(as: "x") { ... @skip(if: true) { __typename } } }
				} fragment m on Mutation { signOut }`,
			},
			reply{
				`{"viewer":{"query":null,"mutation":null,"ask":null}}`,
				[]string{"FORBIDDEN Viewer.ask(as:) viewer.ask", "FORBIDDEN Viewer.mutation viewer.mutation", "FORBIDDEN Viewer.query viewer.query"},
				[]string{"Query.viewer"},
			},
		},
		"an open field that answers a root type is empty where nothing is left of what it was asked": {
			question{
				caller: "ada", variables: map[string]any{"no": false},
				query: `query($no: Boolean!) {
					viewer { open { me @skip(if: true) { id } } again: open { ...q open } open { ...q @include(if: $no) } query { open } }
				} fragment q on Query { __typename }`,
			},
			reply{
				`{"viewer":{"open":{},"again":{"__typename":"Query","open":"open"},"query":null}}`,
				[]string{"FORBIDDEN Viewer.query viewer.query"},
				[]string{"Query.open", "Query.viewer"},
			},
		},
		"a field that answers Query is null with one error, however much is asked of it": {
			question{query: `{ private { query { open again: open __schema { __typename } } } }`},
			reply{`{"private":{"query":null}}`, []string{"UNAUTHENTICATED Private.query private.query"}, []string{"Query.private"}},
		},
		"rules hold beneath a field that answers Query": {
			question{caller: "ada", query: `{ private { query { open safe { code } me { salary } } } }`},
			reply{
				`{"private":{"query":{"open":"open","safe":null,"me":{"salary":null}}}}`,
				[]string{"FORBIDDEN Person.salary private.query.me.salary", "FORBIDDEN Safe private.query.safe"},
				[]string{"Query.me", "Query.open", "Query.private"},
			},
		},
	})
}
