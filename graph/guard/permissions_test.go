package guard_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// rights has each kind of place that can be open or not.
const rights = `
	type Query {
		open: String @public
		me: Mine @authenticated
		find(by: Find, limit: Int @hasRole(role: BOSS)): String @hasRole(role: [CLERK, BOSS])
		scoped: String @requiresScopes(scopes: [["a"]])
		tier: String @hasClaim(name: "tier", in: ["gold"])
		recent: String @authenticated @recentSignIn(within: "PT15M")
	}
	type Mutation { signIn: Payload @public @signsIn }
	type Payload @public { me: Mine! hint: String @hasRole(role: BOSS) name: String @authenticated }
	input Find { name: String salary: Int @hasRole(role: BOSS) @requiresScopes(scopes: [["a"]]) }
	extend type Mine { will: String @hasRole(role: BOSS, orOwner: true) @recentSignIn(within: "PT5M") @authenticated }
	extend type Owned { note(as: String @hasRole(role: BOSS)): String @hasRole(role: CLERK, orOwner: true) }
	extend type Chief @recentSignIn(within: "P1D") { b: Int @recentSignIn(within: "PT2H") }
`

func guardOf(t *testing.T, text string) *guard.Guard {
	t.Helper()
	tell := func(any) (auth.ID, bool) { return "", false }
	g, err := guard.New(schemaOf(t, text), guard.Objects{Owners: guard.Owners{"Owned": tell, "Mine": tell}}, testserver.Noon)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func coordinates(ps []guard.Permission) string {
	var all []string
	for _, p := range ps {
		text := p.Coordinate
		if p.Access == guard.Own {
			text += " OWN"
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

func TestPermissions(t *testing.T) {
	tests := map[string]struct{ caller, want string }{
		"nobody": {"", `
			Mutation.signIn
			Payload.me
			Payload.name
			Query.open`},
		"a token that does not verify is nobody's": {"? ada", `
			Mutation.signIn
			Payload.me
			Payload.name
			Query.open`},
		"someone": {"ada", `
			Mine.id OWN
			Mine.will OWN
			Mutation.signIn
			Owned.id
			Owned.mail OWN
			Owned.note OWN
			Payload.me
			Payload.name
			Query.open
			Query.me
			Query.scoped
			Query.recent`},
		"a clerk whose token is limited": {"ada CLERK scope:b", `
			Mine.id
			Mine.will OWN
			Mutation.signIn
			Owned.id
			Owned.mail
			Owned.note
			Payload.me
			Payload.name
			Query.open
			Query.me
			Query.find
			Query.recent
			Staff.id`},
		"a boss": {"ada BOSS tier=gold", `
			Chief.id
			Chief.b
			Find.salary
			Mine.id OWN
			Mine.will OWN
			Mutation.signIn
			Owned.id
			Owned.mail OWN
			Owned.note OWN
			Owned.note(as:) OWN
			Payload.me
			Payload.name
			Query.open
			Query.me
			Query.find
			Query.find(limit:)
			Query.scoped
			Query.tier
			Query.recent`},
	}
	g := guardOf(t, rights)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			caller := testserver.Caller(test.caller)
			if strings.Contains(test.caller, "tier=") {
				caller.Claims.Extra = map[string]any{"tier": "gold"}
			}
			want := strings.ReplaceAll(strings.TrimSpace(test.want), "\t", "")
			if diff := cmp.Diff(want, coordinates(g.Permissions(caller))); diff != "" {
				t.Errorf("permissions differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPermissionTellsItsRule(t *testing.T) {
	all := guardOf(t, rights).Permissions(testserver.Caller("ada BOSS"))
	tests := map[string]guard.Permission{
		"a public field has none": {
			Coordinate: "Query.open", Type: "Query", Field: "open", Access: guard.Allowed,
		},
		"a type's and a field's, and the shorter of two times": {
			Coordinate: "Chief.b", Type: "Chief", Field: "b", Access: guard.Allowed, RecentSignInWithin: new(2 * time.Hour),
			Rule: new(`@hasRole(role: [BOSS]) @recentSignIn(within: "P1D") @recentSignIn(within: "PT2H")`),
		},
		"an owner's": {
			Coordinate: "Mine.will", Type: "Mine", Field: "will", Access: guard.Own, RecentSignInWithin: new(5 * time.Minute),
			Rule: new(`@authenticated @hasRole(role: [BOSS], orOwner: true) @hasRole(role: [CLERK], orOwner: true) @recentSignIn(within: "PT5M")`),
		},
		"an argument's, and its field's": {
			Coordinate: "Query.find(limit:)", Type: "Query", Field: "find", Argument: new("limit"), Access: guard.Allowed,
			Rule: new(`@hasRole(role: [BOSS, CLERK]) @hasRole(role: [BOSS])`),
		},
		"an input field's own": {
			Coordinate: "Find.salary", Type: "Find", Field: "salary", Access: guard.Allowed,
			Rule: new(`@hasRole(role: [BOSS]) @requiresScopes(scopes: [["a"]])`),
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(all, func(p guard.Permission) bool { return p.Coordinate == want.Coordinate })
			if i < 0 {
				t.Fatalf("%s is not listed", want.Coordinate)
			}
			if diff := cmp.Diff(want, all[i]); diff != "" {
				t.Errorf("permission differs (-want +got):\n%s", diff)
			}
		})
	}
}

// What is listed as a query's field is what the guard lets through, and nothing else is.
func TestPermissionsAreWhatTheGuardDoes(t *testing.T) {
	o := newOffice(t)
	g, err := testserver.Guard(testserver.Schema(nil))
	if err != nil {
		t.Fatal(err)
	}
	schema := testserver.Schema(nil).Schema()
	for _, caller := range []string{"", "ada ago:0s", "ada CLERK ago:0s", "ada BOSS ago:0s", "ada scope:all org.tier=gold ago:0s"} {
		listed := map[string]guard.Access{}
		for _, p := range g.Permissions(testserver.Caller(caller)) {
			listed[p.Coordinate] = p.Access
		}
		for _, f := range schema.Types["Person"].Fields {
			query := `{ person(id: "bob") { ` + f.Name + ` } }`
			if !schema.Types[f.Type.Name()].IsLeafType() {
				query = `{ person(id: "bob") { ` + f.Name + ` { __typename } } }`
			}
			denied := slices.ContainsFunc(o.ask(t, question{caller: caller, query: query}).errors, func(e string) bool {
				return strings.Contains(e, " Person."+f.Name+" ") || strings.HasSuffix(e, " Person person")
			})
			if open := listed["Person."+f.Name] == guard.Allowed; open == denied {
				t.Errorf("%q: Person.%s is listed as open: %t, and denied: %t", caller, f.Name, open, denied)
			}
		}
	}
}
