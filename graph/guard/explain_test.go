package guard_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

func explain(t testing.TB, g *guard.Guard, q question) guard.Explanations {
	t.Helper()
	all, err := g.Explain(&ast.Source{Name: "query.graphql", Input: q.query}, q.variables, testserver.Caller(q.caller))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func testGuard(t testing.TB) *guard.Guard {
	t.Helper()
	g, err := testserver.Guard(testserver.Schema(nil))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// outline writes a touch as "Person.email own", with a ? behind where only some variables touch it.
func outline(e guard.Explanation) []string {
	var all []string
	for _, t := range e.Touches {
		line := short([]guard.Verdict{t.Verdict})[0]
		if t.Perhaps {
			line += " ?"
		}
		all = append(all, line)
	}
	return all
}

func TestExplain(t *testing.T) {
	none := map[string]any{}
	tests := map[string]struct {
		question
		fate guard.Fate
		want []string
	}{
		"a query that is open runs": {
			question{caller: "ada", query: `{ open me { name } }`, variables: none},
			guard.Runs,
			[]string{"Query.open allowed", "Query.me allowed", "Person allowed", "Person.name allowed"},
		},
		"a denied field of a query is null": {
			question{caller: "ada", query: `{ me { salary } }`, variables: none},
			guard.RunsWithNulls,
			[]string{"Query.me allowed", "Person allowed", "Person.salary FORBIDDEN"},
		},
		"what is one's own may be another's": {
			question{caller: "ada", query: `{ people { email } }`, variables: none},
			guard.RunsWithNulls,
			[]string{"Query.people allowed", "Person allowed", "Person.email own"},
		},
		"a denied field of a mutation refuses it": {
			question{caller: "ada ago:2h CLERK", query: `mutation { vow touch(id: "ada") { person { id } } }`, variables: none},
			guard.Refused,
			[]string{
				"Mutation.vow RECENT_SIGN_IN_REQUIRED", "Mutation.touch allowed", "PersonPayload allowed", "PersonPayload.person allowed",
				"Person allowed", "Person.id allowed",
			},
		},
		"what only the object can deny does not": {
			question{caller: "ada", query: `mutation { find(id: "safe") { id } }`, variables: none},
			guard.RunsWithNulls,
			[]string{
				"Mutation.find allowed", "Crate own", "Letter own", "Person allowed", "Safe FORBIDDEN", "Tool allowed",
				"Crate.id own", "Letter.id own", "Person.id allowed", "Safe.id FORBIDDEN", "Tool.id allowed",
			},
		},
		"introspection touches nothing": {question{query: `{ __schema { description } __typename }`}, guard.Runs, nil},
		"variables that are known and left out supply nothing": {
			question{caller: "ada", query: `query($f: Filter, $s: Boolean = true) { search(filter: $f) me @skip(if: $s) { salary } }`, variables: none},
			guard.Runs,
			[]string{"Query.search allowed"},
		},
		"variables that are not known may supply anything": {
			question{caller: "ada", query: `query($f: Filter, $s: Boolean = true) { search(filter: $f) me @skip(if: $s) { salary } }`},
			guard.RunsWithNulls,
			[]string{
				"Query.search allowed", "Filter.salaryAbove FORBIDDEN ?", "TeamFilter.secret allowed ?", "Query.me allowed ?", "Person allowed ?",
				"Person.salary FORBIDDEN ?",
			},
		},
		"an argument's own variable": {
			question{caller: "ada", query: `query($t: Count, $g: [[Filter]] = []) { search(limit: $t, grid: $g) }`},
			guard.RunsWithNulls,
			[]string{
				"Query.search allowed", "Query.search(limit:) FORBIDDEN ?", "Query.search(grid:) allowed", "Filter.salaryAbove FORBIDDEN ?", "TeamFilter.secret allowed ?",
			},
		},
		"what every value must have is supplied for sure": {
			question{caller: "ada", query: `mutation($in: HireInput!) { hire(input: $in) { person { id } } }`},
			guard.RefusedPerhaps,
			[]string{
				"Mutation.hire allowed", "HireInput.roles FORBIDDEN ?", "HireInput.rank FORBIDDEN ?", "NoteInput.secret FORBIDDEN ?",
				"PersonPayload allowed", "PersonPayload.person allowed", "Person allowed", "Person.id allowed",
			},
		},
		"a mutation that no variables save": {
			question{caller: "ada", query: `mutation($id: ID!, $in: HireInput!) { fire(id: $id) { person { id } } hire(input: $in) { person { id } } }`},
			guard.Refused,
			[]string{
				"Mutation.fire FORBIDDEN", "PersonPayload allowed", "PersonPayload.person allowed", "Person allowed", "Person.id allowed",
				"Mutation.hire allowed", "HireInput.roles FORBIDDEN ?", "HireInput.rank FORBIDDEN ?", "NoteInput.secret FORBIDDEN ?",
			},
		},
	}
	g := testGuard(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := explain(t, g, test.question)
			if len(got) != 1 || got[0].Fate != test.fate {
				t.Errorf("got %v, want %s", got, test.fate)
			}
			if diff := cmp.Diff(test.want, outline(got[0]), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("touches differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnExplanationIsReadOnATerminal(t *testing.T) {
	const query = `
		query Home($all: Boolean = false) { me { name email will } people @include(if: $all) { salary } }
		mutation Enter { signIn(name: "ada") { person { name } hint } }
		subscription Bell { alarms { number } }
		query Empty { __typename }`
	const want = `query Home: runs; what is denied and what is own, on objects of others, is null with an error

  VERDICT                         COORDINATE     RULE
  allowed                         Query.me       @authenticated
  allowed                         Person         @authenticated
  allowed                         Person.name    @authenticated
  own                             Person.email   @authenticated
                                                 @hasRole(role: [CLERK], orOwner: true)
  denied RECENT_SIGN_IN_REQUIRED  Person.will    @authenticated
                                                 @hasRole(role: [CLERK], orOwner: true)
                                                 @recentSignIn(within: "PT1H")
? allowed                         Query.people   @public
? denied FORBIDDEN                Person.salary  @authenticated @hasRole(role: [BOSS])

? is touched with some variables only.

mutation Enter: runs; what is denied is null with an error

  VERDICT           COORDINATE            RULE
  allowed           Mutation.signIn       @public
  allowed           SignInPayload.person  @public
  allowed           Person                @authenticated
  allowed           Person.name           @authenticated
  denied FORBIDDEN  SignInPayload.hint    @hasRole(role: [BOSS])

Below a @signsIn field the verdict is for whom it signs in: here someone without roles.

subscription Bell: is refused, and nothing of it runs

  VERDICT           COORDINATE           RULE
  denied FORBIDDEN  Subscription.alarms  @hasRole(role: [BOSS])
  allowed           Tick                 @authenticated
  allowed           Tick.number          @authenticated

query Empty: runs
`
	got := explain(t, testGuard(t), question{caller: "ada ago:2h", query: query}).String()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text differs (-want +got):\n%s", diff)
	}
	for line := range strings.SplitSeq(got, "\n") {
		if len(line) > 100 {
			t.Errorf("a line is %d wide: %s", len(line), line)
		}
	}
}

func TestARuleIsFoldedBetweenRulesAlone(t *testing.T) {
	long := strings.Repeat("x", 60)
	g := guardOf(t, `type Query { a: Int @hasClaim(name: "a", in: ["`+long+` @b \" @c"]) @hasClaim(name: "b", in: ["\\"]) @authenticated }`)
	const want = `query: runs; what is denied is null with an error

  VERDICT                 COORDINATE  RULE
  denied UNAUTHENTICATED  Query.a     @authenticated
                                      @hasClaim(name: "a", in: ["LONG @b \" @c"])
                                      @hasClaim(name: "b", in: ["\\"])
`
	got := strings.Replace(explain(t, g, question{query: `{ a }`}).String(), long, "LONG", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text differs (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeExplainedSaysWhere(t *testing.T) {
	tests := map[string]struct {
		query     string
		variables map[string]any
		want      string
	}{
		"what is no document": {"{ me {", nil, "query.graphql:1:7: Expected Name, found <EOF>"},
		"what is empty":       {" # nothing", nil, "query.graphql: there is no operation in it"},
		"what is not of the schema": {"{\n  me { agee }\n  you\n}", nil, `query.graphql:2:8: Cannot query field "agee" on type "Person".
query.graphql:3:3: Cannot query field "you" on type "Query".
`},
		"a variable that is missing": {`query Q($id: ID!) { person(id: $id) { id } }`, map[string]any{}, "query Q: input: variable.id must be defined"},
		"a variable of another type": {
			`query Q($f: Filter) { search(filter: $f) }`, map[string]any{"f": map[string]any{"name": 1}}, "query Q: input: variable.f.name cannot use int as String",
		},
		"an operation that no request could ask for": {`fragment f on Person { id }`, nil, `query.graphql:1:1: Fragment "f" is never used.` + "\n"},
	}
	g := testGuard(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := g.Explain(&ast.Source{Name: "query.graphql", Input: test.query}, test.variables, auth.Nobody)
			if err == nil {
				t.Fatal("it is explained")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
		})
	}
}

// What is said of an operation is what its run then says: an error for nothing that is allowed, the code that was told for
// what is denied and no run of its resolver, no error at all where it runs, and no data where it is refused.
func TestWhatIsExplainedIsWhatHappens(t *testing.T) {
	schema := testserver.Schema(nil).Schema()
	g, o := testGuard(t), newOffice(t)
	fates := map[guard.Fate]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{alone: true, t: rt, schema: schema}
		q := question{query: w.plain(w.queryOrMutation()), caller: w.caller(), variables: w.variables()}
		e := explain(t, g, q)[0]
		if strings.Contains(e.String(), "Below a @signsIn field") {
			return // whom it signs in is not known before it has run
		}
		fates[e.Fate]++
		said := map[string]guard.Touch{}
		for _, touch := range e.Touches {
			said[touch.Coordinate] = touch
		}
		got := o.ask(t, q)
		if e.Fate == guard.Runs && len(got.errors) > 0 || (e.Fate == guard.Refused) != (got.data == "") {
			rt.Fatalf("%s was told, and the answer is %+v to\n%s", e.Fate, got, q.query)
		}
		for _, ran := range got.ran {
			if said[ran].Outcome == guard.Denied {
				rt.Fatalf("%s ran, and was told %+v of\n%s", ran, said[ran], q.query)
			}
		}
		for _, text := range got.errors {
			code, rest, _ := strings.Cut(text, " ")
			coordinate, _, _ := strings.Cut(rest, " ")
			if coordinate == "invalid_token" && e.Fate == guard.Refused {
				continue
			}
			v := said[coordinate]
			other := v.Outcome == guard.Own || v.Code == auth.RecentSignInRequired && strings.Contains(v.Rule, "orOwner")
			same := string(v.Code) == code || other && code == "FORBIDDEN"
			if v.Perhaps || !same {
				rt.Fatalf("the run says %q, and was told %+v of\n%s", text, v, q.query)
			}
		}
	})
	for _, fate := range []guard.Fate{guard.Runs, guard.RunsWithNulls, guard.Refused} {
		if fates[fate] == 0 {
			t.Errorf("nothing %s was ever drawn", fate)
		}
	}
}

// Where the variables are not known, what is told holds whatever they are.
func TestWhatIsExplainedWithoutVariablesHoldsForAll(t *testing.T) {
	schema := testserver.Schema(nil)
	g := testGuard(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := &writer{alone: true, t: rt, schema: schema.Schema()}
		q := question{query: w.withConditions(w.plain(w.queryOrMutation())), caller: w.caller(), variables: w.variables()}
		q.variables["yes"], q.variables["no"] = w.chance(2), w.chance(2)
		with := explain(t, g, q)[0]
		q.variables = nil
		without := explain(t, g, q)[0]
		told := map[string]guard.Touch{}
		for _, touch := range without.Touches {
			told[touch.Coordinate] = touch
		}
		for _, touch := range with.Touches {
			if told[touch.Coordinate].Coordinate == "" {
				rt.Fatalf("of %s nothing was told of\n%s", touch.Coordinate, q.query)
			}
			delete(told, touch.Coordinate)
		}
		for _, left := range slices.Collect(maps.Values(told)) {
			if !left.Perhaps {
				rt.Fatalf("%s was told for sure, and is not touched by\n%s", left.Coordinate, q.query)
			}
		}
		refused := with.Fate == guard.Refused
		if without.Fate == guard.Refused && !refused || refused && without.Fate != guard.Refused && without.Fate != guard.RefusedPerhaps ||
			without.Fate == guard.Runs && with.Fate != guard.Runs {
			rt.Fatalf("%s was told, and with variables %s of\n%s", without.Fate, with.Fate, q.query)
		}
	})
}

// queryOrMutation is one of both.
func (w *writer) queryOrMutation() string {
	if w.chance(2) {
		return w.document()
	}
	return w.mutation()
}

// withConditions puts variables in the place of some conditions.
func (w *writer) withConditions(text string) string {
	for range strings.Count(text, "@skip") {
		name := rapid.SampledFrom([]string{"$yes", "$no", "true", "false"}).Draw(w.t, "condition")
		with := fmt.Sprintf("%s(if: %s)", rapid.SampledFrom([]string{"@SKIP", "@INCLUDE"}).Draw(w.t, "directive"), name)
		for _, old := range []string{"@skip(if: true)", "@skip(if: false)"} {
			if strings.Contains(text, old) {
				text = strings.Replace(text, old, with, 1)
				break
			}
		}
	}
	text = strings.NewReplacer("@SKIP", "@skip", "@INCLUDE", "@include").Replace(text)
	var declared []string
	if strings.Contains(text, "$yes") {
		declared = append(declared, "$yes: Boolean!")
	}
	if strings.Contains(text, "$no") {
		declared = append(declared, "$no: Boolean! = false")
	}
	if len(declared) == 0 {
		return text
	}
	return declare(text, strings.Join(declared, ", "))
}

// declare adds variables to the operation that a text begins with.
func declare(text, variables string) string {
	head, body, _ := strings.Cut(text, "{")
	if declared, rest, has := strings.Cut(head, "("); has {
		return declared + "(" + variables + ", " + rest + "{" + body
	}
	return strings.TrimSpace(head) + "(" + variables + ") {" + body
}

// What a value must have is touched for sure; a list may be empty, and a default may be replaced.
func TestWhatEveryValueHasIsTouchedForSure(t *testing.T) {
	g := guardOf(t, `
		type Query { a(in: In, many: [In!], some: Some @authenticated): Int @public }
		input In { must: Int! @authenticated may: Int @authenticated one: Some! more: [Other!]! had: Other! = {o: 1} }
		input Some { s: Int! @hasRole(role: BOSS) }
		input Other { o: Int! @hasRole(role: BOSS) }`)
	tests := map[string][]string{
		`query($in: In!) { a(in: $in) }`: {
			"Query.a allowed", "In.must allowed", "In.may allowed ?", "Some.s FORBIDDEN", "Other.o FORBIDDEN ?",
		},
		`query($many: [In!]!) { a(many: $many) }`: {
			"Query.a allowed", "In.must allowed ?", "In.may allowed ?", "Some.s FORBIDDEN ?", "Other.o FORBIDDEN ?",
		},
		`query($some: Some) { a(some: $some) }`:           {"Query.a allowed", "Query.a(some:) allowed ?", "Some.s FORBIDDEN ?"},
		`query($some: Some = {s: 1}) { a(some: $some) }`:  {"Query.a allowed", "Query.a(some:) allowed", "Some.s FORBIDDEN ?"},
		`query($some: Some! = {s: 1}) { a(some: $some) }`: {"Query.a allowed", "Query.a(some:) allowed", "Some.s FORBIDDEN ?"},
		`query($s: Int!) { a(some: {s: $s}) }`:            {"Query.a allowed", "Query.a(some:) allowed", "Some.s FORBIDDEN"},
	}
	for query, want := range tests {
		if diff := cmp.Diff(want, outline(explain(t, g, question{caller: "ada", query: query})[0])); diff != "" {
			t.Errorf("touches of %s differ (-want +got):\n%s", query, diff)
		}
	}
}
