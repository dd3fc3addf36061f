package guard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
)

func TestAnExtensionInAnotherFileIsHeldToTheSameRules(t *testing.T) {
	const first = `
		type Query { a: Owned @authenticated staff: Staff @public }
		interface Named { title: String @hasRole(role: CLERK) }
		input In { a: Int @hasRole(role: CLERK) }
		extend type Owned { find(in: In): String @public }`
	tests := map[string]struct {
		extension string
		want      []string
	}{
		"what it adds is decided where it stands": {
			"extend type Query { b: Int @public }\nextend type Owned { c: Int }\nextend type Staff { d: Int }\nextend input In { b: Int @authenticated }",
			nil,
		},
		"a root field that no rule reaches": {
			"extend type Query {\n  b: Int @public\n  c: Int\n}",
			[]string{"extension.graphqls:3: Query.c: no rule and no @public reaches it: write @public, @authenticated or @hasRole"},
		},
		"a rule that leaves a null no place": {
			"extend type Staff {\n  b: Int! @hasRole(role: BOSS)\n}",
			[]string{"extension.graphqls:2: Staff.b: @hasRole(role: [BOSS]) can deny it where its Staff is visible, and there is no place for the null: write Int"},
		},
		"a rule that hides an object where the first file has no place for a null": {
			"extend type Query { all: [Staff!] @hasRole(role: CLERK) }\n\nextend type Staff @hasRole(role: BOSS)",
			[]string{"extension.graphqls:1: Query.all: answers Staff, which @hasRole(role: [BOSS]) can hide, and there is no place for the null: write [Staff]"},
		},
		"@public on a type that has a rule": {
			"\nextend type Staff @public",
			[]string{"extension.graphqls:2: Staff: @public beside @hasRole(role: [CLERK]): take one away"},
		},
		"a rule on an input type": {
			"extend input In @authenticated",
			[]string{"extension.graphqls:1: In: @authenticated is not enforced on an input type: take it away"},
		},
		"an interface that a type takes on, with its rules": {
			"extend type Staff implements Named {\n  title: String!\n}",
			nil, // its type asks for the same role
		},
		"an interface whose rules leave a null no place": {
			"extend type Owned implements Named {\n  title: String!\n}",
			[]string{"extension.graphqls:2: Owned.title: @hasRole(role: [CLERK]) can deny it where its Owned is visible, and there is no place for the null: write String"},
		},
		"an unknown role": {
			"extend type Query { b: Int @hasRole(role: CHEF) }",
			[]string{"extension.graphqls:1: Query.b: unknown role CHEF: name a value of Role"},
		},
		"an owner where there is none": {
			"extend type Query @hasRole(role: BOSS, orOwner: true)",
			[]string{
				"extension.graphqls:1: Query.a: orOwner on a root field, which has no owner: take orOwner away",
				"extension.graphqls:1: Query.staff: orOwner on a root field, which has no owner: take orOwner away",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := lines(guard.Check(schemaOf(t, first, test.extension), owned))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

// What a second file states comes to what the first one states, and takes nothing away.
func TestAnExtensionNarrowsAndNeverRelaxes(t *testing.T) {
	tests := map[string]struct {
		extension string
		story
	}{
		"a rule on a type": {
			"extend type Person @hasRole(role: BOSS)",
			story{
				question{caller: "ada CLERK", query: `{ me { id } node(id: "bob") { id } letters { to { name } } }`},
				reply{
					`{"me":null,"node":null,"letters":[{"to":null},{"to":null}]}`,
					[]string{"FORBIDDEN Person letters.0.to", "FORBIDDEN Person me", "FORBIDDEN Person node"},
					[]string{"Query.letters", "Query.node"},
				},
			},
		},
		"a milder rule beside a stricter one": {
			"extend type Safe @hasRole(role: [CLERK, BOSS]) extend type Safe @authenticated",
			story{
				question{caller: "ada CLERK", query: `{ safe { code } }`},
				reply{`{"safe":null}`, []string{"FORBIDDEN Safe safe"}, nil},
			},
		},
		"a rule on an interface": {
			"extend interface Named @hasRole(role: BOSS)",
			story{
				question{caller: "ada CLERK", query: `{ me { title name } }`},
				reply{`{"me":{"title":null,"name":"Ada"}}`, []string{"FORBIDDEN Person.title me.title"}, []string{"Query.me"}},
			},
		},
		"a rule on a root type": {
			"extend type Mutation @hasRole(role: BOSS)",
			story{question{caller: "ada", query: `mutation { signOut }`}, reply{"", []string{"FORBIDDEN Mutation"}, nil}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			second := &ast.Source{Name: "second.graphqls", Input: test.extension}
			o := newOfficeOf(t, loaded(t, append(sources(t), second)))
			test.want.is(t, o.ask(t, test.question))
		})
	}
}
