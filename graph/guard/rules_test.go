package guard_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// verdictOf is the code with which a field of a rule alone is denied; empty where it is open.
func verdictOf(t *testing.T, rules string, c auth.Caller) string {
	t.Helper()
	o := newOfficeAs(t, changed(t, "open: String @public", "open: String "+rules), c)
	got := o.ask(t, question{query: `{ open }`})
	if len(got.errors) == 0 {
		return ""
	}
	return got.errors[0][:len(got.errors[0])-len(" Query.open open")]
}

func TestRulesByToken(t *testing.T) {
	const forbidden, nobody, tooOld = "FORBIDDEN", "UNAUTHENTICATED", "RECENT_SIGN_IN_REQUIRED"
	const scopes = `@requiresScopes(scopes: [["a", "b"], ["c"]])`
	const recent = `@recentSignIn(within: "PT15M")`
	const both = `@hasRole(role: BOSS) ` + recent
	limited := func(scopes ...string) auth.Claims { return auth.Claims{Scopes: append([]string{}, scopes...)} }
	signedIn := func(ago time.Duration, roles ...auth.Role) auth.Claims {
		return auth.Claims{AuthTime: new(testserver.Noon().Add(-ago)), Roles: roles}
	}
	tests := map[string]struct {
		rules  string
		claims auth.Claims
		want   string
	}{
		"a token that is not limited needs no scope": {scopes, auth.Claims{}, ""},
		"a token limited to nothing":                 {scopes, limited(), forbidden},
		"one of two scopes":                          {scopes, limited("a"), forbidden},
		"both scopes, and others":                    {scopes, limited("x", "b", "a"), ""},
		"the other list's scope":                     {scopes, limited("c"), ""},
		"a scope that begins alike":                  {scopes, limited("c:read", "C"), forbidden},
		"scopes twice, and one holds":                {scopes + ` @requiresScopes(scopes: "d")`, limited("c"), forbidden},
		"scopes twice, and both hold":                {scopes + ` @requiresScopes(scopes: "d")`, limited("c", "d"), ""},
		"a bare list is a choice":                    {`@requiresScopes(scopes: ["a", "b"])`, limited("b"), ""},

		"a sign-in of just now":                {recent, signedIn(0), ""},
		"a sign-in of the last moment":         {recent, signedIn(15 * time.Minute), ""},
		"a sign-in of a moment too long ago":   {recent, signedIn(15*time.Minute + 1), tooOld},
		"a token that does not know":           {recent, auth.Claims{}, tooOld},
		"a sign-in by a clock that runs ahead": {recent, signedIn(-time.Minute), ""},
		"the role and a recent sign-in":        {both, signedIn(time.Minute, "BOSS"), ""},
		"a recent sign-in without the role":    {both, signedIn(0), forbidden},
		"neither a recent one nor the role":    {both, signedIn(time.Hour), forbidden},
		"the role, and only the time missing":  {both, signedIn(time.Hour, "BOSS"), tooOld},

		"a claim in an object":             {`@hasClaim(name: "org.tier", in: ["gold", "silver"])`, extra(t, `{"org": {"tier": "silver"}}`), ""},
		"another value":                    {`@hasClaim(name: "org.tier", in: ["gold"])`, extra(t, `{"org": {"tier": "golden"}}`), forbidden},
		"no such claim":                    {`@hasClaim(name: "org.tier", in: ["gold"])`, extra(t, `{"tier": "gold", "org": "gold"}`), forbidden},
		"no other claims at all":           {`@hasClaim(name: "org.tier", in: ["gold"])`, auth.Claims{}, forbidden},
		"a list that contains it":          {`@hasClaim(name: "groups", in: ["a", "b"])`, extra(t, `{"groups": ["x", "b"]}`), ""},
		"a list that does not":             {`@hasClaim(name: "groups", in: ["a"])`, extra(t, `{"groups": ["x", ["a"], null, {"a": "a"}]}`), forbidden},
		"an empty list":                    {`@hasClaim(name: "groups", in: ["a", ""])`, extra(t, `{"groups": []}`), forbidden},
		"a number as it stands":            {`@hasClaim(name: "n", in: ["1.50"])`, extra(t, `{"n": 1.50}`), ""},
		"the same number otherwise":        {`@hasClaim(name: "n", in: ["1.5"])`, extra(t, `{"n": 1.50}`), forbidden},
		"a number too long for a float":    {`@hasClaim(name: "n", in: ["9007199254740993"])`, extra(t, `{"n": 9007199254740993}`), ""},
		"a boolean":                        {`@hasClaim(name: "b", in: ["true"])`, extra(t, `{"b": true}`), ""},
		"the other boolean":                {`@hasClaim(name: "b", in: ["true"])`, extra(t, `{"b": false}`), forbidden},
		"null":                             {`@hasClaim(name: "b", in: ["null", ""])`, extra(t, `{"b": null}`), forbidden},
		"an object":                        {`@hasClaim(name: "org", in: ["gold"])`, extra(t, `{"org": {"gold": "gold"}}`), forbidden},
		"a name with dots":                 {`@hasClaim(name: "https://a.test/tier", in: ["gold"])`, extra(t, `{"https://a.test/tier": "gold"}`), ""},
		"an object under a name with dots": {`@hasClaim(name: "https://a.test/org.tier", in: ["gold"])`, extra(t, `{"https://a.test/org": {"tier": "gold"}}`), ""},
		"a name with dots before a path":   {`@hasClaim(name: "org.tier", in: ["gold"])`, extra(t, `{"org.tier": "none", "org": {"tier": "gold"}}`), forbidden},
		"two claims, and one holds":        {`@hasClaim(name: "a", in: ["1"]) @hasClaim(name: "b", in: ["1"])`, extra(t, `{"a": "1"}`), forbidden},
		"two claims, and both hold":        {`@hasClaim(name: "a", in: ["1"]) @hasClaim(name: "b", in: ["1"])`, extra(t, `{"a": "1", "b": 1}`), ""},
		"the issuer":                       {`@hasClaim(name: "iss", in: ["i"])`, auth.Claims{Issuer: "i"}, ""},
		"the subject":                      {`@hasClaim(name: "sub", in: ["s"])`, auth.Claims{Subject: "s"}, ""},
		"an audience":                      {`@hasClaim(name: "aud", in: ["b"])`, auth.Claims{Audience: []string{"a", "b"}}, ""},
		"the token's ID":                   {`@hasClaim(name: "jti", in: ["t"])`, auth.Claims{TokenID: "t"}, ""},
		"the client":                       {`@hasClaim(name: "client_id", in: ["fieldward"])`, auth.Claims{ClientID: auth.ClientFieldward}, ""},
		"the session":                      {`@hasClaim(name: "sid", in: ["s"])`, auth.Claims{SessionID: new(auth.ID("s"))}, ""},
		"no session":                       {`@hasClaim(name: "sid", in: [""])`, auth.Claims{}, forbidden},
		"the actor":                        {`@hasClaim(name: "act.sub", in: ["a"])`, auth.Claims{Actor: new(auth.ID("a"))}, ""},
		"a method of signing in":           {`@hasClaim(name: "amr", in: ["otp"])`, auth.Claims{AuthMethods: []string{"pwd", "otp"}}, ""},
		"a role by its claim":              {`@hasClaim(name: "roles", in: ["BOSS"])`, auth.Claims{Roles: []auth.Role{"BOSS"}}, ""},
		"a scope by its claim":             {`@hasClaim(name: "scope", in: ["b"])`, limited("a", "b"), ""},
		"no scope in a session's token":    {`@hasClaim(name: "scope", in: ["b", ""])`, auth.Claims{}, forbidden},
		"a registered name among others":   {`@hasClaim(name: "sub", in: ["x"])`, extra(t, `{"sub": "x"}`), forbidden},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := verdictOf(t, test.rules, auth.Caller{Claims: &test.claims}); got != test.want {
				t.Errorf("%s is %q, want %q", test.rules, got, test.want)
			}
			if got := verdictOf(t, test.rules, auth.Nobody); got != nobody {
				t.Errorf("%s is %q to nobody, want %q", test.rules, got, nobody)
			}
		})
	}
}

func extra(t *testing.T, text string) auth.Claims {
	t.Helper()
	var c auth.Claims
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&c.Extra); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecentSignIn(t *testing.T) {
	tell(t, map[string]story{
		"an owner who signed in long ago is asked to do so again": {
			question{caller: "ada ago:2h", query: `{ me { will vote } }`},
			reply{
				`{"me":{"will":null,"vote":null}}`,
				[]string{"RECENT_SIGN_IN_REQUIRED Person.vote me.vote", "RECENT_SIGN_IN_REQUIRED Person.will me.will"},
				[]string{"Query.me"},
			},
		},
		"whom it is not open to anyhow is not": {
			question{caller: "ada ago:2h", query: `{ person(id: "bob") { will } }`},
			reply{`{"person":{"will":null}}`, []string{"FORBIDDEN Person.will person.will"}, []string{"Query.person"}},
		},
		"of a list, each by its owner": {
			question{caller: "bob ago:2h", query: `{ people { will } }`},
			reply{
				`{"people":[{"will":null},{"will":null},{"will":null}]}`,
				[]string{"FORBIDDEN Person.will people.0.will"},
				[]string{"Query.people"},
			},
		},
		"the owner who has signed in of late sees it": {
			question{caller: "ada ago:59m", query: `{ people { will } me { vote } }`},
			reply{
				`{"people":[{"will":"will of ada"},{"will":null},{"will":null}],"me":{"vote":null}}`,
				[]string{"FORBIDDEN Person.will people.1.will", "RECENT_SIGN_IN_REQUIRED Person.vote me.vote"},
				[]string{"Person.will", "Query.me", "Query.people"},
			},
		},
		"a mutation lists what is missing of each field": {
			question{caller: "ada CLERK ago:2h", query: `mutation { vow fire(id: "bob") { person { vote } } }`},
			reply{"", []string{
				"RECENT_SIGN_IN_REQUIRED Mutation.vow", "FORBIDDEN Mutation.fire", "RECENT_SIGN_IN_REQUIRED Person.vote",
			}, nil},
		},
		"a mutation without the role does not ask for it": {
			question{caller: "ada ago:2h", query: `mutation { vow }`},
			reply{"", []string{"FORBIDDEN Mutation.vow"}, nil},
		},
		"a mutation with both runs": {
			question{caller: "ada CLERK ago:15m", query: `mutation { vow }`},
			reply{`{"vow":"vow"}`, nil, []string{"Mutation.vow"}},
		},
		"signing in counts below it, and not beside it": {
			question{caller: "ada CLERK ago:2h", query: `mutation { signIn(name: "ada ago:0s") { person { vote will } } touch(id: "ada") { person { id } } }`},
			reply{
				`{"signIn":{"person":{"vote":"vote","will":"will of ada"}},"touch":{"person":{"id":"ada"}}}`,
				nil,
				[]string{"Mutation.signIn", "Mutation.touch", "Person.vote", "Person.will"},
			},
		},
	})
}

// A subscription that began when the sign-in was recent ends its answers when it is not any more.
func TestATimeIsAskedAnewForEachEvent(t *testing.T) {
	const ticks = `subscription { ticks { number ballot } }`
	tests := map[string]struct {
		query  string
		events []reply
	}{
		"of a field beneath the event": {ticks, []reply{
			{`{"ticks":{"number":1,"ballot":1}}`, nil, nil},
			{`{"ticks":{"number":2,"ballot":null}}`, []string{"RECENT_SIGN_IN_REQUIRED Tick.ballot ticks.ballot"}, nil},
		}},
		"of the subscription itself, which may not be null": {`subscription { s: secrets { number } }`, []reply{
			{`{"s":{"number":1}}`, nil, nil},
			{"", []string{"RECENT_SIGN_IN_REQUIRED Subscription.secrets s"}, nil},
		}},
		"of the subscription itself, which may": {`subscription { rumours { number } }`, []reply{
			{`{"rumours":{"number":1}}`, nil, nil},
			{`{"rumours":null}`, []string{"RECENT_SIGN_IN_REQUIRED Subscription.rumours rumours"}, nil},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := testserver.Noon()
			p := prepareBy(t, "ada BOSS ago:14m", test.query, func() time.Time { return now })
			respond, ctx := p.executor.DispatchOperation(p.ctx, p.oc)
			for _, want := range test.events {
				resp := respond(ctx)
				if resp == nil {
					t.Fatal("the stream has ended")
				}
				body, err := json.Marshal(resp)
				if err != nil {
					t.Fatal(err)
				}
				want.is(t, reply{data: dataOf(t, body), errors: errorsOf(t, body)})
				now = now.Add(time.Hour)
			}
		})
	}
}

func TestATimeIsAskedOnceForAQuery(t *testing.T) {
	asked := 0
	p := prepareBy(t, "ada ago:14m", `{ me { vote again: vote } }`, func() time.Time { asked++; return testserver.Noon() })
	respond, ctx := p.executor.DispatchOperation(p.ctx, p.oc)
	respond(ctx)
	if asked != 1 {
		t.Errorf("the clock was asked %d times", asked)
	}
}

// Nothing of a verdict that passes with time is kept with the plan.
func TestATimeIsAskedAnewForEachRequest(t *testing.T) {
	now := testserver.Noon()
	p := prepareBy(t, "ada ago:14m", `{ me { vote } }`, func() time.Time { return now })
	for _, want := range []int{0, 1} {
		oc, errs := p.executor.CreateOperationContext(p.ctx, &graphql.RawParams{Query: p.oc.RawQuery})
		if errs != nil || oc.Operation != p.oc.Operation {
			t.Fatalf("the document is parsed anew, or not at all: %v", errs)
		}
		respond, ctx := p.executor.DispatchOperation(p.ctx, oc)
		if resp := respond(ctx); len(resp.Errors) != want {
			t.Errorf("at %v the errors are %v", now, resp.Errors)
		}
		now = now.Add(time.Hour)
	}
}
