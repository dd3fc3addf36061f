package guard_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// tableLine is what a table says of a coordinate: its cells, and the rule as the table writes it.
type tableLine struct {
	cells map[string]string // by the title of the column
	rule  string
}

func linesOf(t testing.TB, table string) map[string]tableLine {
	t.Helper()
	all := map[string]tableLine{}
	var titles []string
	for line := range strings.SplitSeq(table, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| -") {
			continue
		}
		cells := cellsOf(line)
		if cells[0] == "coordinate" {
			titles = cells
			continue
		}
		coordinate := strings.Trim(cells[0], "`")
		if len(cells) != len(titles) || all[coordinate].cells != nil {
			t.Fatalf("a line of too many cells, or twice: %s", line)
		}
		said := tableLine{map[string]string{}, cells[len(cells)-1]}
		for i := 1; i < len(cells)-1; i++ {
			said.cells[titles[i]] = cells[i]
		}
		all[coordinate] = said
	}
	return all
}

// cellsOf splits a line at each | that is not escaped.
func cellsOf(line string) []string {
	const hidden = "\x00"
	line = strings.ReplaceAll(strings.Trim(line, "|"), `\|`, hidden)
	cells := strings.Split(line, "|")
	for i := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), hidden, "|")
	}
	return cells
}

func TestTheTableIsWhoMaySeeWhat(t *testing.T) {
	const want = `
## Find

| coordinate                           | anonymous | CLERK | BOSS | rule |
| ------------------------------------ | --------- | ----- | ---- | ---- |
| ´Find.salary´                        | no        | no    | yes  | ´@hasRole(role: [BOSS]) @requiresScopes(scopes: [["a"]])´ |

## Mine

| coordinate                           | anonymous | CLERK | BOSS | rule |
| ------------------------------------ | --------- | ----- | ---- | ---- |
| ´Mine.id´                            | no        | yes   | own  | ´@hasRole(role: [CLERK], orOwner: true)´ |
| ´Mine.will´                          | no        | own   | own  | ´@authenticated @hasRole(role: [BOSS], orOwner: true) @hasRole(role: [CLERK], orOwner: true) @recentSignIn(within: "PT5M")´ |

## Mutation

| coordinate                           | anonymous | CLERK | BOSS | rule |
| ------------------------------------ | --------- | ----- | ---- | ---- |
| ´Mutation.signIn´                    | yes       | yes   | yes  | ´@public @signsIn´ |

## Owned

| coordinate                           | anonymous | CLERK | BOSS | rule |
| ------------------------------------ | --------- | ----- | ---- | ---- |
| ´Owned.id´                           | no        | yes   | yes  | ´@authenticated´ |
| ´Owned.mail´                         | no        | yes   | own  | ´@authenticated @hasRole(role: [CLERK], orOwner: true)´ |
| ´Owned.note´                         | no        | yes   | own  | ´@authenticated @hasRole(role: [CLERK], orOwner: true)´ |
| ´Owned.note(as:)´                    | no        | no    | own  | ´@authenticated @hasRole(role: [BOSS]) @hasRole(role: [CLERK], orOwner: true)´ |

## Payload

Answered by ´@signsIn´ fields alone: every column is a caller whom they have just signed in, without roles.

| coordinate                           | anonymous | CLERK | BOSS | rule |
| ------------------------------------ | --------- | ----- | ---- | ---- |
| ´Payload.me´                         | yes       | yes   | yes  | ´@public´ |
| ´Payload.hint´                       | no        | no    | no   | ´@hasRole(role: [BOSS])´ |
| ´Payload.name´                       | yes       | yes   | yes  | ´@authenticated´ |

## Query

| coordinate                           | anonymous | CLERK | BOSS | rule |
| ------------------------------------ | --------- | ----- | ---- | ---- |
| ´Query.open´                         | yes       | yes   | yes  | ´@public´ |
| ´Query.me´                           | no        | yes   | yes  | ´@authenticated´ |
| ´Query.find´                         | no        | yes   | yes  | ´@hasRole(role: [BOSS, CLERK])´ |
| ´Query.find(limit:)´                 | no        | no    | yes  | ´@hasRole(role: [BOSS, CLERK]) @hasRole(role: [BOSS])´ |
| ´Query.scoped´                       | no        | yes   | yes  | ´@requiresScopes(scopes: [["a"]])´ |
| ´Query.tier´                         | no        | no    | no   | ´@hasClaim(name: "tier", in: ["gold"])´ |
| ´Query.recent´                       | no        | yes   | yes  | ´@authenticated @recentSignIn(within: "PT15M")´ |
`
	got := guard.PermissionTable(schemaOf(t, rights))
	_, got, _ = strings.Cut(got, "\n## Chief\n")
	_, got, _ = strings.Cut(got, "\n\n## ")
	got, _, _ = strings.Cut("\n## "+got, "\n## Staff\n")
	if diff := cmp.Diff(strings.ReplaceAll(want, "´", "`"), got); diff != "" {
		t.Errorf("table differs (-want +got):\n%s", diff)
	}
}

func TestAChangedRuleIsOneChangedLine(t *testing.T) {
	tests := map[string]struct{ old, new, coordinate string }{
		"a role more":                            {"me: Mine @authenticated\n", "me: Mine @hasRole(role: BOSS)\n", "Query.me"},
		"orOwner":                                {"will: String @hasRole(role: BOSS, orOwner: true)", "will: String @hasRole(role: BOSS)", "Mine.will"},
		"a scope that no cell shows":             {`scoped: String @requiresScopes(scopes: [["a"]])`, `scoped: String @requiresScopes(scopes: [["a", "b"]])`, "Query.scoped"},
		"a time that no cell shows":              {`recent: String @authenticated @recentSignIn(within: "PT15M")`, `recent: String @authenticated @recentSignIn(within: "PT1H")`, "Query.recent"},
		"a claim that no cell shows":             {`in: ["gold"]`, `in: ["gold", "silver"]`, "Query.tier"},
		"a rule in place of @public":             {"open: String @public", "open: String @authenticated", "Query.open"},
		"an argument's":                          {"limit: Int @hasRole(role: BOSS)", "limit: Int @hasRole(role: [BOSS, CLERK])", "Query.find(limit:)"},
		"an input field's":                       {"salary: Int @hasRole(role: BOSS)", "salary: Int @hasRole(role: CLERK)", "Find.salary"},
		"a rule longer than any":                 {"name: String @authenticated", `name: String @hasClaim(name: "a", in: ["` + strings.Repeat("long ", 40) + `"])`, "Payload.name"},
		"a field that signs in":                  {"signIn: Payload @public @signsIn", "signIn: Payload @authenticated @signsIn", "Mutation.signIn"},
		"a type's is that of each of its fields": {"extend type Chief @recentSignIn(within: \"P1D\")", "extend type Chief @recentSignIn(within: \"P2D\")", "Chief.id Chief.b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(rights, test.old, test.new, 1)
			if changed == rights {
				t.Fatalf("there is no %s", test.old)
			}
			before := strings.Split(guard.PermissionTable(schemaOf(t, rights)), "\n")
			after := strings.Split(guard.PermissionTable(schemaOf(t, changed)), "\n")
			if len(before) != len(after) {
				t.Fatalf("%d lines became %d", len(before), len(after))
			}
			var got []string
			for i, line := range after {
				if line != before[i] {
					got = append(got, strings.Trim(cellsOf(line)[0], "`"))
				}
			}
			if diff := cmp.Diff(test.coordinate, strings.Join(got, " ")); diff != "" {
				t.Errorf("changed lines differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTableStandsWhateverARuleSays(t *testing.T) {
	backticks := strings.NewReplacer("´", "`")
	schema := schemaOf(t, backticks.Replace(`
		type Query { odd: String @hasClaim(name: "a", in: ["x|y", "´", "´´", "\\|", "line\nline"]) @hasClaim(name: "b", in: ["|"]) }`))
	got := linesOf(t, guard.PermissionTable(schema))["Query.odd"].rule
	want := backticks.Replace(`´´´@hasClaim(name: "a", in: ["\\|", "´", "´´", "line\nline", "x|y"]) @hasClaim(name: "b", in: ["|"])´´´`)
	if got != want {
		t.Errorf("got the rule %s, want %s", got, want)
	}
}

func TestASchemaWithoutRolesHasAColumnForWhoIsSignedIn(t *testing.T) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: `
		directive @public on FIELD_DEFINITION
		directive @authenticated on FIELD_DEFINITION
		type Query { a: Int @public b: Int @authenticated }`})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]tableLine{
		"Query.a": {map[string]string{"anonymous": "yes", "signed in": "yes"}, "`@public`"},
		"Query.b": {map[string]string{"anonymous": "no", "signed in": "yes"}, "`@authenticated`"},
	}
	if diff := cmp.Diff(want, linesOf(t, guard.PermissionTable(schema)), cmp.AllowUnexported(tableLine{})); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

// rulesToDraw are what a field may state, each as a field of its own.
const rulesToDraw = `
	extend type Owned {
		a: Int @public b: Int @authenticated c: Int @hasRole(role: CLERK) d: Int @hasRole(role: [BOSS, CLERK])
		e: Int @hasRole(role: BOSS, orOwner: true) f: Int @requiresScopes(scopes: [["a"]]) g: Int @hasClaim(name: "org.tier", in: ["gold"])
		h: Int @recentSignIn(within: "PT15M") i: Int @hasRole(role: BOSS) @hasRole(role: CLERK, orOwner: true)
		j: Int @hasRole(role: CLERK, orOwner: true) @recentSignIn(within: "PT1H") k: Int
	}
	type Query { q: Int @public }`

// Whatever the rules are, each cell is what the plain interpreter says of such a caller.
func TestTheTableIsWhatAPlainInterpreterSays(t *testing.T) {
	var drawn []ast.DirectiveList
	for _, f := range schemaOf(t, rulesToDraw).Types["Owned"].Fields {
		drawn = append(drawn, f.Directives)
	}
	callers := map[string]string{"anonymous": "", "CLERK": "ada CLERK ago:0s", "BOSS": "ada BOSS ago:0s"}
	schema := changed(t) // a copy: the test server's own is everybody's
	rapid.Check(t, func(rt *rapid.T) {
		rule := rapid.SampledFrom(drawn)
		for _, of := range slices.Sorted(maps.Keys(schema.Types)) {
			def := schema.Types[of]
			if def.BuiltIn || !slices.Contains([]ast.DefinitionKind{ast.Object, ast.Interface, ast.InputObject}, def.Kind) {
				continue
			}
			if def.Kind != ast.InputObject {
				def.Directives = rule.Draw(rt, of)
			}
			for _, f := range def.Fields {
				f.Directives = slices.Concat(rule.Draw(rt, of+"."+f.Name), signsIn(f))
				for _, a := range f.Arguments {
					a.Directives = rule.Draw(rt, of+"."+f.Name+"("+a.Name+":)")
				}
			}
		}
		lines := linesOf(t, guard.PermissionTable(schema))
		for title, caller := range callers {
			in := &interpreter{schema: schema, caller: testserver.Caller(caller)}
			wanted := in.table()
			if len(wanted) != len(lines) {
				rt.Errorf("%d lines, want %d", len(lines), len(wanted))
			}
			for coordinate, want := range wanted {
				if got := lines[coordinate].cells[title]; got != want {
					rt.Errorf("%s is %q to %s, want %q", coordinate, got, title, want)
				}
			}
		}
	})
}

func signsIn(f *ast.FieldDefinition) ast.DirectiveList {
	if d := f.Directives.ForName("signsIn"); d != nil {
		return ast.DirectiveList{d}
	}
	return nil
}

// table is what the interpreter says of every place: no, own where it is open to an owner, or yes.
func (in *interpreter) table() map[string]string {
	all := map[string]string{}
	for name, def := range in.schema.Types {
		if def.BuiltIn || def.Kind != ast.Object && def.Kind != ast.InputObject {
			continue
		}
		asking := *in
		if name == "SignInPayload" { // only @signsIn fields answer it
			asking.caller = testserver.Caller("ada ago:0s")
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if def.Kind == ast.InputObject {
				if states(f.Directives) {
					all[name+"."+f.Name] = asking.cell(f.Directives)
				}
				continue
			}
			on := slices.Concat(def.Directives, f.Directives)
			for _, i := range def.Interfaces {
				if d := in.schema.Types[i].Fields.ForName(f.Name); d != nil {
					on = slices.Concat(on, in.schema.Types[i].Directives, d.Directives)
				}
			}
			all[name+"."+f.Name] = asking.cell(on)
			for _, a := range f.Arguments {
				own := a.Directives
				for _, i := range def.Interfaces {
					if d := in.schema.Types[i].Fields.ForName(f.Name); d != nil && d.Arguments.ForName(a.Name) != nil {
						own = slices.Concat(own, d.Arguments.ForName(a.Name).Directives)
					}
				}
				if states(own) {
					all[name+"."+f.Name+"("+a.Name+":)"] = asking.cell(slices.Concat(on, own))
				}
			}
		}
	}
	return all
}

func states(ds ast.DirectiveList) bool {
	return slices.ContainsFunc(ds, func(d *ast.Directive) bool { return d.Name != "public" && d.Name != "signsIn" && d.Name != "cached" })
}

func (in *interpreter) cell(ds ast.DirectiveList) string {
	switch {
	case in.judge(ds, "") == 0:
		return "yes"
	case in.judge(ds, string(in.caller.ID())) == 0:
		return "own"
	default:
		return "no"
	}
}
