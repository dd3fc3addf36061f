package guard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fieldward/fieldward/graph/guard"
)

// people is a type of which some fields are more guarded than others.
const people = `type Person @public {
	id: ID! name: String! createdAt: String namesake: String @hasRole(role: BOSS)
	email: String @hasRole(role: CLERK) emailVerified: Boolean salary: Int @hasRole(role: BOSS) tags: [String!] @hasRole(role: CLERK)
	diary: String @requiresScopes(scopes: "diary") vote: Int @recentSignIn(within: "PT1M") chief: Chief
	lastSeenAt: String @hasRole(role: CLERK) IPAddress: String @hasRole(role: CLERK) address2: String @hasRole(role: CLERK) }
`

func TestCheckLooksAtFiltersAndOrders(t *testing.T) {
	const byBoss, byClerk = "@hasRole(role: [BOSS])", "@hasRole(role: [CLERK])"
	// A problem at a line of the schema: what filters (or orders) by which field, by which rule, and what mends it.
	at := func(line, what, by, rule, mend string) string {
		return "schema.graphqls:" + line + ": " + what + " by " + by + ", which " + rule + " can hide from whoever may ask this: write " + mend
	}
	tests := map[string]struct {
		schema string
		want   []string
	}{
		"a filter by the field's name, and by names that begin with it": {
			people + `type Query { people(filter: F): [Person] @public }
			input F {
				salary: Int
				salaryAbove: Int salary_lt: Int
			}`,
			[]string{
				at("8", "F.salary: Query.people(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.people"),
				at("9", "F.salaryAbove: Query.people(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salaryAbove or on Query.people"),
				at("9", "F.salary_lt: Query.people(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary_lt or on Query.people"),
			},
		},
		"names of which another begins the same": {
			people + `type Query { people(filter: F, first: Int, salary: Int): [Person] @public }
			input F { id: ID ids: [ID!] first: Int name: String nameContains: String namesakeless: String emailVerified: Boolean emailVerifiedBy: ID mail: String tagline: String }`,
			nil,
		},
		"of several fields the one with the longest name": {
			people + `type Query { people(filter: F): [Person] @public }
			input F { namesakeIs: String }`,
			[]string{at("7", "F.namesakeIs: Query.people(filter:) filters", "Person.namesake", byBoss, byBoss+" on F.namesakeIs or on Query.people")},
		},
		"a name in another case, with a digit, with capitals, and of several": {
			people + `type Query { people(where: F): [Person] @public }
			input F { last_seen_at_gt: String ipAddress: String address2Is: String emails: [String!] tag: String }`,
			[]string{
				at("7", "F.address2Is: Query.people(where:) filters", "Person.address2", byClerk, byClerk+" on F.address2Is or on Query.people"),
				at("7", "F.emails: Query.people(where:) filters", "Person.email", byClerk, byClerk+" on F.emails or on Query.people"),
				at("7", "F.ipAddress: Query.people(where:) filters", "Person.IPAddress", byClerk, byClerk+" on F.ipAddress or on Query.people"),
				at("7", "F.last_seen_at_gt: Query.people(where:) filters", "Person.lastSeenAt", byClerk, byClerk+" on F.last_seen_at_gt or on Query.people"),
				at("7", "F.tag: Query.people(where:) filters", "Person.tags", byClerk, byClerk+" on F.tag or on Query.people"),
			},
		},
		"a rule on the input field, on the way to it, on the argument or on the list": {
			people + `type Query {
				a(filter: F): [Person] @hasRole(role: CLERK)
				b(filter: F @hasRole(role: CLERK)): [Person] @public
				c(filter: Outer): [Person] @public
			}
			input F { salary: Int @hasRole(role: BOSS) and: [F!] email: String }
			input Outer { of: [F!] @hasRole(role: CLERK) not: Outer }`,
			nil,
		},
		"a rule that does not imply the field's": {
			people + `type Query { a(filter: F): [Person] @hasRole(role: [CLERK, BOSS]) }
			input F { salary: Int @hasRole(role: [CLERK, BOSS]) diary: String @authenticated }`,
			[]string{
				at("7", "F.diary: Query.a(filter:) filters", "Person.diary", `@requiresScopes(scopes: [["diary"]])`, `@requiresScopes(scopes: [["diary"]]) on F.diary or on Query.a`),
				at("7", "F.salary: Query.a(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.a"),
			},
		},
		"a rule on the parent's type": {
			people + `type Query @hasRole(role: BOSS) { a(filter: F): [Person] @hasRole(role: CLERK) }
			input F { salary: Int email: String }`,
			nil,
		},
		"what an argument cannot have goes on the list": {
			people + `type Query { a(filter: F): [Person] @public }
			input F { vote: Int }`,
			[]string{at("7", "F.vote: Query.a(filter:) filters", "Person.vote", `@recentSignIn(within: "PT1M")`, `@recentSignIn(within: "PT1M") on Query.a`)},
		},
		"nested inputs, lists of them, and those of which one holds the other": {
			people + `type Query { a(filter: [[F!]!]): [Person] @public }
			input F { and: [F!] not: G }
			input G { or: [F!] salary: Int }`,
			[]string{at("8", "G.salary: Query.a(filter:) filters", "Person.salary", byBoss, byBoss+" on G.salary or on Query.a")},
		},
		"a way through an input field with a rule, and one past it": {
			people + `type Query { a(filter: F): [Person] @public }
			input F { some: G @hasRole(role: BOSS) any: G }
			input G { salary: Int }`,
			[]string{at("8", "G.salary: Query.a(filter:) filters", "Person.salary", byBoss, byBoss+" on G.salary or on Query.a")},
		},
		"comparisons within an input field name no field": {
			people + `type Query { a(filter: F): [Person] @public }
			input F { name: Text }
			input Text { eq: String email: String salary: Int }`,
			nil,
		},
		"fields of related objects": {
			people + `extend type Person { friends: [Person!] @public posts: Posts @public }
			type Posts @public { edges: [PostEdge!] } type PostEdge @public { node: Post } type Post @public { secret: String @hasRole(role: BOSS) salary: Int }
			type Query { a(filter: F): [Person] @public }
			input F { friends: F posts: PostFilter chiefId: ID chief: ChiefFilter }
			input PostFilter { salary: Int secret: String } input ChiefFilter { id: ID }`,
			[]string{
				at("10", "ChiefFilter.id: Query.a(filter:) filters", "Chief.id", byBoss, byBoss+" on ChiefFilter.id or on Query.a"),
				at("10", "PostFilter.secret: Query.a(filter:) filters", "Post.secret", byBoss, byBoss+" on PostFilter.secret or on Query.a"),
			},
		},
		"a connection, by its nodes or edges, and a page by its items": {
			people + `type Query { a(filter: F): A @public b(filter: F): B! @public c(filter: F): C @public }
			type A @public { nodes: [Person!]! } type B @public { edges: [E!]! } type E @public { node: Person } type C @public { items: [Person] }
			input F { salary: Int }`,
			[]string{
				at("8", "F.salary: Query.a(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.a"),
				at("8", "F.salary: Query.b(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.b"),
				at("8", "F.salary: Query.c(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.c"),
			},
		},
		"a connection's own rule is decided before the filter is read, and its nodes' is not": {
			people + `type Query { a(filter: F): A @public b(filter: F): B @public }
			type A @hasRole(role: BOSS) { nodes: [Person!]! total: Int } type B @public { nodes: [Person!] @hasRole(role: BOSS) total: Int }
			input F { salary: Int }`,
			[]string{at("8", "F.salary: Query.b(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.b")},
		},
		"a type's rule hides the object and not how many there are": {
			`type Query { list: [Chief] @public lists(filter: F): [Chief] @public one(filter: F): Chief @public }
			input F { id: ID }`,
			[]string{at("2", "F.id: Query.lists(filter:) filters", "Chief.id", byBoss, byBoss+" on F.id or on Query.lists")},
		},
		"an answer that its owner sees is known only once it is found": {
			`type Query { one(filter: F): Mine @authenticated }
			extend type Mine { note: String }
			input F { note: String }`,
			[]string{at("3", "F.note: Query.one(filter:) filters", "Mine.note", "@hasRole(role: [CLERK], orOwner: true)", byClerk+" on F.note or on Query.one")},
		},
		"a single object, and a list beneath the root": {
			people + `type Query { a(filter: F): Person @public b: T @public }
			type T @hasRole(role: CLERK) { people(orderBy: F): [Person] }
			input F { salary: Int email: String @hasRole(role: CLERK) }`,
			[]string{
				at("8", "F.salary: Query.a(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.a"),
				at("8", "F.salary: T.people(orderBy:) orders", "Person.salary", byBoss, byBoss+" on F.salary or on T.people"),
			},
		},
		"an order by the values of an enum, in an input too": {
			people + `type Query {
				a(orderBy: [By!] = [SALARY_DESC]): [Person] @public
				b(order_by: Order): [Person] @public
				c(orderBy: By @hasRole(role: BOSS)): [Person] @hasRole(role: BOSS) @hasRole(role: CLERK)
			}
			enum By { NAME_ASC NAMESPACE SALARYMAN_ASC CREATED_AT createdAt_DESC SALARY_DESC EMAIL lastSeenAt_ASC LASTSEENAT EMAIL_VERIFIED }
			input Order { direction: Direction field: By }
			enum Direction { ASC DESC }`,
			[]string{
				at("7", "By.EMAIL: Query.a(orderBy:) orders", "Person.email", byClerk, byClerk+" on Query.a(orderBy:) or on Query.a"),
				at("7", "By.LASTSEENAT: Query.a(orderBy:) orders", "Person.lastSeenAt", byClerk, byClerk+" on Query.a(orderBy:) or on Query.a"),
				at("7", "By.SALARY_DESC: Query.a(orderBy:) orders", "Person.salary", byBoss, byBoss+" on Query.a(orderBy:) or on Query.a"),
				at("7", "By.lastSeenAt_ASC: Query.a(orderBy:) orders", "Person.lastSeenAt", byClerk, byClerk+" on Query.a(orderBy:) or on Query.a"),
				at("12", "By.EMAIL: Query.b(order_by:) orders", "Person.email", byClerk, byClerk+" on Order.field or on Query.b"),
				at("12", "By.LASTSEENAT: Query.b(order_by:) orders", "Person.lastSeenAt", byClerk, byClerk+" on Order.field or on Query.b"),
				at("12", "By.SALARY_DESC: Query.b(order_by:) orders", "Person.salary", byBoss, byBoss+" on Order.field or on Query.b"),
				at("12", "By.lastSeenAt_ASC: Query.b(order_by:) orders", "Person.lastSeenAt", byClerk, byClerk+" on Order.field or on Query.b"),
			},
		},
		"the values of an enum by which is filtered are no fields": {
			people + `type Query { a(filter: F): [Person] @public }
			input F { kind: Kind } enum Kind { SALARY EMAIL }`,
			nil,
		},
		"an owner is not known before the objects are found": {
			`type Query { a(filter: F): [Owned] @authenticated b(filter: F): [Owned] @hasRole(role: CLERK) }
			extend type Owned { others(filter: F): [Owned] @hasRole(role: CLERK, orOwner: true) }
			input F { mail: String }`,
			[]string{
				at("3", "F.mail: Owned.others(filter:) filters", "Owned.mail", "@hasRole(role: [CLERK], orOwner: true)", byClerk+" on F.mail or on Owned.others"),
				at("3", "F.mail: Query.a(filter:) filters", "Owned.mail", "@hasRole(role: [CLERK], orOwner: true)", byClerk+" on F.mail or on Query.a"),
			},
		},
		"any of the types that an interface or a union allows, with an interface's rules": {
			people + `interface Named @authenticated { title: String @hasRole(role: CLERK) }
			type Dog implements Named @authenticated { title: String salary: Int } union U = Person | Dog
			type Query { a(filter: F): [Named] @authenticated b(filter: F): [U] @authenticated }
			input F { salary: Int title: String }`,
			[]string{
				at("9", "F.salary: Query.b(filter:) filters", "Person.salary", byBoss, byBoss+" on F.salary or on Query.b"),
				at("9", "F.title: Query.a(filter:) filters", "Dog.title", byClerk, byClerk+" on F.title or on Query.a"),
				at("9", "F.title: Query.b(filter:) filters", "Dog.title", byClerk, byClerk+" on F.title or on Query.b"),
			},
		},
		"an interface's rule on the argument": {
			people + `interface I @public { people(filter: F @hasRole(role: BOSS)): [Person] }
			type T implements I @public { people(filter: F): [Person] }
			type Query { t: T @public }
			input F { salary: Int }`,
			nil,
		},
		"an argument that is no input and no enum, and a list of scalars": {
			people + `type Query { a(filter: String, where: [ID!], orderBy: String): [Person] @public b(filter: F): [Int!] @public }
			input F { salary: Int }`,
			nil,
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
