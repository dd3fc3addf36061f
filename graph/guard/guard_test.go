package guard_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// prepared is an operation that is about to be intercepted.
type prepared struct {
	guard    *guard.Guard
	executor *executor.Executor // behind the guard
	ctx      context.Context
	oc       *graphql.OperationContext
}

func prepare(t testing.TB, caller, query string) prepared {
	t.Helper()
	return prepareBy(t, caller, query, testserver.Noon)
}

// prepareBy is prepare with a clock.
func prepareBy(t testing.TB, caller, query string, now func() time.Time) prepared {
	t.Helper()
	schema := testserver.Schema(&testserver.Calls{})
	g, err := testserver.GuardBy(schema, now)
	if err != nil {
		t.Fatal(err)
	}
	e := executor.New(schema)
	e.SetQueryCache(lru.New[*ast.QueryDocument](10))
	e.Use(g)
	ctx := auth.WithCaller(t.Context(), testserver.Caller(caller))
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return prepared{g, e, graphql.WithOperationContext(ctx, oc), oc}
}

// guardedFields asks for many fields, each of them guarded.
func guardedFields(n int) string {
	var q strings.Builder
	q.WriteString("{ me { ")
	for i := range n {
		fmt.Fprintf(&q, "a%d: email b%d: salary c%d: title d%d: pension ", i, i, i, i)
	}
	q.WriteString("} }")
	return q.String()
}

func TestAnOpenOperationGoesOnAsIfThereWereNoGuard(t *testing.T) {
	p := prepare(t, "ada CLERK BOSS", guardedFields(1000))
	nothing := func(context.Context) *graphql.Response { return nil }
	next := func(ctx context.Context) graphql.ResponseHandler {
		if ctx != p.ctx {
			t.Error("the context is not the one that came in")
		}
		return nothing
	}
	p.guard.InterceptOperation(p.ctx, next) // plans
	if n := testing.AllocsPerRun(100, func() { p.guard.InterceptOperation(p.ctx, next) }); n != 0 {
		t.Errorf("deciding 4,000 guarded fields takes %v allocations, want none", n)
	}
}

func TestARefusedOperationHasNoData(t *testing.T) {
	tests := map[string]struct{ caller, query string }{
		"a denied mutation":     {"ada", `mutation { fire(id: "bob") { person { id } } }`},
		"a denied subscription": {"ada", `subscription { alarms { number } }`},
		"a bad token":           {"? ada", `{ open }`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := prepare(t, test.caller, test.query)
			respond := p.guard.InterceptOperation(p.ctx, func(context.Context) graphql.ResponseHandler {
				t.Error("the operation ran")
				return nil
			})
			resp := respond(p.ctx)
			if resp == nil || resp.Data != nil || len(resp.Errors) != 1 {
				t.Errorf("got %+v, want one error and no data", resp)
			}
			if again := respond(p.ctx); again != nil {
				t.Errorf("the stream goes on with %+v", again)
			}
		})
	}
}

func TestWhatADeniedCallerIsTold(t *testing.T) {
	o := newOffice(t)
	const query = `{ me { s: salary } }`
	tests := map[string]struct{ caller, want string }{
		"nobody": {
			"",
			`{"errors":[{"message":"Sign in first.","path":["me"],"locations":[{"line":1,"column":3}],"extensions":{"code":"UNAUTHENTICATED","coordinate":"Query.me","reason":"no_token"}}],"data":{"me":null}}`,
		},
		"someone": {
			"ada",
			`{"errors":[{"message":"This is not open to you.","path":["me","s"],"locations":[{"line":1,"column":8}],"extensions":{"code":"FORBIDDEN","coordinate":"Person.salary"}}],"data":{"me":{"s":null}}}`,
		},
		"a bad token": {
			"? ada",
			`{"errors":[{"message":"The access token is not valid, or no longer. Refresh it and repeat.","extensions":{"code":"UNAUTHENTICATED","reason":"invalid_token"}}],"data":null}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(o.post(t, question{caller: test.caller, query: query}, "application/json"))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheGuardsErrorsSurviveTheServersPresenter(t *testing.T) {
	p := prepare(t, "ada", `{ open }`)
	present := p.guard.Present(func(context.Context, error) *gqlerror.Error { return gqlerror.Errorf("INTERNAL") })
	respond := prepare(t, "? ada", `{ open }`).guard.InterceptOperation
	resp := respond(auth.WithCaller(p.ctx, testserver.Caller("? ada")), nil)(p.ctx)
	if shown := present(p.ctx, resp.Errors[0]); !errors.Is(shown, auth.ErrInvalidToken) {
		t.Errorf("the guard's error is shown as %v", shown)
	}
	if shown := present(p.ctx, errors.New("other")); shown.Message != "INTERNAL" {
		t.Errorf("another error is shown as %v", shown)
	}
}

func TestAGuardOfAnotherSchemaIsRefused(t *testing.T) {
	g, err := testserver.Guard(testserver.Schema(&testserver.Calls{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Validate(testserver.SchemaOf(&testserver.Calls{}, changed(t, "", ""))); err == nil {
		t.Error("the guard takes an executor of another schema")
	}
}

// changed is the test server's schema with other rules: old text replaced by new.
func changed(t testing.TB, pairs ...string) *ast.Schema {
	t.Helper()
	return loaded(t, sources(t, pairs...))
}

func sources(t testing.TB, pairs ...string) []*ast.Source {
	t.Helper()
	names, err := filepath.Glob("internal/testserver/*.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	var all []*ast.Source
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &ast.Source{Name: name, Input: strings.NewReplacer(pairs...).Replace(string(text))})
	}
	return all
}

func loaded(t testing.TB, sources []*ast.Source) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestARuleOnARootType(t *testing.T) {
	o := newOfficeOf(t, changed(t,
		"type Query {", "type Query @hasRole(role: CLERK) {",
		"type Mutation {", "type Mutation @authenticated {"))
	tests := map[string]story{
		"denies a query as a whole": {
			question{caller: "ada", query: `{ __typename open again: open }`},
			reply{"", []string{"FORBIDDEN Query"}, nil},
		},
		"is listed for a mutation, and denies @signsIn too": {
			question{query: `mutation { signOut signIn(name: "ada") { person { id } } }`},
			reply{"", []string{"UNAUTHENTICATED Mutation"}, nil},
		},
		"leaves a bad token no way to sign in": {
			question{caller: "? ada", query: `mutation { signIn(name: "ada") { person { id } } }`},
			reply{"", []string{"UNAUTHENTICATED invalid_token The access token is not valid, or no longer. Refresh it and repeat."}, nil},
		},
		"denies a field that answers the root type": {
			question{caller: "ada", query: `mutation { signIn(name: "ada") { query { __typename } } }`},
			reply{`{"signIn":{"query":null}}`, []string{"FORBIDDEN Query signIn.query"}, []string{"Mutation.signIn"}},
		},
		"opens to whom it opens": {
			question{caller: "ada CLERK", query: `{ __typename open }`},
			reply{`{"__typename":"Query","open":"open"}`, nil, []string{"Query.open"}},
		},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) { s.want.is(t, o.ask(t, s.question)) })
	}
}

func TestOneErrorOfAListHoweverItIsResolved(t *testing.T) {
	o := newOffice(t)
	for range 5 {
		got := o.ask(t, question{caller: "ada", query: `{ people(count: 100) { email salary friends { email } } }`})
		want := []string{
			"FORBIDDEN Person.email people.1.email", "FORBIDDEN Person.email people.0.friends.1.email", "FORBIDDEN Person.salary people.0.salary",
		}
		if diff := cmp.Diff(want, got.errors); diff != "" {
			t.Fatalf("errors differ (-want +got):\n%s", diff)
		}
	}
}
