package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may stand in each other: no claim that is known needs more than two.
const maxDepth = 8

// parseObject reads one JSON object (RFC 8259) as encoding/json does, with numbers as json.Number, and refuses, with
// ErrMalformed, what two readers could read differently: a member name that occurs twice at any depth, invalid UTF-8,
// half of a surrogate pair, a zero character, a number beyond a float64's range; also what is nested too deep.
func parseObject(text []byte) (map[string]any, error) {
	written, ok := survey(text)
	if !ok || !utf8.Valid(text) {
		return nil, ErrMalformed
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, ErrMalformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed // something follows
	}
	// Of two members with one name encoding/json drops the first, with all that it holds, and drops nothing else: so
	// as many are read as are written only where each name occurs once.
	if read, ok := count(object); !ok || read != written {
		return nil, ErrMalformed
	}
	return object, nil
}

// survey looks through a text before it is decoded, for what the decoder is not to be trusted with, depth and halves
// of surrogate pairs, and counts the members that are written. What it says holds where the text is JSON at all.
func survey(text []byte) (members int, ok bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if depth++; depth > maxDepth {
				return 0, false
			}
		case '}', ']':
			depth--
		case ':':
			members++
		case '"':
			length, ok := surveyString(text[i+1:])
			if !ok {
				return 0, false
			}
			i += length
		}
	}
	return members, true
}

// surveyString is how long the rest of a string is, its closing quote included. It is not ok where the string does not
// end, or escapes half of a surrogate pair, which encoding/json reads as U+FFFD.
func surveyString(text []byte) (length int, ok bool) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return i + 1, true
		case text[i] != '\\':
			continue
		}
		half := surrogate(text[i:])
		if half == low || half == high && surrogate(text[i+6:]) != low {
			return 0, false
		}
		if half == high {
			i += 6 // the low half is none by itself
		}
		i++ // what is escaped is no quote
	}
	return 0, false
}

// The halves of a surrogate pair.
const (
	neither = iota
	high
	low
)

// surrogate tells which half, if any, the escape at the beginning of the text stands for.
func surrogate(text []byte) int {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' || text[2]|0x20 != 'd' {
		return neither
	}
	switch text[3] | 0x20 { // digits are left as they are
	case '8', '9', 'a', 'b':
		return high
	case 'c', 'd', 'e', 'f':
		return low
	default:
		return neither
	}
}

// count is how many members an object holds at all depths. It is not ok where a string holds a zero character, at
// which some readers stop, or a number is beyond a float64's range, where they differ.
func count(value any) (members int, ok bool) {
	ok = true
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			within, fine := count(member)
			members += 1 + within
			ok = ok && fine && !strings.ContainsRune(name, 0)
		}
	case []any:
		for _, element := range v {
			within, fine := count(element)
			members += within
			ok = ok && fine
		}
	case string:
		ok = !strings.ContainsRune(v, 0)
	case json.Number:
		_, err := v.Float64()
		ok = err == nil
	}
	return members, ok
}
