package guard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
)

const declarations = `
	directive @public on OBJECT | INTERFACE | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM | UNION | SCALAR | SCHEMA | DIRECTIVE_DEFINITION
	directive @authenticated on OBJECT | INTERFACE | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | INPUT_OBJECT | ENUM_VALUE
	directive @hasRole(role: [Role!]!, orOwner: Boolean! = false) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
	directive @signsIn on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
	directive @requiresScopes(scopes: [[String!]!]!) repeatable on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | UNION
	directive @recentSignIn(within: String!) on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
	directive @hasClaim(name: String!, in: [String!]!) repeatable on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
	enum Role { CLERK BOSS }
	type Owned @authenticated { id: ID! mail: String @hasRole(role: CLERK, orOwner: true) }
	type Staff @hasRole(role: CLERK) { id: ID! }
	type Chief @hasRole(role: BOSS) { id: ID! }
	type Mine @hasRole(role: CLERK, orOwner: true) { id: ID! }
`

func schemaOf(t testing.TB, texts ...string) *ast.Schema {
	t.Helper()
	sources := []*ast.Source{{Name: "declarations.graphqls", Input: declarations}}
	for i, text := range texts {
		name := "schema.graphqls"
		if i > 0 {
			name = "extension.graphqls"
		}
		sources = append(sources, &ast.Source{Name: name, Input: text})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func owned(typeName string) bool { return typeName == "Owned" || typeName == "Mine" }

func lines(ps guard.Problems) []string {
	var all []string
	for _, p := range ps {
		all = append(all, p.String())
	}
	return all
}

func TestCheck(t *testing.T) {
	const query = "type Query { a: String @public }\n"
	tests := map[string]struct {
		schema string
		want   []string
	}{
		"a field that nothing reaches": {
			"type Query {\n  a: String @public\n  b: String\n}",
			[]string{"schema.graphqls:3: Query.b: no rule and no @public reaches it: write @public, @authenticated or @hasRole"},
		},
		"fields that their type reaches, or an interface, or its field": {
			query + `interface I { a: Int @authenticated b: Int }
			interface J @public { c: Int }
			type T implements I & J { a: Int b: Int @public c: Int }
			type U @hasRole(role: [CLERK]) { a: Int }`,
			nil,
		},
		"a field that only an interface's other field reaches": {
			query + "interface I { a: Int @authenticated b: Int }\ntype T implements I { a: Int b: Int }",
			[]string{"schema.graphqls:3: T.b: no rule and no @public reaches it: write @public, @authenticated or @hasRole"},
		},
		"an empty role list": {
			"type Query { a: String @hasRole(role: []) }",
			[]string{"schema.graphqls:1: Query.a: @hasRole names no role: name one, or write @authenticated"},
		},
		"an unknown role, alone and in a list": {
			"type Query { a: String @hasRole(role: CHEF) }\ntype T @hasRole(role: [BOSS, COOK]) { a: Int }",
			[]string{
				"schema.graphqls:1: Query.a: unknown role CHEF: name a value of Role",
				"schema.graphqls:2: T: unknown role COOK: name a value of Role",
			},
		},
		"a role in quotes": {
			`type Query { a: String @hasRole(role: "BOSS") }`,
			[]string{`schema.graphqls:1: Query.a: unknown role "BOSS": name a value of Role`},
		},
		"an orOwner that is no boolean": {
			query + `type T { a: Int @hasRole(role: BOSS, orOwner: "true") }`,
			[]string{`schema.graphqls:2: T.a: orOwner is "true": write true or false`},
		},
		"an orOwner on a type that has no owner": {
			query + "type T @public {\n  a: Int\n  @hasRole(role: BOSS, orOwner: true)\n}",
			[]string{"schema.graphqls:4: T: orOwner, and T has no owner: give its Go type the method OwnerID() auth.ID, or take orOwner away"},
		},
		"an orOwner that an interface brings to a type that has no owner": {
			query + "interface I @hasRole(role: BOSS, orOwner: true) { a: Int }\ntype T implements I @public { a: Int }",
			[]string{"schema.graphqls:2: T: orOwner, and T has no owner: give its Go type the method OwnerID() auth.ID, or take orOwner away"},
		},
		"an orOwner on a root field": {
			"type Query { a: String @hasRole(role: BOSS, orOwner: true) }",
			[]string{"schema.graphqls:1: Query.a: orOwner on a root field, which has no owner: take orOwner away"},
		},
		"an orOwner on a field that answers Query": {
			query + "extend type Owned { query: Query @hasRole(role: BOSS, orOwner: true) }",
			[]string{"schema.graphqls:2: Owned.query: orOwner on a field that answers Query, which claims alone decide: take orOwner away"},
		},
		"@public beside a rule, on a field and on a type": {
			"type Query {\n  a: String @authenticated @public\n}\ntype T @public @hasRole(role: [BOSS, CLERK]) { a: Int }",
			[]string{
				"schema.graphqls:2: Query.a: @public beside @authenticated: take one away",
				"schema.graphqls:4: T: @public beside @hasRole(role: [BOSS, CLERK]): take one away",
			},
		},
		"@signsIn anywhere but on root fields of Mutation": {
			"type Query { a: String @public @signsIn }\ntype T @public @signsIn { a: Int }\ntype Mutation { a: T @public @signsIn }",
			[]string{
				"schema.graphqls:1: Query.a: @signsIn belongs on root fields of Mutation: take it away",
				"schema.graphqls:2: T: @signsIn belongs on root fields of Mutation: take it away",
			},
		},
		"a directive where it is not enforced": {
			`type Query { a(x: Int @public, y: Int @signsIn, z: Int @recentSignIn(within: "PT1M")): String @public }
			input In { a: Int @public b: Int @signsIn c: Int @recentSignIn(within: "PT1M") }
			input All @authenticated { a: Int }
			enum E @public { A @authenticated }
			union U @public @requiresScopes(scopes: "a") = Owned
			scalar S @public
			schema @public { query: Query }
			directive @other(a: Int @public) @public on FIELD
			interface I @public { a(x: Int @public): Int }`,
			[]string{
				"schema.graphqls:1: Query.a(x:): @public is not enforced on an argument: take it away",
				"schema.graphqls:1: Query.a(y:): @signsIn is not enforced on an argument: take it away",
				"schema.graphqls:1: Query.a(z:): @recentSignIn is not enforced on an argument: take it away",
				"schema.graphqls:2: In.a: @public is not enforced on an input field: take it away",
				"schema.graphqls:2: In.b: @signsIn is not enforced on an input field: take it away",
				"schema.graphqls:2: In.c: @recentSignIn is not enforced on an input field: take it away",
				"schema.graphqls:3: All: @authenticated is not enforced on an input type: take it away",
				"schema.graphqls:4: E.A: @authenticated is not enforced on an enum's value: take it away",
				"schema.graphqls:4: E: @public is not enforced on an enum: take it away",
				"schema.graphqls:5: U: @public is not enforced on a union: take it away",
				"schema.graphqls:5: U: @requiresScopes is not enforced on a union: take it away",
				"schema.graphqls:6: S: @public is not enforced on a scalar: take it away",
				"schema.graphqls:7: schema: @public is not enforced on the schema: take it away",
				"schema.graphqls:8: @other(a:): @public is not enforced on an argument of a directive: take it away",
				"schema.graphqls:8: @other: @public is not enforced on a directive: take it away",
				"schema.graphqls:9: I.a(x:): @public is not enforced on an argument: take it away",
			},
		},
		"a role on an argument and an input field, for their owner too": {
			`type Query { a(x: Int @hasRole(role: BOSS, orOwner: true)): String @public }
			interface I @public { a(x: Int @hasRole(role: COOK, orOwner: true)): Int }
			input In { a: Int @hasRole(role: [], orOwner: true) }`,
			[]string{
				"schema.graphqls:1: Query.a(x:): orOwner on an argument, which has no owner: take orOwner away",
				"schema.graphqls:2: I.a(x:): orOwner on an argument, which has no owner: take orOwner away",
				"schema.graphqls:2: I.a(x:): unknown role COOK: name a value of Role",
				"schema.graphqls:3: In.a: @hasRole names no role: name one, or write @authenticated",
				"schema.graphqls:3: In.a: orOwner on an input field, which has no owner: take orOwner away",
			},
		},
		"a field with no place for the null that its arguments cause": {
			query + `interface I @public { a(x: Int @hasRole(role: BOSS)): Int! }
			type T implements I @public { a(x: Int): Int! }
			type V @hasRole(role: BOSS) { a(x: Int @hasRole(role: [BOSS, CLERK])): Int! b(in: In): Int! }
			input In { of: [Deep!] }
			input Deep { in: In on: Int @requiresScopes(scopes: "x") }
			type Mutation { a(in: In): Int! @public }`,
			[]string{
				"schema.graphqls:3: T.a: @hasRole(role: [BOSS]) of T.a(x:) can deny it where its T is visible, and there is no place for the null: write Int",
				`schema.graphqls:4: V.b: @requiresScopes(scopes: [["x"]]) of Deep.on can deny it where its V is visible, and there is no place for the null: write Int`,
			},
		},
		"what implies each of the rules leaves no null": {
			query + `type T @requiresScopes(scopes: [["a", "b"], ["c", "d"]]) @recentSignIn(within: "PT5M") @hasClaim(name: "n", in: ["x"]) {
				a: Int! @requiresScopes(scopes: [["b"], ["c"]]) b: Int! @recentSignIn(within: "PT300S") c: Int! @hasClaim(name: "n", in: ["x", "y"])
				d: Int! @authenticated @requiresScopes(scopes: [["a", "b"], ["c", "d"], ["e"]]) @recentSignIn(within: "P1D")
			}`,
			nil,
		},
		"what does not imply a rule leaves a null": {
			query + `type T @requiresScopes(scopes: [["a", "b"], ["c"]]) @recentSignIn(within: "PT5M") @hasClaim(name: "n", in: ["x"]) {
				a: Int! @requiresScopes(scopes: [["a"]])
				b: Int! @recentSignIn(within: "PT4M")
				c: Int! @hasClaim(name: "n", in: ["y"])
				d: Int! @hasClaim(name: "m", in: ["x"])
				e: Int! @hasRole(role: BOSS)
			}`,
			[]string{
				`schema.graphqls:3: T.a: @requiresScopes(scopes: [["a"]]) can deny it where its T is visible, and there is no place for the null: write Int`,
				`schema.graphqls:4: T.b: @recentSignIn(within: "PT4M") can deny it where its T is visible, and there is no place for the null: write Int`,
				`schema.graphqls:5: T.c: @hasClaim(name: "n", in: ["y"]) can deny it where its T is visible, and there is no place for the null: write Int`,
				`schema.graphqls:6: T.d: @hasClaim(name: "m", in: ["x"]) can deny it where its T is visible, and there is no place for the null: write Int`,
				"schema.graphqls:7: T.e: @hasRole(role: [BOSS]) can deny it where its T is visible, and there is no place for the null: write Int",
			},
		},
		"a field with no place for its null": {
			query + "extend type Owned { b: String! @hasRole(role: BOSS) c: String! @authenticated }",
			[]string{"schema.graphqls:2: Owned.b: @hasRole(role: [BOSS]) can deny it where its Owned is visible, and there is no place for the null: write String"},
		},
		"a field with no place for the null that an interface brings": {
			query + "interface I @hasRole(role: CLERK) { a: [Int!]! @authenticated }\ntype T implements I @authenticated { a: [Int!]! }",
			[]string{"schema.graphqls:3: T.a: @hasRole(role: [CLERK]) can deny it where its T is visible, and there is no place for the null: write [Int!]"},
		},
		"what implies a field's rule leaves no null": {
			query + `type T @hasRole(role: BOSS) { a: Int! @hasRole(role: [CLERK, BOSS]) }
			extend type Mine { a: Int! @hasRole(role: [CLERK, BOSS], orOwner: true) b: Int! @authenticated }`,
			nil,
		},
		"fewer roles are not implied, nor are the roles alone by orOwner": {
			query + `type T @hasRole(role: [BOSS, CLERK]) { a: Int! @hasRole(role: BOSS) }
			extend type Mine { a: Int! @hasRole(role: [CLERK]) }`,
			[]string{
				"schema.graphqls:2: T.a: @hasRole(role: [BOSS]) can deny it where its T is visible, and there is no place for the null: write Int",
				"schema.graphqls:3: Mine.a: @hasRole(role: [CLERK]) can deny it where its Mine is visible, and there is no place for the null: write Int",
			},
		},
		"an answer with no place for the null of its object": {
			"type Query { a: [[Chief!]]! @public b: Chief! @authenticated c: [Chief!] @hasRole(role: BOSS) }",
			[]string{
				"schema.graphqls:1: Query.a: answers Chief, which @hasRole(role: [BOSS]) can hide, and there is no place for the null: write [[Chief]]!",
				"schema.graphqls:1: Query.b: @authenticated can deny it where its Query is visible, and there is no place for the null: write Chief",
				"schema.graphqls:1: Query.b: answers Chief, which @hasRole(role: [BOSS]) can hide, and there is no place for the null: write Chief",
			},
		},
		"an answer of any of a union's types": {
			"union U = Staff | Chief\ntype Query { a: [U!] @hasRole(role: [BOSS, CLERK]) }",
			[]string{
				"schema.graphqls:2: Query.a: answers Chief, which @hasRole(role: [BOSS]) can hide, and there is no place for the null: write [U]",
				"schema.graphqls:2: Query.a: answers Staff, which @hasRole(role: [CLERK]) can hide, and there is no place for the null: write [U]",
			},
		},
		"the owner of one object is not that of another": {
			query + "extend type Mine { other: Mine! } extend type Staff { a: Mine! }",
			[]string{"schema.graphqls:2: Mine.other: answers Mine, which @hasRole(role: [CLERK], orOwner: true) can hide, and there is no place for the null: write Mine"},
		},
		"root fields of Mutation need no place for what claims deny": {
			query + "type Mutation { a: Staff! @hasRole(role: BOSS) b: [Chief!]! @authenticated }",
			nil,
		},
		"root fields of Mutation need one for an owner, and for a type that is known only later": {
			query + "union U = Staff | Owned\ntype Mutation { a: Mine! @authenticated b: U! @authenticated }",
			[]string{
				"schema.graphqls:3: Mutation.a: answers Mine, which @hasRole(role: [CLERK], orOwner: true) can hide, and there is no place for the null: write Mine",
				"schema.graphqls:3: Mutation.b: answers Staff, which @hasRole(role: [CLERK]) can hide, and there is no place for the null: write U",
			},
		},
		"what only @signsIn answers needs none for its objects": {
			query + "type Mutation { in: P @public @signsIn }\ntype P @public { me: Owned! mine: [Mine!]! boss: String! @hasRole(role: BOSS) }",
			[]string{"schema.graphqls:3: P.boss: @hasRole(role: [BOSS]) can deny it where its P is visible, and there is no place for the null: write String"},
		},
		"what others answer too needs one": {
			query + "type Mutation { in: P @public @signsIn out: P @public }\ntype P @public { me: Owned! }",
			[]string{"schema.graphqls:3: P.me: answers Owned, which @authenticated can hide, and there is no place for the null: write Owned"},
		},
		"a subscription whose event only its owner may see": {
			query + "type Subscription {\n  a: Mine @authenticated\n  b: Event! @authenticated\n}\ntype Event @authenticated { mine: Mine }",
			[]string{"schema.graphqls:3: Subscription.a: answers Mine, whose @hasRole(role: [CLERK], orOwner: true) cannot be decided on an event: answer a type that has the Mine in a field"},
		},
		"a subscription whose event has a field that only its owner may see": {
			query + "type Subscription { a: Owned! @authenticated }",
			[]string{"schema.graphqls:2: Subscription.a: answers Owned, and orOwner of Owned.mail cannot be decided on an event: answer a type that has the Owned in a field"},
		},
		"a subscription whose event is of a type that is known only later": {
			query + "union U = Staff | Chief\ntype Subscription { a: U @hasRole(role: CLERK) b: Staff! @authenticated }",
			[]string{"schema.graphqls:3: Subscription.a: answers Chief, whose @hasRole(role: [BOSS]) cannot be decided on an event: answer a type that has the Chief in a field"},
		},
		"a field that answers Subscription": {
			query + "type Subscription { a: Int @authenticated }\ntype T { s: Subscription @public }",
			[]string{"schema.graphqls:3: T.s: answers Subscription, which only an operation can begin at: take the field away"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := lines(guard.Check(schemaOf(t, test.schema), owned))
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckLooksAtExtensions(t *testing.T) {
	schema := schemaOf(t,
		"type Query { a: String @public }\ntype T @public { a: Int! }",
		"extend type T @hasRole(role: BOSS) { b: Int }\nextend type Chief {\n  c: Int @public @authenticated }")
	want := []string{
		"extension.graphqls:3: Chief.c: @public beside @authenticated: take one away",
		"schema.graphqls:2: T: @public beside @hasRole(role: [BOSS]): take one away",
	}
	if diff := cmp.Diff(want, lines(guard.Check(schema, nil))); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
}

func TestCheckLooksAtDeclarations(t *testing.T) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: `
		directive @hasRole(role: [String!]!, unless: Boolean) on FIELD_DEFINITION
		directive @public(when: String) on FIELD_DEFINITION
		directive @hasClaim(name: String!, in: [String!]!, not: Boolean) on FIELD_DEFINITION
		directive @recentSignIn(within: String!, of: String) on FIELD_DEFINITION
		directive @requiresScopes(scopes: [String!]!, all: Boolean) on FIELD_DEFINITION
		type Query { a: String @hasRole(role: "BOSS") }`})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"schema.graphqls:2: @hasRole: its argument role must be a list of the values of an enum: declare role: [Role!]!",
		"schema.graphqls:2: @hasRole: the guard knows no argument unless: take it away",
		"schema.graphqls:3: @public: the guard knows no argument when: take it away",
		"schema.graphqls:4: @hasClaim: the guard knows no argument not: take it away",
		"schema.graphqls:5: @recentSignIn: the guard knows no argument of: take it away",
		"schema.graphqls:6: @requiresScopes: its argument scopes must be a list of lists: declare scopes: [[Scope!]!]!",
		"schema.graphqls:6: @requiresScopes: the guard knows no argument all: take it away",
	}
	if diff := cmp.Diff(want, lines(guard.Check(schema, nil))); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
}

func TestOwnersAreNotAskedForBeforeTheyAreKnown(t *testing.T) {
	schema := schemaOf(t, "type Query { a: String @public }\ntype T { a: Int @hasRole(role: BOSS, orOwner: true) }")
	if ps := guard.Check(schema, nil); len(ps) > 0 {
		t.Errorf("without owners there are problems: %v", ps)
	}
}

func TestNewListsEveryProblem(t *testing.T) {
	schema := schemaOf(t, "union U = Staff | Chief\ntype Query { u: U @public b: Int }\ntype T { a: Int @hasRole(role: BOSS, orOwner: true) }")
	objects := guard.Objects{Owners: guard.Owners{
		"Owned": func(any) (auth.ID, bool) { return "", false },
		"Mine":  func(any) (auth.ID, bool) { return "", false },
	}}
	_, err := guard.New(schema, objects, time.Now, guard.WithoutIdentity("Mutation.signOut", "Query.u", "Staff.id"))
	want := []string{
		"hold the schema against the guard:",
		"WithoutIdentity: there is no root field Mutation.signOut",
		"WithoutIdentity: there is no root field Staff.id",
		"schema.graphqls:1: U: the guard cannot tell of which type an object is: generate the table of types with guardgen",
		"schema.graphqls:2: Query.b: no rule and no @public reaches it: write @public, @authenticated or @hasRole",
		"schema.graphqls:3: T: orOwner, and T has no owner: give its Go type the method OwnerID() auth.ID, or take orOwner away",
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), err.Error()); diff != "" {
		t.Errorf("error differs (-want +got):\n%s", diff)
	}
}
