package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMutations(t *testing.T) {
	tell(t, map[string]story{
		"all that is denied is listed, each coordinate once, and nothing runs": {
			question{query: `mutation { signOut fire(id: "bob") { person { salary } } again: fire(id: "bob") { person { salary name } } }`},
			reply{"", []string{
				"UNAUTHENTICATED Mutation.fire", "UNAUTHENTICATED PersonPayload", "UNAUTHENTICATED Person", "UNAUTHENTICATED Person.salary",
			}, nil},
		},
		"an object that claims deny is listed by its type": {
			question{caller: "ada CLERK", query: `mutation { openSafe { code } }`},
			reply{"", []string{"FORBIDDEN Safe"}, nil},
		},
		"a field that answers Query is listed": {
			question{caller: "ada", query: `mutation { touch(id: "ada") { query { __typename } } }`},
			reply{"", []string{"FORBIDDEN PersonPayload.query"}, nil},
		},
		"what only the object can decide is null, once it has run": {
			question{caller: "ada", query: `mutation { a: touch(id: "ada") { person { email } } b: touch(id: "bob") { person { email } } }`},
			reply{
				`{"a":{"person":{"email":"ada@office.test"}},"b":{"person":{"email":null}}}`,
				[]string{"FORBIDDEN Person.email b.person.email"},
				[]string{"Mutation.touch", "Person.email"},
			},
		},
		"which type an interface answers is known only once it has run": {
			question{caller: "ada", query: `mutation { find(id: "safe") { id } }`},
			reply{`{"find":null}`, []string{"FORBIDDEN Safe find"}, []string{"Mutation.find"}},
		},
		"a fragment's condition leaves only the types that it allows": {
			question{caller: "ada CLERK", query: `mutation { seek(id: "ada") { ... on Parcel { ... on Priced { ... on Hit { ...p } } } } } fragment p on Priced { price }`},
			reply{"", []string{"FORBIDDEN Parcel.price"}, nil},
		},
		"what would be open only on objects that are hidden is denied before": {
			question{caller: "ada", query: `mutation { seek(id: "parcel") { ... on Priced { price } } }`},
			reply{"", []string{"FORBIDDEN Parcel.price"}, nil},
		},
		"what no object could open is denied before": {
			question{caller: "ada", query: `mutation { find(id: "ada") { ... on Safe { code } ... on Person { salary } } }`},
			reply{"", []string{"FORBIDDEN Person.salary"}, nil},
		},
	})
}

func TestSignsIn(t *testing.T) {
	tell(t, map[string]story{
		"what it answers is answered to whom it signs in": {
			question{query: `mutation { signIn(name: "ada") { person { name email salary } letters { text } hint query { me { id } } } }`},
			reply{
				`{"signIn":{"person":{"name":"Ada","email":"ada@office.test","salary":null},"letters":[null,{"text":"Dear ada"}],"hint":null,"query":{"me":{"id":"ada"}}}}`,
				[]string{
					"FORBIDDEN Letter signIn.letters.0", "FORBIDDEN Person.salary signIn.person.salary", "FORBIDDEN SignInPayload.hint signIn.hint",
				},
				[]string{"Mutation.signIn", "Person.email", "Query.me"},
			},
		},
		"where an element may not be null, the list of it is": {
			question{query: `mutation { signIn(name: "ada") { sheaf { id } } }`},
			reply{`{"signIn":{"sheaf":null}}`, []string{"FORBIDDEN Letter signIn.sheaf.0.0"}, []string{"Mutation.signIn"}},
		},
		"the new caller's roles count": {
			question{query: `mutation { signIn(name: "ada BOSS CLERK") { person { salary } hint letters { id } } }`},
			reply{
				`{"signIn":{"person":{"salary":1000},"hint":"hint","letters":[{"id":"to-bob"},{"id":"to-ada"}]}}`,
				nil,
				[]string{"Mutation.signIn", "Person.salary", "SignInPayload.hint"},
			},
		},
		"a new caller with fewer roles sees less than the old one": {
			question{caller: "cy BOSS", query: `mutation { signIn(name: "ada") { person { salary } } }`},
			reply{`{"signIn":{"person":{"salary":null}}}`, []string{"FORBIDDEN Person.salary signIn.person.salary"}, []string{"Mutation.signIn"}},
		},
		"the next root field is asked by the old caller": {
			question{caller: "bob", query: `mutation { signIn(name: "ada") { person { email } } touch(id: "ada") { person { email } } signOut }`},
			reply{
				`{"signIn":{"person":{"email":"ada@office.test"}},"touch":{"person":{"email":null}},"signOut":"out: bob, refused: false"}`,
				[]string{"FORBIDDEN Person.email touch.person.email"},
				[]string{"Mutation.signIn", "Mutation.signOut", "Mutation.touch", "Person.email"},
			},
		},
		"the next root field is not opened by having signed in": {
			question{query: `mutation { signIn(name: "ada BOSS") { person { id } } fire(id: "bob") { person { id } } }`},
			reply{"", []string{"UNAUTHENTICATED Mutation.fire", "UNAUTHENTICATED PersonPayload", "UNAUTHENTICATED Person"}, nil},
		},
		"where nobody is signed in, what needs it is null as far up as it has to be": {
			question{query: `mutation { forgetful { person { id } } signOut }`},
			reply{`{"forgetful":null,"signOut":"out: , refused: false"}`, []string{"UNAUTHENTICATED Person forgetful.person"}, []string{"Mutation.forgetful", "Mutation.signOut"}},
		},
		"signing in where the schema does not say so does nothing": {
			question{caller: "bob", query: `mutation { sneak(name: "ada BOSS") { person { email } } }`},
			reply{`{"sneak":{"person":{"email":null}}}`, []string{"FORBIDDEN Person.email sneak.person.email"}, []string{"Mutation.sneak"}},
		},
		"a field that answers Query is decided by the new caller": {
			question{query: `mutation { forgetful { letters { id } query { __typename } } }`},
			reply{
				`{"forgetful":{"letters":[null,null],"query":null}}`,
				[]string{"UNAUTHENTICATED Letter forgetful.letters.0", "UNAUTHENTICATED SignInPayload.query forgetful.query"},
				[]string{"Mutation.forgetful"},
			},
		},
	})
}

func TestNothingRunsForWhoCannotBeFoundOut(t *testing.T) {
	o := newOffice(t)
	for name, query := range map[string]string{
		"a public query":         `{ open }`,
		"a guarded query":        `{ me { id } }`,
		"signing in":             `mutation { signIn(name: "ada") { person { id } } }`,
		"what needs no identity": `mutation { signOut }`,
	} {
		t.Run(name, func(t *testing.T) {
			reply{"", []string{"UNAVAILABLE  The server is busy. Try again shortly."}, nil}.is(t, o.ask(t, question{caller: "! ada", query: query}))
		})
	}
}

func TestTokensThatDoNotVerify(t *testing.T) {
	const refused = "UNAUTHENTICATED invalid_token The access token is not valid, or no longer. Refresh it and repeat."
	all := map[string]story{
		"signing in runs": {
			question{caller: "? ada", query: `mutation { __typename signIn(name: "ada") { person { id } } }`},
			reply{`{"__typename":"Mutation","signIn":{"person":{"id":"ada"}}}`, nil, []string{"Mutation.signIn"}},
		},
		"what is named to the guard runs, with no identity": {
			question{caller: "? ada", query: `mutation { signOut }`},
			reply{`{"signOut":"out: , refused: false"}`, nil, []string{"Mutation.signOut"}},
		},
	}
	for name, query := range map[string]string{
		"a public query":                  `{ open }`,
		"the type's name alone":           `{ __typename }`,
		"introspection":                   `{ __schema { queryType { name } } }`,
		"a mutation's type's name":        `mutation { __typename }`,
		"a guarded query":                 `{ me { id } }`,
		"a public mutation":               `mutation { sneak(name: "ada") { person { id } } }`,
		"signing in beside anything else": `mutation { signIn(name: "ada") { person { id } } ...m } fragment m on Mutation { touch(id: "ada") { person { id } } }`,
		"a subscription":                  `subscription { ticks { number } }`,
	} {
		all[name+" is refused as a whole"] = story{question{caller: "? ada", query: query}, reply{"", []string{refused}, nil}}
	}
	tell(t, all)
}

func TestSubscriptions(t *testing.T) {
	o := newOffice(t)
	tests := map[string]struct {
		caller, query string
		events        []reply
	}{
		"a denied one is refused before it begins": {
			"ada", `subscription { alarms { number } }`,
			[]reply{{"", []string{"FORBIDDEN Subscription.alarms"}, nil}},
		},
		"claims that deny anything beneath refuse it": {
			"ada", `subscription { ticks { number cost } }`,
			[]reply{{"", []string{"FORBIDDEN Tick.cost"}, nil}},
		},
		"each event is decided on its object, with errors of its own": {
			"ada", `subscription { t: ticks { number l: letter { draft } } }`,
			[]reply{
				{`{"t":{"number":1,"l":null}}`, []string{"FORBIDDEN Letter t.l"}, nil},
				{`{"t":{"number":2,"l":{"draft":"draft of to-ada"}}}`, nil, nil},
			},
		},
		"every event has the error that it causes": {
			"cy", `subscription { ticks { letter { id } } }`,
			[]reply{
				{`{"ticks":{"letter":null}}`, []string{"FORBIDDEN Letter ticks.letter"}, nil},
				{`{"ticks":{"letter":null}}`, []string{"FORBIDDEN Letter ticks.letter"}, nil},
			},
		},
		"an open one runs": {
			"ada BOSS CLERK", `subscription { alarms { cost letter { id } } }`,
			[]reply{
				{`{"alarms":{"cost":3,"letter":{"id":"to-bob"}}}`, nil, nil},
				{`{"alarms":{"cost":3,"letter":{"id":"to-ada"}}}`, nil, nil},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := o.post(t, question{caller: test.caller, query: test.query}, "text/event-stream")
			var events []reply
			for line := range strings.Lines(string(body)) {
				if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
					events = append(events, reply{data: dataOf(t, []byte(data)), errors: errorsOf(t, []byte(data))})
				}
			}
			if diff := cmp.Diff(test.events, events, cmp.AllowUnexported(reply{})); diff != "" {
				t.Errorf("events differ (-want +got):\n%s\n%s", diff, body)
			}
		})
	}
}

func TestDeferredFieldsHaveErrorsOfTheirOwn(t *testing.T) {
	o := newOffice(t)
	body := string(o.post(t, question{
		caller: "ada", query: `{ me { name salary ... @defer(label: "later") { pension boss { salary } } } }`,
	}, "multipart/mixed"))
	first, later, found := strings.Cut(body, `"incremental"`)
	if !found {
		t.Fatalf("nothing was deferred: %s", body)
	}
	if n := strings.Count(string(o.post(t, question{
		caller: "ada", query: `{ people { id ... @defer { salary } } }`,
	}, "multipart/mixed")), `"coordinate":"Person.salary"`); n != 3 {
		t.Errorf("of three deferred payloads %d have an error", n)
	}
	for _, part := range []struct{ of, text, has, hasNot string }{
		{"the first payload", first, `"coordinate":"Person.salary"`, "Person.pension"},
		{"the deferred payload", later, `"coordinate":"Person.pension"`, `"path":["me","salary"]`},
		{"the deferred payload", later, `"path":["me","boss","salary"]`, "500"},
	} {
		if !strings.Contains(part.text, part.has) || strings.Contains(part.text, part.hasNot) {
			t.Errorf("%s should have %s and not %s: %s", part.of, part.has, part.hasNot, part.text)
		}
	}
}
