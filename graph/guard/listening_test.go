package guard_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

func TestASubscriptionGoesOnWithTheClaimsThatItsListenerHasByThen(t *testing.T) {
	calls := &testserver.Calls{}
	schema := testserver.Schema(calls)
	g, err := testserver.Guard(schema)
	if err != nil {
		t.Fatal(err)
	}
	exec := executor.New(schema)
	exec.Use(g)
	exec.SetErrorPresenter(g.Present(graphql.DefaultErrorPresenter))
	const alarms, drafts = `subscription { alarms { number } }`, `subscription { ticks { letter { draft } } }`
	tests := map[string]struct {
		query, from, to string
		want            []reply
	}{
		"the same claims": {
			alarms, "ada BOSS CLERK", "ada BOSS CLERK",
			[]reply{{`{"alarms":{"number":1}}`, nil, nil}, {`{"alarms":{"number":2}}`, nil, nil}},
		},
		"claims that open it no more": {
			alarms, "ada BOSS CLERK", "ada CLERK",
			[]reply{{`{"alarms":{"number":1}}`, nil, nil}, {"", []string{"FORBIDDEN Subscription.alarms"}, nil}},
		},
		"claims that open more": {
			drafts, "bob", "ada",
			[]reply{{`{"ticks":{"letter":{"draft":"draft of to-bob"}}}`, nil, nil}, {`{"ticks":{"letter":{"draft":"draft of to-ada"}}}`, nil, nil}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var who atomic.Pointer[auth.Caller]
			become := func(caller string) { c := testserver.Caller(caller); who.Store(&c) }
			become(test.from)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ctx = graphql.StartOperationTrace(auth.WithLiveCaller(ctx, func() auth.Caller { return *who.Load() }))
			op, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: test.query})
			if errs != nil {
				t.Fatal(errs)
			}
			next, ctx := exec.DispatchOperation(ctx, op)
			var got []reply
			for range test.want {
				resp := next(ctx)
				if resp == nil {
					t.Fatalf("it ends after %v", got)
				}
				got = append(got, told(resp))
				become(test.to)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(reply{})); diff != "" {
				t.Errorf("events differ (-want +got):\n%s", diff)
			}
		})
	}
}

// told is what a response says.
func told(resp *graphql.Response) reply {
	r := reply{data: string(resp.Data)}
	for _, e := range resp.Errors {
		code, _ := e.Extensions["code"].(string)
		coordinate, _ := e.Extensions["coordinate"].(string)
		r.errors = append(r.errors, code+" "+coordinate)
	}
	return r
}
