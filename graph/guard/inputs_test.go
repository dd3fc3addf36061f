package guard_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

type object = map[string]any

// A rule on an input field holds wherever a value for it can come from. CLERKs may search by anything but a salary.
func TestWhereAValueComesFrom(t *testing.T) {
	const byFilter = `query($f: Filter) { search(filter: $f) }`
	const byList = `query($f: [Filter!]) { search(anyOf: $f) }`
	tests := map[string]struct {
		query     string
		variables object
		denied    bool
	}{
		"a literal":                                 {`{ search(filter: {salaryAbove: 1}) }`, nil, true},
		"a literal null":                            {`{ search(filter: {salaryAbove: null}) }`, nil, true},
		"another field's literal":                   {`{ search(filter: {name: "salaryAbove", plain: {a: 1}}) }`, nil, false},
		"an empty object":                           {`{ search(filter: {}) }`, nil, false},
		"a literal null for the object":             {`{ search(filter: null) }`, nil, false},
		"a nested literal":                          {`{ search(filter: {not: {not: {salaryAbove: 1}}}) }`, nil, true},
		"a literal in a list":                       {`{ search(filter: {and: [{name: "a"}, {salaryAbove: 1}]}) }`, nil, true},
		"a literal that stands for a list":          {`{ search(filter: {and: {salaryAbove: 1}}) }`, nil, true},
		"an argument's list":                        {`{ search(anyOf: [{name: "a"}, {salaryAbove: 1}]) }`, nil, true},
		"an argument's single value for a list":     {`{ search(anyOf: {salaryAbove: 1}) }`, nil, true},
		"a list of lists":                           {`{ search(grid: [[{name: "a"}], [null, {salaryAbove: 1}]]) }`, nil, true},
		"a single value for a list of lists":        {`{ search(grid: {salaryAbove: 1}) }`, nil, true},
		"a list of lists without it":                {`{ search(grid: [[{name: "a"}], null, []]) }`, nil, false},
		"a variable":                                {`query($n: Int) { search(filter: {salaryAbove: $n}) }`, object{"n": 1}, true},
		"a variable that is null":                   {`query($n: Int) { search(filter: {salaryAbove: $n}) }`, object{"n": nil}, true},
		"a variable that is not given":              {`query($n: Int) { search(filter: {salaryAbove: $n}) }`, nil, false},
		"a variable's default":                      {`query($n: Int = 1) { search(filter: {salaryAbove: $n}) }`, nil, true},
		"a variable's default of null":              {`query($n: Int = null) { search(filter: {salaryAbove: $n}) }`, nil, true},
		"within a variable":                         {byFilter, object{"f": object{"salaryAbove": 1}}, true},
		"null within a variable":                    {byFilter, object{"f": object{"salaryAbove": nil}}, true},
		"deep within a variable":                    {byFilter, object{"f": object{"and": []any{object{"not": object{"and": object{"salaryAbove": 1}}}}}}, true},
		"not within a variable":                     {byFilter, object{"f": object{"and": []any{object{"name": "a"}}, "not": nil}}, false},
		"a variable of null":                        {byFilter, object{"f": nil}, false},
		"no variable":                               {byFilter, nil, false},
		"within a variable's default":               {`query($f: Filter = {not: {salaryAbove: 1}}) { search(filter: $f) }`, nil, true},
		"what a variable has in place of a default": {`query($f: Filter = {not: {salaryAbove: 1}}) { search(filter: $f) }`, object{"f": object{"name": "a"}}, false},
		"within a list of a variable":               {byList, object{"f": []any{object{"name": "a"}, object{"salaryAbove": 1}}}, true},
		"within a single value for a list":          {byList, object{"f": object{"salaryAbove": 1}}, true},
		"within a single value in a list of lists":  {`query($f: [[Filter]]) { search(grid: $f) }`, object{"f": object{"salaryAbove": 1}}, true},
		"within a list of lists":                    {`query($f: [[Filter]]) { search(grid: $f) }`, object{"f": []any{nil, []any{nil, object{"salaryAbove": 1}}}}, true},
		"a variable as a list's element":            {`query($f: Filter!) { search(anyOf: [{name: "a"}, $f]) }`, object{"f": object{"salaryAbove": 1}}, true},
		"a variable in a nested field":              {`query($f: Filter!) { search(filter: {and: [$f], not: $f}) }`, object{"f": object{"salaryAbove": 1}}, true},
		"a variable that another field uses":        {`query($f: Filter!, $s: Boolean = true) { search(filter: {}) other: search(filter: $f) @skip(if: $s) }`, object{"f": object{"salaryAbove": 1}}, false},
		"in a fragment":                             {`query($f: Filter!) { ... on Query { ...q } } fragment q on Query { search(filter: $f) }`, object{"f": object{"salaryAbove": 1}}, true},
	}
	o := newOffice(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := []string{"FORBIDDEN Filter.salaryAbove search"}
			got := o.ask(t, question{caller: "cy CLERK", query: test.query, variables: test.variables})
			if ran := len(got.ran) > 0; ran == test.denied {
				t.Errorf("the resolver ran: %t", ran)
			}
			if !test.denied {
				want = nil
			}
			if diff := cmp.Diff(want, got.errors); diff != "" {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
			if boss := o.ask(t, question{caller: "cy BOSS", query: test.query, variables: test.variables}); len(boss.errors) > 0 {
				t.Errorf("whom it is open to gets %v", boss.errors)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	tell(t, map[string]story{
		"a denied argument denies its field alone": {
			question{caller: "ada", query: `{ open search(limit: 3) again: search(text: "a") }`},
			reply{
				`{"open":"open","search":null,"again":"text true, limit false, filter false, anyOf 0, grid 0"}`,
				[]string{"FORBIDDEN Query.search(limit:) search"},
				[]string{"Query.open", "Query.search"},
			},
		},
		"null is a value": {
			question{query: `{ search(limit: null) }`},
			reply{`{"search":null}`, []string{"UNAUTHENTICATED Query.search(limit:) search"}, nil},
		},
		"of two that are denied the first is told": {
			question{caller: "ada scope:x", query: `{ search(filter: {team: {secret: 1}, salaryAbove: 2}, limit: 3) }`},
			reply{`{"search":null}`, []string{"FORBIDDEN TeamFilter.secret search"}, nil},
		},
		"what the argument's parser says does not reach a denied caller": {
			question{caller: "ada", query: `{ search(limit: 100) }`},
			reply{`{"search":null}`, []string{"FORBIDDEN Query.search(limit:) search"}, nil},
		},
		"what an input field's parser says does not reach a denied caller": {
			question{caller: "ada scope:x", query: `query($t: TeamFilter) { search(filter: {team: $t}) }`, variables: object{"t": object{"secret": 100}}},
			reply{`{"search":null}`, []string{"FORBIDDEN TeamFilter.secret search"}, nil},
		},
		"what a parser says of an open argument does not reach a caller whom another one is closed to": {
			question{caller: "ada", query: `{ search(filter: {team: {secret: 100}, salaryAbove: 1}) }`},
			reply{`{"search":null}`, []string{"FORBIDDEN Filter.salaryAbove search"}, nil},
		},
		"it reaches whom all of it is open to": {
			question{caller: "ada", query: `{ search(filter: {team: {secret: 100}}) }`},
			reply{`{"search":null}`, []string{"only 9 of 1234 secret rows: 100"}, nil},
		},
		"an interface's argument narrows that of its implementers": {
			question{caller: "ada scope:ratings:read", query: `{ me { rating(by: "a") again: rating } rated(id: "parcel") { rating(by: "b") } }`},
			reply{
				`{"me":{"rating":null,"again":5},"rated":{"rating":null}}`,
				[]string{"FORBIDDEN Parcel.rating(by:) rated.rating", "FORBIDDEN Person.rating(by:) me.rating"},
				[]string{"Person.rating", "Query.me", "Query.rated"},
			},
		},
		"an implementer's argument has its own rule too": {
			question{caller: "ada CLERK scope:x", query: `{ rated(id: "ada") { rating(by: "a") } parcel: rated(id: "parcel") { rating(by: "b") } }`},
			reply{
				`{"rated":{"rating":null},"parcel":{"rating":4}}`,
				[]string{"FORBIDDEN Person.rating(by:) rated.rating"},
				[]string{"Parcel.rating", "Query.rated"},
			},
		},
		"an argument below what only its owner may see": {
			question{caller: "ada", query: `{ people { poem(about: "b") } me { poem } }`},
			reply{
				`{"people":[{"poem":null},{"poem":null},{"poem":null}],"me":{"poem":"poem"}}`,
				[]string{"FORBIDDEN Person.poem people.1.poem", "FORBIDDEN Person.poem(about:) people.0.poem"},
				[]string{"Person.poem", "Query.me", "Query.people"},
			},
		},
		"an argument of a field that answers Query": {
			question{caller: "ada", query: `{ viewer { ask(as: "x") { __typename open } again: ask { open } } }`},
			reply{
				`{"viewer":{"ask":null,"again":{"open":"open"}}}`,
				[]string{"FORBIDDEN Viewer.ask(as:) viewer.ask"},
				[]string{"Query.open", "Query.viewer"},
			},
		},
		"below @signsIn the new caller's claims count": {
			question{
				caller: "cy BOSS", variables: object{"f": object{"salaryAbove": 1}},
				query: `mutation($f: Filter) { signIn(name: "ada") { a: greeting(in: "x") b: greeting(filter: $f) c: greeting(filter: {name: "x"}) } }`,
			},
			reply{
				`{"signIn":{"a":null,"b":null,"c":"hello"}}`,
				[]string{"FORBIDDEN Filter.salaryAbove signIn.b", "FORBIDDEN SignInPayload.greeting(in:) signIn.a"},
				[]string{"Mutation.signIn", "SignInPayload.greeting"},
			},
		},
		"below @signsIn the new caller's claims open": {
			question{query: `mutation { signIn(name: "ada BOSS") { a: greeting(in: "x") b: greeting(filter: {salaryAbove: 1}) } }`},
			reply{`{"signIn":{"a":"hello","b":"hello"}}`, nil, []string{"Mutation.signIn", "SignInPayload.greeting"}},
		},
	})
}

func TestArgumentsOfMutations(t *testing.T) {
	const hire = `mutation($in: HireInput!) { touch(id: "ada") { person { id } } hire(input: $in) { person { name } } }`
	tell(t, map[string]story{
		"an input field that is not open keeps all of it from running": {
			question{caller: "cy CLERK", query: `mutation { touch(id: "ada") { person { id } } hire(input: {name: "x", roles: [BOSS]}) { person { id } } }`},
			reply{"", []string{"FORBIDDEN HireInput.roles"}, nil},
		},
		"so does one in a variable, and all are listed in the order of the schema": {
			question{caller: "cy", query: hire, variables: object{"in": object{
				"name": "x", "rank": 2, "roles": []any{}, "notes": []any{object{"text": "a"}, object{"text": "b", "secret": nil}},
			}}},
			reply{"", []string{"FORBIDDEN HireInput.roles", "FORBIDDEN HireInput.rank", "FORBIDDEN NoteInput.secret"}, nil},
		},
		"each coordinate is listed once": {
			question{caller: "cy", query: `mutation { a: praise(id: "a", times: 1) { person { id } } b: praise(id: "a", times: 2) { person { id } } }`},
			reply{"", []string{"FORBIDDEN Mutation.praise(times:)"}, nil},
		},
		"nobody is told of each": {
			question{query: `mutation { praise(id: "a", times: 1) { __typename } }`},
			reply{"", []string{"UNAUTHENTICATED Mutation.praise", "UNAUTHENTICATED Mutation.praise(times:)", "UNAUTHENTICATED PersonPayload"}, nil},
		},
		"what the schema has for a default is not supplied": {
			question{caller: "cy", query: `mutation { praise(id: "ada") { person { name } } hire(input: {name: "x", notes: {text: "a"}}) { person { name } } }`},
			reply{
				`{"praise":{"person":{"name":"praised 3 times"}},"hire":{"person":{"name":"x of rank 1"}}}`,
				nil,
				[]string{"Mutation.hire", "Mutation.praise"},
			},
		},
		"what is supplied is taken of whom it is open to": {
			question{caller: "cy BOSS org.tier=gold", query: hire, variables: object{"in": object{
				"name": "x", "rank": 2, "roles": []any{"BOSS"}, "notes": object{"text": "a", "secret": true},
			}}},
			reply{
				`{"touch":{"person":{"id":"ada"}},"hire":{"person":{"name":"x of rank 2"}}}`,
				nil,
				[]string{"Mutation.hire", "Mutation.touch"},
			},
		},
		"what is skipped is not supplied": {
			question{
				caller: "cy", variables: object{"in": object{"name": "x", "roles": []any{"BOSS"}}, "s": true},
				query: `mutation($in: HireInput!, $s: Boolean!) { touch(id: "ada") { person { id } } hire(input: $in) @skip(if: $s) { person { id } } }`,
			},
			reply{`{"touch":{"person":{"id":"ada"}}}`, nil, []string{"Mutation.touch"}},
		},
		"a subscription is refused before it begins": {
			question{caller: "cy ago:1m", query: `subscription { secrets(filter: {salaryAbove: 1}) { number } }`},
			reply{"", []string{"FORBIDDEN Filter.salaryAbove"}, nil},
		},
	})
}

// A value that is open costs a request nothing but to look for what is not.
func TestAnOpenValueTakesNoAllocation(t *testing.T) {
	const query = `mutation($in: HireInput!) { hire(input: $in) { person { id } } }`
	tests := map[string]struct {
		caller    string
		variables object
	}{
		"every value is open":          {"cy BOSS org.tier=gold", object{"in": object{"name": "x", "roles": []any{"BOSS"}}}},
		"what is not was not supplied": {"cy CLERK", object{"in": object{"name": "x", "notes": []any{object{"text": "a", "secret": true}}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			schema := testserver.Schema(nil)
			g, err := testserver.Guard(schema)
			if err != nil {
				t.Fatal(err)
			}
			ctx := graphql.StartOperationTrace(auth.WithCaller(t.Context(), testserver.Caller(test.caller)))
			oc, errs := executor.New(schema).CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: test.variables})
			if errs != nil {
				t.Fatal(errs)
			}
			ctx = graphql.WithOperationContext(ctx, oc)
			ran := false
			nothing := func(context.Context) *graphql.Response { return nil }
			next := func(got context.Context) graphql.ResponseHandler {
				ran = got == ctx
				return nothing
			}
			g.InterceptOperation(ctx, next) // plans
			if n := testing.AllocsPerRun(100, func() { g.InterceptOperation(ctx, next) }); n != 0 {
				t.Errorf("deciding takes %v allocations, want none", n)
			}
			if !ran {
				t.Error("the operation does not go on as if there were no guard")
			}
		})
	}
}

// Values that no JSON decodes to, but that a program can hand over.
func TestValuesOfOtherGoTypes(t *testing.T) {
	type names map[string]int
	for name, value := range map[string]any{
		"a typed map":          names{"salaryAbove": 1},
		"a pointer":            &object{"salaryAbove": 1},
		"a typed list":         object{"and": []object{{"salaryAbove": 1}}},
		"a list of pointers":   object{"and": []*object{{"salaryAbove": 1}}},
		"a nil pointer within": object{"not": (*object)(nil), "salaryAbove": (*int)(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			p := prepare(t, "cy CLERK", `query($f: Filter) { search(filter: $f) }`)
			p.oc.Variables = object{"f": value}
			respond := p.guard.InterceptOperation(p.ctx, func(ctx context.Context) graphql.ResponseHandler {
				if ctx == p.ctx {
					t.Error("the operation goes on as if there were no guard")
				}
				return nil
			})
			if respond != nil {
				t.Error("the query is refused as a whole")
			}
		})
	}
}
