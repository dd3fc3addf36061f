package guard

import (
	"strings"
	"unicode/utf8"
)

// prose takes the names of what is not shown out of what people have written about what is. The zero prose leaves all
// as it is.
type prose struct {
	all   map[string]bool // every name of the schema; true where it counts outside of code too
	shown map[string]bool
}

// redacted stands in the place of a name.
const redacted = "…"

func (p prose) hides(name string) bool {
	_, known := p.all[name]
	return known && !p.shown[name]
}

// text is a description. Names are words as well: one of small letters alone counts only where it stands as code.
func (p prose) text(s string) string {
	return p.without(s, func(name string) bool { return strings.ToLower(name) != name || strings.Contains(name, "_") })
}

// reason is why something is deprecated: what it tells to use in its place is a name, however it is written.
func (p prose) reason(s string) string {
	return p.without(s, func(string) bool { return true })
}

func (p prose) without(s string, counts func(name string) bool) string {
	if p.all == nil {
		return s
	}
	return replaceNames(s, func(name string, at int) bool {
		return p.hides(name) && (p.all[name] && counts(name) || isCode(s, at, at+len(name)))
	})
}

// isCode reports whether the word stands between backticks, or as part of a schema coordinate.
func isCode(s string, from, to int) bool {
	if strings.Count(s[:from], "`")%2 == 1 {
		return true
	}
	before, after := s[:from], s[to:]
	return endsInAny(before, "@$.") || strings.HasPrefix(after, "(") || strings.HasPrefix(after, ":)")
}

func endsInAny(s, chars string) bool {
	last, size := utf8.DecodeLastRuneInString(s)
	return size > 0 && strings.ContainsRune(chars, last)
}

// replaceNames puts an ellipsis in the place of each name (GraphQL, section 2.1.9) that is to be hidden.
func replaceNames(s string, hide func(name string, at int) bool) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && isNamePart(s[end]) {
			end++
		}
		switch {
		case end == i:
			out.WriteByte(s[i])
			i++
			continue
		case hide(s[i:end], i):
			out.WriteString(redacted)
		default:
			out.WriteString(s[i:end])
		}
		i = end
	}
	return out.String()
}

func isNamePart(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
