package guard

import (
	"fmt"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

const tableHead = `# Permissions

Who may see what, written by guardgen from the schema: change the schema, and generate anew. A role's column is a caller with that role alone, in a session's own token (not limited by scopes), who signed in just now and has no extra claims; ` + "`anonymous`" + ` has no token; ` + "`own`" + ` is open on the objects that are the caller's own.
`

const belowSignsIn = `
Answered by ` + "`@signsIn`" + ` fields alone: every column is a caller whom they have just signed in, without roles.
`

// PermissionTable is who may see what of a schema, in Markdown: a line for each field, and for each argument and input
// field that has a rule of its own, with a cell for each role of @hasRole and the rules that hold there. It is as
// Guard.Permissions has it for such callers. One rule that changes is one line that changes; a type's rule is in the lines
// of all its fields. Problems of the schema are for Check to tell.
func PermissionTable(schema *ast.Schema) string {
	b := readBook(schema)
	t := &tabler{columns: b.columns()}
	t.WriteString(tableHead)
	section := ""
	for _, e := range b.entries() {
		if e.typeName != section {
			section = e.typeName
			t.section(e)
		}
		t.entry(e)
	}
	return t.String()
}

// column is a caller by whom the table asks.
type column struct {
	title  string
	caller auth.Caller
}

// columns are nobody and a holder of each role. Where the schema has no roles, all who are signed in have one.
func (b *book) columns() []column {
	all := []column{{"anonymous", auth.Nobody}}
	var enum *ast.Definition
	if def := b.schema.Directives[hasRoleDirective]; def != nil {
		enum = b.roles(def)
	}
	if enum == nil {
		return append(all, column{"signed in", holderOf()})
	}
	for _, v := range enum.EnumValues {
		all = append(all, column{v.Name, holderOf(auth.Role(v.Name))})
	}
	return all
}

// holderOf is a caller with a session's own token, and nothing in it that a rule asks for but the roles.
func holderOf(roles ...auth.Role) auth.Caller {
	return auth.Caller{Claims: &auth.Claims{ClientID: auth.ClientFieldward, Roles: roles}}
}

// tabler writes the lines of a table. A cell is as wide as its column's title, whatever stands in the other lines.
type tabler struct {
	strings.Builder
	columns []column
}

// coordinateWidth is that of the first column. A longer coordinate makes its own line longer.
const coordinateWidth = 36

func (t *tabler) section(e entry) {
	t.WriteString("\n## " + e.typeName + "\n")
	if e.below {
		t.WriteString(belowSignsIn)
	}
	t.WriteString("\n")
	titles, rules := []string{"coordinate"}, []string{strings.Repeat("-", coordinateWidth)}
	for _, c := range t.columns {
		titles = append(titles, c.title)
		rules = append(rules, strings.Repeat("-", len(c.title)))
	}
	t.line(append(titles, "rule")...)
	t.line(append(rules, "----")...)
}

func (t *tabler) entry(e entry) {
	cells := []string{code(e.coordinate)}
	for _, c := range t.columns {
		cells = append(cells, answerTo(e.access(c.caller, time.Time{})))
	}
	t.line(append(cells, code(e.stated()))...)
}

func (t *tabler) line(cells ...string) {
	t.WriteString("|")
	for i, cell := range cells {
		width := 0
		switch {
		case i == 0:
			width = coordinateWidth
		case i <= len(t.columns):
			width = len(t.columns[i-1].title)
		}
		_, _ = fmt.Fprintf(t, " %-*s |", width, cell)
	}
	t.WriteString("\n")
}

func answerTo(a Access) string {
	switch a {
	case Allowed:
		return "yes"
	case Own:
		return "own"
	case Denied:
	}
	return "no"
}

// stated are the rules as the schema states them, or that there is none.
func (e entry) stated() string {
	text := "@" + publicDirective
	if len(e.rules) > 0 {
		text = listed(e.rules)
	}
	if e.signsIn {
		text += " @" + signsInDirective
	}
	return text
}

// code is a cell's text between more backticks than stand next to each other in it. A table ends its cell at every | that
// is not escaped, in code too (GFM, section 4.10).
func code(text string) string {
	longest, here := 0, 0
	for _, r := range text {
		if r != '`' {
			here = 0
			continue
		}
		here++
		longest = max(longest, here)
	}
	fence := strings.Repeat("`", longest+1)
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}
