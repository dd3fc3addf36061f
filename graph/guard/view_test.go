package guard_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// plainly is a text without its line breaks and indentation.
func plainly(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestAViewShowsWhatTheClaimsOpen(t *testing.T) {
	tests := map[string]struct{ caller, schema, want string }{
		"a field whose rule is denied goes": {
			"ada", `type Query { a: Int @public b: Int @hasRole(role: BOSS) c: Int @authenticated }`,
			`type Query { a: Int c: Int }`,
		},
		"to whom all is open all is shown, without the rules": {
			"ada BOSS CLERK", `type Query { a: Int @public b(c: Int @hasRole(role: CLERK)): Chief @hasRole(role: BOSS) }`,
			`type Chief { id: ID! } type Query { a: Int b(c: Int): Chief }`,
		},
		"what is open on one's own objects is shown": {
			"ada", `type Query { me: Owned @authenticated mine: [Mine] @authenticated }`,
			`type Owned { id: ID! mail: String } type Mine { id: ID! } type Query { me: Owned mine: [Mine] }`,
		},
		"but nothing is anyone's own who is nobody": {
			"", `type Query { open: Int @public me: Owned @public mine: Mine @public }`,
			`type Query { open: Int }`,
		},
		"a rule that passes with time hides nothing": {
			"ada", `type Query { a: Int @authenticated @recentSignIn(within: "PT1M") }`,
			`type Query { a: Int }`,
		},
		"scopes and claims hide": {
			"ada scope:a", `type Query { a: Int @requiresScopes(scopes: [["a"]]) b: Int @requiresScopes(scopes: [["b"]]) c: Int @hasClaim(name: "t.u", in: ["v"]) }`,
			`type Query { a: Int }`,
		},
		"a field goes whose type is denied, and the type": {
			"ada", `type Query { a: Int @public chief: [[Chief]] @public }`,
			`type Query { a: Int }`,
		},
		"a type goes of which no field is left, and the fields that answer it": {
			"ada",
			`type Query { a: Int @public b: B @public }
			type B @public { c: C d: Int @hasRole(role: BOSS) } type C @public { e: Int @hasRole(role: BOSS) }`,
			`type Query { a: Int }`,
		},
		"types that lead to each other and nowhere else stay": {
			"ada", `type Query { b: B @public } type B @public { c: C } type C @public { b: B d: Chief }`,
			`type Query { b: B } type B { c: C } type C { b: B }`,
		},
		"what nothing visible reaches goes": {
			"ada",
			`type Query { a: Int @public b: B @hasRole(role: BOSS) } type B @public { c: C } type C @public { e: E in(f: F): Int }
			enum E { X } input F { s: S } scalar S union U = B`,
			`type Query { a: Int }`,
		},
		"an argument that is denied goes, and the field too where it requires it": {
			"ada",
			`type Query { a(b: Int @hasRole(role: BOSS), c: Int! = 1 @hasRole(role: BOSS), d: Int): Int @public
				e(f: Int! @hasRole(role: BOSS)): Int @public }`,
			`type Query { a(d: Int): Int }`,
		},
		"an input field that is denied goes, and the type too where it requires it": {
			"ada",
			`type Query { a(i: In, j: [Not!], k: Empty): Int @public b(j: [Not!]!): Int @public c(j: [Not!]! = []): Int @public }
			input In { a: Int b: Int @hasRole(role: BOSS) c: Int! = 1 @hasRole(role: BOSS) not: Not }
			input Not { a: Int b: Int! @hasRole(role: BOSS) } input Empty { a: Int @hasRole(role: BOSS) }`,
			`type Query { a(i: In): Int c: Int } input In { a: Int }`,
		},
		"an input type that takes itself stays": {
			"ada", `type Query { a(i: In!): Int @public } input In { and: [In!] a: Int @hasRole(role: BOSS) b: Int }`,
			`type Query { a(i: In!): Int } input In { and: [In!] b: Int }`,
		},
		"a default does not name what is hidden": {
			"ada",
			`type Query { a(i: In = {a: 1, b: 2, in: [{b: 3}, {a: 4}]}): Int @public }
			input In { a: Int b: Int @hasRole(role: BOSS) in: [In] = {b: 5, a: 6} }`,
			`type Query { a(i: In = {a:1,in:[{},{a:4}]}): Int } input In { a: Int in: [In] = {a:6} }`,
		},
		"a union shows the members that are open, and goes without any": {
			"ada", `type Query { u: U @public v: V @public } union U = Owned | Chief union V = Chief | Staff`,
			`type Owned { id: ID! mail: String } type Query { u: U } union U = Owned`,
		},
		"an interface's field stays where every shown implementer has it": {
			"ada",
			`type Query { i: I @public } interface I @public { a: Int b: Int c(d: Int): Int }
			type T implements I { a: Int b: Int c(d: Int): Int } type U implements I { a: Int b: Int @hasRole(role: BOSS) c(d: Int @hasRole(role: BOSS)): Int }
			type V implements I @hasRole(role: BOSS) { a: Int b: Int c(d: Int): Int }`,
			`type Query { i: I } interface I { a: Int c: Int } type T implements I { a: Int b: Int c(d: Int): Int } type U implements I { a: Int c: Int }`,
		},
		"an implementer that is not shown takes nothing away": {
			"ada",
			`type Query { t: T @public u: U @hasRole(role: BOSS) } interface I @public { a: Int b: Int }
			type T implements I { a: Int b: Int } type U implements I { a: Int b: Int @hasRole(role: BOSS) }`,
			`type Query { t: T } interface I { a: Int b: Int } type T implements I { a: Int b: Int }`,
		},
		"an interface of which no field is left goes, and what answers it": {
			"ada",
			`type Query { i: I @public t: T @public j: J @public } interface I @public { a: Int } interface J @public { i: I }
			type T implements I & J { a: Int @hasRole(role: BOSS) b: Int i: I } type U implements J { i: I }`,
			`type Query { t: T } type T { b: Int }`,
		},
		"an interface without a visible implementer goes": {
			"ada", `type Query { a: Int @public i: I @public } interface I @public { id: ID! } type T implements I @hasRole(role: BOSS) { id: ID! }`,
			`type Query { a: Int }`,
		},
		"interfaces of interfaces": {
			"ada",
			`type Query { j: J @public } interface I @public { a: Int } interface J implements I @public { a: Int b: Int @hasRole(role: BOSS) }
			type T implements I & J { a: Int b: Int c: Int }`,
			`type Query { j: J } interface I { a: Int } interface J implements I { a: Int } type T implements I & J { a: Int c: Int }`,
		},
		"a field that an interface promises wider than its implementers keep": {
			"ada",
			`type Query { i: I @public } interface I @public { u: U n: N } union U = A | B interface N @public { x: Int } 
			type T implements I { u: A n: A } type A implements N { x: Int } type B @public { y: Int }`,
			`type Query { i: I } interface I { u: U n: N } union U = A interface N { x: Int } type T implements I { u: A n: A } type A implements N { x: Int }`,
		},
		"an argument that an implementer requires and the interface lost": {
			"ada",
			`type Query { i: I @public } interface I @public { a(b: Int!): Int x: Int }
			type T implements I { a(b: Int!): Int x: Int } type U implements I { a(b: Int! = 1 @hasRole(role: BOSS)): Int x: Int }`,
			`type Query { i: I } interface I { x: Int } type T implements I { a(b: Int!): Int x: Int } type U implements I { a: Int x: Int }`,
		},
		"mutations and subscriptions go where nothing of them is open": {
			"", `type Query { a: Int @public } type Mutation { b: Int @authenticated } type Subscription { c: Int @authenticated }`,
			`type Query { a: Int }`,
		},
		"a query of which nothing is open says so": {
			"", `type Query { a: Int @authenticated } type Mutation { b: Int @public }`,
			`""" Nothing that can be read is open to you. """ type Query { """ Stands here because a type must have a field. It cannot be asked for. """ _empty: Boolean } type Mutation { b: Int }`,
		},
		"so does one that is denied as a whole, in a name that is nobody's": {
			"", `type Query @authenticated { _empty: Int b: Int }`,
			`""" Nothing that can be read is open to you. """ type Query { """ Stands here because a type must have a field. It cannot be asked for. """ _empty_: Boolean }`,
		},
		"nobody sees below a sign-in what someone does": {
			"",
			`type Query { me: Owned @authenticated } type Mutation { in: P @public @signsIn out: P @authenticated }
			type P @public { me: Owned! boss: Int @hasRole(role: BOSS) hi(b: Int @hasRole(role: BOSS), i: In): Int @public } input In { a: Int @authenticated b: Int @hasRole(role: BOSS) }`,
			`type Owned { id: ID! mail: String }
			""" Nothing that can be read is open to you. """ type Query { """ Stands here because a type must have a field. It cannot be asked for. """ _empty: Boolean }
			type Mutation { in: P } type P { me: Owned! hi(i: In): Int } input In { a: Int }`,
		},
		"what is reached both ways shows what either opens": {
			"ada BOSS scope:a",
			`type Query { t: T @authenticated } type Mutation { in: T @public @signsIn }
			type T @authenticated { a: Int b: Int @hasRole(role: BOSS) c: Int @requiresScopes(scopes: [["c"]]) d: Int @hasRole(role: CLERK) }`,
			`type Query { t: T } type Mutation { in: T } type T { a: Int b: Int c: Int }`,
		},
		"whoever asks sees below a sign-in what anyone does": {
			"ada BOSS", `type Query { a: Int @public } type Mutation { in: P @public @signsIn } type P @public { a: Int b: Int @hasRole(role: BOSS) }`,
			`type Query { a: Int } type Mutation { in: P } type P { a: Int }`,
		},
		"root types by other names": {
			"ada", `schema { query: Q mutation: M } type Q { a: Int @public } type M { b: Int @hasRole(role: BOSS) }`,
			`schema { query: Q } type Q { a: Int }`,
		},
		"a type that is called Mutation and is none": {
			"ada", `schema { query: Q } type Q { a: Mutation @public } type Mutation { b: Int @public }`,
			`schema { query: Q } type Q { a: Mutation } type Mutation { b: Int }`,
		},
		"the words of GraphQL stay, and nobody else's": {
			"ada",
			`directive @cached(by: Policy) on FIELD_DEFINITION directive @live(every: Pace, hush: Hush) on FIELD | FIELD_DEFINITION
			directive @hushed(hush: Hush!) on FIELD enum Policy { LONG } scalar Pace input Hush { a: Int @hasRole(role: BOSS) }
			type Query { a(b: Choice): Url @public @cached(by: LONG) @deprecated(reason: "Too old.") }
			input Choice @oneOf { a: Int b: Int @hasRole(role: BOSS) c: Int @deprecated } scalar Url @specifiedBy(url: "https://url.test") enum Size { BIG }`,
			`directive @live(every: Pace) on FIELD scalar Pace type Query { a(b: Choice): Url @deprecated(reason: "Too old.") }
			input Choice @oneOf { a: Int c: Int @deprecated } scalar Url @specifiedBy(url: "https://url.test")`,
		},
		"descriptions stay, and comments do not": {
			"ada",
			`"All of it." schema { query: Query }
			# Chief is secret.
			"""
			Reads.

			  Indented.
			"""
			type Query { "A number." a("Less." b: Int): E @public } "Some." enum E { "One." X }`,
			`""" All of it. """ schema { query: Query } """ Reads. Indented. """ type Query { """ A number. """ a( """ Less. """ b: Int ): E } """ Some. """ enum E { """ One. """ X }`,
		},
		"roles are shown where something takes them": {
			"ada", `type Query { a(r: Role): Int @public }`,
			`enum Role { CLERK BOSS } type Query { a(r: Role): Int }`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := guard.NewViews(schemaOf(t, test.schema)).Of(testserver.Caller(test.caller)).SDL(false)
			if diff := cmp.Diff(plainly(test.want), plainly(text)); diff != "" {
				t.Errorf("view differs (-want +got):\n%s\n%s", diff, text)
			}
			wantSchema(t, text)
		})
	}
}

// wantSchema fails the test unless the text is a schema by itself.
func wantSchema(t testing.TB, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "view.graphqls", Input: text})
	if err != nil {
		t.Fatalf("the view is no schema: %v\n%s", err, text)
	}
	return schema
}

func TestAViewCanShowTheRules(t *testing.T) {
	views := guard.NewViews(schemaOf(t, `
		type Query { me: Owned @authenticated who: Role @hasRole(role: BOSS) chief: Chief @public }
		type Mutation { in(i: In @authenticated, b: Int @hasRole(role: BOSS)): Owned @public @signsIn }
		input In { a: Int @authenticated }`))
	const declared = `enum Role { CLERK BOSS }`
	text := views.Of(testserver.Caller("ada")).SDL(true)
	wantSchema(t, text)
	if got := plainly(text); !strings.Contains(got, declared) || !strings.Contains(got, `directive @hasRole(role: [Role!]!, orOwner: Boolean! = false) repeatable on `) {
		t.Errorf("the rules are not declared in\n%s", text)
	}
	for _, want := range []string{
		`type Owned @authenticated { id: ID! mail: String @hasRole(role: CLERK, orOwner: true) }`,
		`type Query { me: Owned @authenticated }`,
		`type Mutation { in(i: In @authenticated): Owned @public @signsIn }`,
		`input In { a: Int @authenticated }`,
	} {
		if !strings.Contains(plainly(text), want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	if without := views.Of(testserver.Caller("ada")).SDL(false); strings.Contains(without, "@") || strings.Contains(without, "Role") {
		t.Errorf("rules are shown unasked:\n%s", without)
	}
}

func TestTheWholeSchemaHidesNothingButTheRules(t *testing.T) {
	views := guard.NewViews(changed(t))
	whole := views.Whole()
	for _, coordinate := range []string{"Person.salary", "Memo.author", "Mutation.fire", "Subscription.alarms", "HireInput.roles", "Safe", "Role"} {
		if !whole.Shows(coordinate) {
			t.Errorf("the whole schema has no %s", coordinate)
		}
	}
	if text := whole.SDL(false); strings.Contains(text, "@") {
		t.Errorf("the rules are shown unasked:\n%s", text)
	}
	again := guard.NewViews(wantSchema(t, whole.SDL(true)))
	for _, caller := range []string{"", "ada", "ada CLERK", "ada BOSS scope:all", "ada org.tier=gold"} {
		c := testserver.Caller(caller)
		if diff := cmp.Diff(introspected(t, views.Of(c).Schema()), introspected(t, again.Of(c).Schema())); diff != "" {
			t.Errorf("%q: the schema with its rules shows another view when it is read again:\n%s", caller, diff)
		}
	}
}

func TestShows(t *testing.T) {
	v := guard.NewViews(schemaOf(t, `type Query { a: Int @public b: Chief @public me: Owned @authenticated }`)).Of(testserver.Caller("ada"))
	for coordinate, want := range map[string]bool{
		"Query": true, "Query.a": true, "Query.b": false, "Chief": false, "Chief.id": false, "Owned.mail": true, "": false, "Query.": false, "Int": true,
	} {
		if got := v.Shows(coordinate); got != want {
			t.Errorf("%q is shown: %t, want %t", coordinate, got, want)
		}
	}
}

func TestTheRolesOfASchema(t *testing.T) {
	if got := guard.NewViews(schemaOf(t, `type Query { a: Int @public }`)).Roles(); len(got) != 2 || got[0] != "CLERK" || got[1] != "BOSS" {
		t.Errorf("the roles are %q", got)
	}
	if got := guard.NewViews(gqlparser.MustLoadSchema(&ast.Source{Input: `type Query { a: Int }`})).Roles(); got != nil {
		t.Errorf("a schema without @hasRole has the roles %q", got)
	}
}

func TestCallersToWhomTheSameIsOpenShareAView(t *testing.T) {
	views := guard.NewViews(changed(t))
	of := func(caller string) *guard.View { return views.Of(testserver.Caller(caller)) }
	if of("ada CLERK") != of("bob CLERK ago:2h") {
		t.Error("two clerks have two views")
	}
	if of("") != of("? ada") {
		t.Error("whose token does not verify is not shown what nobody is")
	}
	if of("ada CLERK") == of("ada") || of("ada") == of("") {
		t.Error("callers to whom other things are open share a view")
	}
}

func TestTheSchemaItselfIsNotChanged(t *testing.T) {
	schema := changed(t)
	before := guard.NewViews(changed(t)).Whole().SDL(true)
	views := guard.NewViews(schema)
	for _, caller := range []string{"", "ada", "ada BOSS"} {
		v := views.Of(testserver.Caller(caller))
		_ = v.SDL(true)
		if v.Schema() == schema || v.Schema().Query == schema.Query {
			t.Error("the view is the schema itself")
		}
	}
	if diff := cmp.Diff(before, guard.NewViews(schema).Whole().SDL(true)); diff != "" {
		t.Errorf("the schema has changed:\n%s", diff)
	}
}
