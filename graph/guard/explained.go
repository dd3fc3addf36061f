package guard

import (
	"fmt"
	"slices"
	"strings"
)

// Explanations are those of a document's operations, in its order.
type Explanations []Explanation

// String is the explanations one after another, with an empty line between.
func (es Explanations) String() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.String()
	}
	return strings.Join(texts, "\n")
}

// lineWidth is how wide a text is, unless a coordinate or a single rule is too long for it.
const lineWidth = 100

// String is the explanation for a terminal: what becomes of the operation, and a line for each coordinate, with the verdict
// and the rules. A rule that does not fit goes on below.
func (e Explanation) String() string {
	var b strings.Builder
	b.WriteString(e.Operation + ": " + e.fate() + "\n")
	if len(e.Touches) > 0 {
		b.WriteString("\n")
		e.table(&b)
	}
	for _, note := range e.notes() {
		b.WriteString("\n" + note + "\n")
	}
	return b.String()
}

func (e Explanation) fate() string {
	switch e.Fate {
	case Refused:
		return "is refused, and nothing of it runs"
	case RefusedPerhaps:
		return "is refused with some variables, and then nothing of it runs"
	case RunsWithNulls:
		var nulls []string
		if e.has(Denied) {
			nulls = append(nulls, "what is denied")
		}
		if e.has(Own) {
			nulls = append(nulls, "what is own, on objects of others,")
		}
		return "runs; " + strings.Join(nulls, " and ") + " is null with an error"
	case Runs:
	}
	return "runs"
}

func (e Explanation) has(a Access) bool {
	return slices.ContainsFunc(e.Touches, func(t Touch) bool { return t.Outcome == a })
}

func (e Explanation) notes() []string {
	var all []string
	if slices.ContainsFunc(e.Touches, func(t Touch) bool { return t.Perhaps }) {
		all = append(all, "? is touched with some variables only.")
	}
	if e.signsIn {
		all = append(all, "Below a @signsIn field the verdict is for whom it signs in: here someone without roles.")
	}
	return all
}

func (e Explanation) table(b *strings.Builder) {
	lines := [][3]string{{"VERDICT", "COORDINATE", "RULE"}}
	for _, t := range e.Touches {
		lines = append(lines, [3]string{t.word(), t.Coordinate, t.ruleOrPublic()})
	}
	widths := [2]int{}
	for _, line := range lines {
		widths[0], widths[1] = max(widths[0], len(line[0])), max(widths[1], len(line[1]))
	}
	before := len("  ") + widths[0] + len("  ") + widths[1] + len("  ")
	for i, line := range lines {
		mark := " "
		if i > 0 && e.Touches[i-1].Perhaps {
			mark = "?"
		}
		for j, rules := range fold(line[2], lineWidth-before) {
			if j == 0 {
				_, _ = fmt.Fprintf(b, "%s %-*s  %-*s  %s\n", mark, widths[0], line[0], widths[1], line[1], rules)
			} else {
				_, _ = fmt.Fprintf(b, "%*s%s\n", before, "", rules)
			}
		}
	}
}

// word is the outcome, with the code of a denial.
func (v Verdict) word() string {
	if v.Outcome == Denied {
		return "denied " + string(v.Code)
	}
	return strings.ToLower(string(v.Outcome))
}

func (v Verdict) ruleOrPublic() string {
	if v.Rule == "" {
		return "@" + publicDirective
	}
	return v.Rule
}

// fold breaks rules into lines of a width, between one rule and the next.
func fold(rules string, width int) []string {
	var lines []string
	for _, r := range splitRules(rules) {
		last := len(lines) - 1
		if last >= 0 && len(lines[last])+1+len(r) <= width {
			lines[last] += " " + r
		} else {
			lines = append(lines, r)
		}
	}
	return lines
}

// splitRules takes apart what listed has joined: at each space outside of quotes before an @.
func splitRules(text string) []string {
	var all []string
	begin, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++ // only within quotes
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], " @"):
			all = append(all, text[begin:i])
			begin = i + 1
		}
	}
	return append(all, text[begin:])
}
