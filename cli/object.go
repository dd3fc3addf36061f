package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// parseObject reads a JSON object (RFC 8259), with numbers as json.Number. It refuses, with the line, what is not JSON, what
// is no object, and a member name that occurs twice in one object: its reader would drop one.
func parseObject(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	err := d.Decode(&object)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, fmt.Errorf("line %d: it is not JSON: %w", lineAt(text, syntax.Offset), syntax)
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty, and no JSON object")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is not JSON: it ends too early")
	case err != nil || object == nil:
		return nil, errors.New("it is no JSON object")
	}
	end := d.InputOffset()
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line %d: something follows the JSON object", lineAt(text, end))
	}
	if name, at, found := firstTwice(text); found {
		return nil, fmt.Errorf("line %d: %q occurs twice in one object", lineAt(text, at), name)
	}
	return object, nil
}

func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(int(offset), len(text))], []byte("\n"))
}

// level is an object or a list that has not ended yet.
type level struct {
	names  map[string]bool // nil for a list
	atName bool            // the next token is a member's name
}

// firstTwice finds the first name that an object has a second time, in a text that is JSON.
func firstTwice(text []byte) (name string, at int64, found bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	levels := []level{{}}
	for {
		token, err := d.Token()
		if err != nil {
			return "", 0, false
		}
		in := &levels[len(levels)-1]
		if in.atName && token != json.Delim('}') {
			name, _ := token.(string)
			if in.names[name] {
				return name, d.InputOffset(), true
			}
			in.names[name] = true
			in.atName = false
			continue
		}
		in.atName = in.names != nil
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}, atName: true})
		case json.Delim('['):
			levels = append(levels, level{})
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
	}
}
