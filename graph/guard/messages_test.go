package guard_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// mistakes are a near miss, or a lack, for each kind of message that validation has.
func mistakes() map[string]question {
	filter := map[string]any{"salaryAbov": 1}
	return map[string]question{
		"a field":                              {query: `{ safe { cod } }`},
		"a root field":                         {query: `{ cachedSalar }`},
		"a field of a union":                   {query: `{ hits { cod } }`},
		"an argument":                          {query: `{ salaries(firs: 1) }`},
		"an argument that is required":         {query: `{ salaries }`},
		"an input field":                       {query: `mutation { hire(input: {name: "x", role: BOSS}) { person { id } } }`},
		"an input field in a list":             {query: `mutation { hire(input: {name: "x", notes: [{text: "x", secre: true}]}) { person { id } } }`},
		"an input field that is required":      {query: `mutation { hire(input: {}) { person { id } } }`},
		"an enum's value":                      {query: `mutation { hire(input: {name: "x", roles: [BOS]}) { person { id } } }`},
		"an enum's value in quotes":            {query: `mutation { hire(input: {name: "x", roles: ["BOS"]}) { person { id } } }`},
		"a value of another type":              {query: `mutation { hire(input: 3) { person { id } } }`},
		"a null":                               {query: `mutation { hire(input: null) { person { id } } }`},
		"a type in a fragment":                 {query: `{ hits { ...f } } fragment f on Saf { code }`},
		"a type in an inline fragment":         {query: `{ hits { ... on Saf { code } } }`},
		"a type of a variable":                 {query: `query($r: Rol) { search(text: $r) }`},
		"a type that takes no fragment":        {query: `{ memo { ... on HireInput { name } } }`},
		"a fragment that can never be":         {query: `{ safe { ... on Letter { id } } }`},
		"a directive's argument":               {query: `{ open @skip(iff: true) }`},
		"a directive's argument, of the guard": {query: `{ open @hasRole(rol: [BOSS]) }`},
		"a directive":                          {query: `{ open @hasRol }`},
		"a leaf with a selection":              {query: `{ cachedSalary { x } }`},
		"a selection that is missing":          {query: `{ safe }`},
		"a selection that is missing, deeper":  {query: `{ me { letters } memo }`},
		"fields that conflict":                 {query: `{ a: salaries(first: 1) a: safe { code } }`},
		"types that conflict":                  {query: `{ hits { ... on Safe { x: code } ... on Letter { x: to { id } } } }`},
		"a variable in a wrong place":          {query: `query($s: String) { salaries(first: $s) }`},
		"a variable's input field":             {query: `query($f: Filter) { search(filter: $f) }`, variables: map[string]any{"f": filter}},
		"a variable's input field, deeper": {
			query: `query($f: Filter) { search(filter: $f) }`, variables: map[string]any{"f": map[string]any{"not": filter}},
		},
		"a variable's input field that is required": {
			query: `mutation($h: HireInput!) { hire(input: $h) { person { id } } }`, variables: map[string]any{"h": map[string]any{"notes": []any{map[string]any{}}, "name": "x"}},
		},
		"a variable that is missing": {query: `mutation($h: HireInput!) { hire(input: $h) { person { id } } }`},
		"a variable's enum": {
			query: `mutation($h: HireInput!) { hire(input: $h) { person { id } } }`, variables: map[string]any{"h": map[string]any{"name": "x", "roles": []any{"BOS"}}},
		},
		"a variable of another kind": {
			query: `mutation($h: HireInput!) { hire(input: $h) { person { id } } }`, variables: map[string]any{"h": map[string]any{"name": "x", "notes": []any{3}}},
		},
		"a subscription's field": {query: `subscription { alarm { number } }`},
		"an operation":           {query: `query A { open }`, operation: "B"},
	}
}

func TestWhatIsNearlyRightIsToldNoName(t *testing.T) {
	o := newOffice(t)
	views := guard.NewViews(changed(t))
	name := regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	declared := map[string]bool{}
	for _, line := range introspected(t, views.Whole().Schema()) {
		coordinate, _, _ := strings.Cut(strings.TrimPrefix(line, "OBJECT "), " ")
		for _, n := range name.FindAllString(coordinate, -1) {
			declared[n] = true
		}
	}
	for what, q := range mistakes() {
		t.Run(what, func(t *testing.T) {
			for _, caller := range []string{"", "ada", "ada BOSS CLERK"} {
				q.caller = caller
				body := string(o.post(t, q, "application/json"))
				if !strings.Contains(body, `"code":"GRAPHQL_VALIDATION_FAILED"`) {
					t.Fatalf("it is no mistake: %s", body)
				}
				if strings.Contains(body, "Did you mean") {
					t.Errorf("%q is told %s", caller, body)
				}
				shown := strings.Join(introspected(t, views.Of(testserver.Caller(caller)).Schema()), "\n") + q.query
				known := name.FindAllString(shown, -1)
				told := strings.NewReplacer(`"message"`, "", `"path"`, "", `"extensions"`, "", `"code"`, "", `"locations"`, "").Replace(body)
				for _, n := range name.FindAllString(told, -1) {
					if declared[n] && !slices.Contains(known, n) {
						t.Errorf("%q is told the name %s: %s", caller, n, body)
					}
				}
			}
		})
	}
}

func TestWhatIsSaidOfAMistake(t *testing.T) {
	o := newOffice(t)
	tests := map[string]struct{ nobody, everything string }{
		"a field":                         {`Cannot query field "cod" on type "…".`, `Cannot query field "cod" on type "Safe".`},
		"an argument":                     {`Unknown argument "firs" on field "Query.salaries".`, `Unknown argument "firs" on field "Query.salaries".`},
		"an argument that is required":    {`Field "salaries" argument "first" of type "Count!" is required, but it was not provided.`, `Field "salaries" argument "first" of type "Count!" is required, but it was not provided.`},
		"an input field that is required": {`Field "….name" of required type "String!" was not provided.`, `Field "HireInput.name" of required type "String!" was not provided.`},
		"an input field in a list":        {`Field "secre" is not defined by type "…".`, `Field "secre" is not defined by type "NoteInput".`},
		"an enum's value":                 {`Value "BOS" does not exist in "…!" enum.`, `Value "BOS" does not exist in "Role!" enum.`},
		"a selection that is missing":     {`Field "safe" of type "…" must have a selection of subfields.`, `Field "safe" of type "Safe" must have a selection of subfields.`},
		"types that conflict":             {`Fields "x" conflict because they return conflicting types "Int!" and "Person". Use different aliases on the fields to fetch both if this was intentional.`, `Fields "x" conflict because they return conflicting types "Int!" and "Person". Use different aliases on the fields to fetch both if this was intentional.`},
		"a variable's enum":               {`BOS is not a valid …`, `BOS is not a valid Role`},
		"a variable of another kind":      {`must be a …, not a string`, `must be a NoteInput, not a string`},
		"a variable's input field":        {`unknown field`, `unknown field`},
	}
	for what, want := range tests {
		t.Run(what, func(t *testing.T) {
			q := mistakes()[what]
			for caller, want := range map[string]string{"": want.nobody, "ada CLERK BOSS": want.everything} {
				q.caller = caller
				got := o.ask(t, q).errors[0]
				if diff := cmp.Diff("GRAPHQL_VALIDATION_FAILED  "+want, got); diff != "" {
					t.Errorf("%q is told something else (-want +got):\n%s", caller, diff)
				}
			}
		})
	}
}

func TestThePathOfAVariableEndsBeforeWhatIsHidden(t *testing.T) {
	o := newOffice(t)
	q := mistakes()["a variable's input field that is required"]
	for caller, want := range map[string]string{
		"":               `"path":["variable","h","…"]`,
		"ada CLERK BOSS": `"path":["variable","h","notes",0,"text"]`,
	} {
		q.caller = caller
		want = strings.ReplaceAll(want, `,"…"`, "")
		if body := string(o.post(t, q, "application/json")); !strings.Contains(body, want) {
			t.Errorf("%q: there is no %s in %s", caller, want, body)
		}
	}
}

// The executor has rules of its own for whom asks it to suggest nothing, and for whom does not.
func TestTheRulesSuggestNothingHoweverTheExecutorIsSet(t *testing.T) {
	for _, disabled := range []bool{true, false} {
		e := executor.New(testserver.Schema(nil))
		e.SetDisableSuggestion(disabled)
		e.SetDefaultRulesFn(guard.Rules)
		for what, q := range mistakes() {
			ctx := graphql.StartOperationTrace(auth.WithCaller(t.Context(), auth.Nobody))
			_, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: q.query, Variables: q.variables, OperationName: q.operation})
			if len(errs) == 0 || strings.Contains(errs.Error(), "Did you mean") {
				t.Errorf("suggestions disabled: %t, %s: %v", disabled, what, errs)
			}
		}
	}
}
