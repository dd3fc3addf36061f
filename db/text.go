package db

import (
	"strings"
	"unicode/utf8"
)

// text is what all engines keep of what a stranger wrote: valid UTF-8 without the character NUL, at which PostgreSQL
// fails. What is neither stands as U+FFFD.
func text(s *string) *string {
	if s == nil || isText(*s) {
		return s
	}
	return new(strings.ReplaceAll(strings.ToValidUTF8(*s, "\ufffd"), "\x00", "\ufffd"))
}

// isText reports whether all engines can keep s. What they cannot keep is found in none.
func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// containing is the pattern for LIKE … ESCAPE '\' of what contains s, letter by letter.
func containing(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}
