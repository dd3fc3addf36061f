package guardtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/guardtest"
)

const firm = `
directive @public on OBJECT | FIELD_DEFINITION
directive @authenticated on OBJECT | FIELD_DEFINITION
directive @hasRole(role: [Role!]!, orOwner: Boolean! = false) on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
directive @requiresScopes(scopes: [[String!]!]!) on OBJECT | FIELD_DEFINITION
directive @recentSignIn(within: String!) on FIELD_DEFINITION
directive @hasClaim(name: String!, in: [String!]!) repeatable on FIELD_DEFINITION
directive @signsIn on FIELD_DEFINITION
enum Role { CLERK BOSS }
type Query {
  open: String @public
  me: Person @authenticated
  people(below: Int @hasRole(role: BOSS)): [Person] @hasRole(role: [CLERK, BOSS])
  safe: Safe @authenticated
}
type Mutation {
  signIn: Person @public @signsIn
  signOut: String @public
  hire(input: HireInput!): Person @hasRole(role: [CLERK, BOSS])
}
input HireInput { name: String! salary: Int @hasRole(role: BOSS) }
type Person @authenticated {
  name: String!
  email: String @hasRole(role: CLERK, orOwner: true)
  salary: Int @hasRole(role: BOSS)
  diary: String @requiresScopes(scopes: [["diary"]])
  will: String @recentSignIn(within: "PT15M")
  perk: String @hasClaim(name: "org.tier", in: ["gold", "3"])
  badge: String @hasClaim(name: "sub", in: ["usr_ada"])
}
type Safe @hasRole(role: BOSS) { code: Int! key: String @hasRole(role: CLERK) }
`

func schema(t testing.TB) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "firm.graphqls", Input: firm})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsWantedIsGot(t *testing.T) {
	clerk, boss := guardtest.Role("CLERK"), guardtest.Role("BOSS")
	guardtest.Run(t, schema(t), map[string]guardtest.Case{
		"all of it is open": {
			As: boss.SignedInAgo(15 * time.Minute), Query: `{ people(below: 3) { name salary diary will } safe { code } }`, Want: guardtest.Allowed(),
		},
		"a case without a persona is asked by nobody": {
			Query: `{ open me { name } }`, Want: guardtest.Verdicts{"Query.me": guardtest.Unauthenticated, "Person": guardtest.Unauthenticated},
		},
		"what is the owner's own": {
			As: guardtest.SignedIn(), Query: `{ me { name email } }`, Want: guardtest.Verdicts{"Person.email": guardtest.Own},
		},
		"a type speaks for its fields, unless they are named": {
			As: clerk, Query: `{ safe { code key } }`, Want: guardtest.Verdicts{"Safe": guardtest.Forbidden},
		},
		"a field speaks for its arguments, unless they are named": {
			As: clerk, Query: `query($b: Int) { people(below: $b) { name } }`, Variables: map[string]any{"b": 3},
			Want: guardtest.Verdicts{"Query.people(below:)": guardtest.Forbidden, "Query.people": guardtest.Open},
		},
		"a variable that is not given supplies nothing": {
			As: clerk, Query: `query($b: Int) { people(below: $b) { name } }`, Want: guardtest.Allowed(),
		},
		"a stale sign-in": {
			As: guardtest.SignedIn().SignedInAgo(16 * time.Minute), Query: `{ me { will } }`,
			Want: guardtest.Verdicts{"Person.will": guardtest.RecentSignInRequired},
		},
		"a token that does not tell when its bearer signed in": {
			As: guardtest.SignedIn(), Query: `{ me { will } }`, Want: guardtest.Verdicts{"Person.will": guardtest.RecentSignInRequired},
		},
		"a token limited to other scopes":   {As: clerk.LimitedTo("poems"), Query: `{ me { diary } }`, Want: guardtest.Verdicts{"Person.diary": guardtest.Forbidden}},
		"a token limited to no scope":       {As: clerk.LimitedTo(), Query: `{ me { diary } }`, Want: guardtest.Verdicts{"Person.diary": guardtest.Forbidden}},
		"a token limited to the very scope": {As: clerk.LimitedTo("poems", "diary"), Query: `{ me { diary } }`, Want: guardtest.Allowed()},
		"a claim by its path":               {As: clerk.Claim("org.tier", "gold"), Query: `{ me { perk } }`, Want: guardtest.Allowed()},
		"a claim within another":            {As: clerk.Claim("org", map[string]any{"tier": []string{"iron", "gold"}}), Query: `{ me { perk } }`, Want: guardtest.Allowed()},
		"a claim that is a number":          {As: clerk.Claim("org.tier", 3), Query: `{ me { perk } }`, Want: guardtest.Allowed()},
		"another value of a claim":          {As: clerk.Claim("org.tier", "iron"), Query: `{ me { perk } }`, Want: guardtest.Verdicts{"Person.perk": guardtest.Forbidden}},
		"a subject":                         {As: clerk.Subject("usr_ada"), Query: `{ me { badge } }`, Want: guardtest.Allowed()},
		"claims of any kind": {
			As:    guardtest.Bearer(auth.Claims{Roles: []auth.Role{"CLERK", "BOSS"}, Subject: "usr_ada"}),
			Query: `{ me { email salary badge } }`, Want: guardtest.Allowed(),
		},
		"a mutation is refused as a whole": {
			As: clerk, Query: `mutation { signOut hire(input: {name: "Bob", salary: 3}) { salary } }`,
			Want: guardtest.Refused{"HireInput.salary": guardtest.Forbidden, "Person.salary": guardtest.Forbidden},
		},
		"below a @signsIn field": {
			Query: `mutation { signIn { name salary email will } }`,
			Want:  guardtest.Verdicts{"Person.salary": guardtest.Forbidden, "Person.email": guardtest.Own},
		},
		"a token that does not verify":                    {As: guardtest.Unverified(), Query: `{ open }`, Want: guardtest.Refused{}},
		"a token that does not verify where none matters": {As: guardtest.Unverified(), Query: `mutation { signOut }`, Want: guardtest.Allowed()},
		"one operation of several": {
			As: clerk, Query: `query A { open } query B { me { salary } }`, Operation: "A", Want: guardtest.Allowed(),
		},
	}, guard.WithoutIdentity("Mutation.signOut"))
}

func TestAMethodOfAPersonaLeavesItAsItWas(t *testing.T) {
	member := guardtest.SignedIn().Claim("org.tier", "gold")
	member.Claim("org.tier", "iron").LimitedTo("poems").SignedInAgo(0)
	guardtest.Run(t, schema(t), map[string]guardtest.Case{
		"the first persona": {
			As: member, Query: `{ me { perk diary will } }`, Want: guardtest.Verdicts{"Person.will": guardtest.RecentSignInRequired},
		},
	})
}

func TestAFailureSaysWhatWasGot(t *testing.T) {
	complaint, err := guardtest.Complaints(schema(t), guard.WithoutIdentity("Mutation.signOut"))
	if err != nil {
		t.Fatal(err)
	}
	clerk := guardtest.Role("CLERK").LimitedTo("diary").SignedInAgo(time.Minute)
	tests := map[string]struct {
		guardtest.Case
		want string
	}{
		"a verdict that differs": {
			guardtest.Case{As: clerk, Query: "{\n  me { salary name }\n}", Want: guardtest.Verdicts{"Person.name": guardtest.Own}},
			`asked by CLERK, limited to diary, signed in 1m0s ago:
	{
	  me { salary name }
	}
Person.salary: got FORBIDDEN, want open; there stands @authenticated @hasRole(role: [BOSS])
Person.name: got open, want own; there stands @authenticated`,
		},
		"a place that is not touched": {
			guardtest.Case{Query: `{ open }`, Want: guardtest.Verdicts{"Query.opne": guardtest.Forbidden, "Query.open": guardtest.Own}},
			`asked by nobody:
	{ open }
Query.open: got open, want own; there stands no rule
Query.opne: the operation touches no such field, and no such type, argument or input field that states a rule`,
		},
		"a refusal that does not happen": {
			guardtest.Case{As: guardtest.SignedIn(), Query: `mutation { signIn { salary } }`, Want: guardtest.Refused{}},
			`asked by someone signed in:
	mutation { signIn { salary } }
it runs, and was to be refused as a whole
Person.salary: FORBIDDEN, which refuses nothing else; its rule is @authenticated @hasRole(role: [BOSS])`,
		},
		"a refusal for other reasons": {
			guardtest.Case{
				As: guardtest.SignedIn(), Query: `mutation { hire(input: {name: "Bob"}) { name } }`,
				Want: guardtest.Refused{"Mutation.hire": guardtest.Unauthenticated, "Person.name": guardtest.Forbidden},
			},
			`asked by someone signed in:
	mutation { hire(input: {name: "Bob"}) { name } }
Mutation.hire: got FORBIDDEN, want UNAUTHENTICATED; there stands @hasRole(role: [BOSS, CLERK])
Person.name: it is not for this that the operation is refused, want FORBIDDEN`,
		},
		"verdicts of what does not run at all": {
			guardtest.Case{As: guardtest.Unverified(), Query: `{ open }`, Want: guardtest.Allowed()},
			"asked by the bearer of a token that does not verify:\n\t{ open }\nnothing of it runs, since the token does not verify",
		},
		"a case that wants nothing": {
			guardtest.Case{Query: `{ open }`},
			"asked by nobody:\n\t{ open }\nthe case wants nothing: write Allowed(), Verdicts or Refused",
		},
		"an operation that touches nothing": {
			guardtest.Case{Query: `{ __typename }`, Want: guardtest.Allowed()},
			"asked by nobody:\n\t{ __typename }\nthe operation touches nothing of which a rule could say anything",
		},
		"a claim that has a field": {
			guardtest.Case{As: clerk.Claim("scope", "all"), Query: `{ open }`, Want: guardtest.Allowed()},
			"asked by CLERK, limited to diary, signed in 1m0s ago:\n\t{ open }\nscope is a registered claim: write it by Role, Subject, LimitedTo, SignedInAgo or Bearer",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, complaint(test.Case)); diff != "" {
				t.Errorf("the message differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACaseThatTheSchemaDoesNotAllowFails(t *testing.T) {
	complaint, err := guardtest.Complaints(schema(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		guardtest.Case
		want string
	}{
		"a field that there is not":     {guardtest.Case{Query: `{ opne }`}, `Cannot query field "opne"`},
		"text that does not parse":      {guardtest.Case{Query: `{ open`}, "Expected Name"},
		"a variable of another type":    {guardtest.Case{Query: `query($b: Int) { people(below: $b) { name } }`, Variables: map[string]any{"b": "x"}}, "variable.b"},
		"a variable that is missing":    {guardtest.Case{Query: `mutation($i: HireInput!) { hire(input: $i) { name } }`}, "must be defined"},
		"an operation that there isn't": {guardtest.Case{Query: `query A { open }`, Operation: "B"}, `no operation "B"`},
		"one of several, unnamed":       {guardtest.Case{Query: `query A { open } query B { open }`}, "or several and the case names none"},
		"a claim that is not JSON":      {guardtest.Case{As: guardtest.SignedIn().Claim("f", func() {}), Query: `{ open }`}, "write the claim f"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.Want = guardtest.Allowed()
			if got := complaint(test.Case); !strings.Contains(got, test.want) {
				t.Errorf("the case says %q, want %q in it", got, test.want)
			}
		})
	}
}

func TestASchemaWithAProblemIsNoneToTest(t *testing.T) {
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "open.graphqls", Input: "type Query {\n  a: Int\n}"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guardtest.Complaints(s); err == nil || !strings.Contains(err.Error(), "open.graphqls:2: Query.a: no rule") {
		t.Errorf("the schema's problem is told as %v", err)
	}
}

func TestLoadReadsASchemaFromItsFiles(t *testing.T) {
	folder := t.TempDir()
	files := map[string]string{"a.graphqls": firm, "b.graphqls": "extend type Query { more: Int @hasRole(role: BOSS) }"}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := guardtest.Load(t, filepath.Join(folder, "a.graphqls"), filepath.Join(folder, "b.graphqls"))
	guardtest.Run(t, s, map[string]guardtest.Case{
		"what the second file adds": {As: guardtest.Role("CLERK"), Query: `{ more }`, Want: guardtest.Verdicts{"Query.more": guardtest.Forbidden}},
	})
}

// BenchmarkCase is what a case takes, parsing and validation included.
func BenchmarkCase(b *testing.B) {
	complaint, err := guardtest.Complaints(schema(b))
	if err != nil {
		b.Fatal(err)
	}
	c := guardtest.Case{
		As: guardtest.Role("CLERK"), Query: `{ people { name email salary } }`, Want: guardtest.Verdicts{"Person.salary": guardtest.Forbidden},
	}
	b.ReportAllocs()
	for b.Loop() {
		if text := complaint(c); text != "" {
			b.Fatal(text)
		}
	}
}
