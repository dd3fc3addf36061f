package guard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/graph/guard"
)

func TestCheckLooksAtWhatRulesSay(t *testing.T) {
	tests := map[string]struct {
		schema string
		want   []string
	}{
		"scopes that no token holds, or every one": {
			`type Query {
				a: String @requiresScopes(scopes: [])
				b: String @requiresScopes(scopes: [["x"], []])
				c(x: Int @requiresScopes(scopes: [["x y", "z"]])): String @requiresScopes(scopes: ["x", [""]])
				d: String @requiresScopes(scopes: read)
				e: String @requiresScopes(scopes: "x") @requiresScopes(scopes: ["x", "y:z"])
			}`,
			[]string{
				"schema.graphqls:2: Query.a: @requiresScopes names no scopes: name some, or write @authenticated",
				"schema.graphqls:3: Query.b: @requiresScopes has an empty list, which every token would hold: take the list away",
				`schema.graphqls:4: Query.c(x:): "x y" is no scope: write one in quotes, without a space (RFC 6749, section 3.3)`,
				`schema.graphqls:4: Query.c: "" is no scope: write one in quotes, without a space (RFC 6749, section 3.3)`,
				"schema.graphqls:5: Query.d: read is no scope: write one in quotes, without a space (RFC 6749, section 3.3)",
			},
		},
		"a time that cannot be told, or that is none": {
			`type Query {
				a: String @recentSignIn(within: "15m")
				b: String @recentSignIn(within: "P1M")
				c: String @recentSignIn(within: 15)
				d: String @recentSignIn(within: "PT0S")
				e: String @recentSignIn(within: "P1W2DT3H4M5S")
			}`,
			[]string{
				`schema.graphqls:2: Query.a: within is "15m": write an ISO 8601 duration without years or months, such as "PT15M"`,
				`schema.graphqls:3: Query.b: within is "P1M": write an ISO 8601 duration without years or months, such as "PT15M"`,
				`schema.graphqls:4: Query.c: within is 15: write an ISO 8601 duration without years or months, such as "PT15M"`,
				`schema.graphqls:5: Query.d: within is "PT0S": write an ISO 8601 duration without years or months, such as "PT15M"`,
			},
		},
		"a claim that no token has, or that cannot be compared": {
			`type Query {
				a: String @hasClaim(name: "", in: "x")
				b: String @hasClaim(name: "org..tier", in: [])
				c: String @hasClaim(name: auth_time, in: ["x", 7])
				d(x: Int @hasClaim(name: "exp", in: "x")): String @public
				e: String @hasClaim(name: "https://example.com/tier", in: ["x", "7"])
			}`,
			[]string{
				`schema.graphqls:2: Query.a: @hasClaim of "", which is no claim's name: write one in quotes, such as "org.tier"`,
				`schema.graphqls:3: Query.b: @hasClaim names no value: name one`,
				`schema.graphqls:3: Query.b: @hasClaim of "org..tier", which is no claim's name: write one in quotes, such as "org.tier"`,
				`schema.graphqls:4: Query.c: @hasClaim of auth_time, which is no claim's name: write one in quotes, such as "org.tier"`,
				`schema.graphqls:4: Query.c: @hasClaim with the value 7: write it in quotes`,
				`schema.graphqls:5: Query.d(x:): @hasClaim of "exp", which is a time or a counter: name another claim`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := lines(guard.Check(schemaOf(t, test.schema), owned))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}
