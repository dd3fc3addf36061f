package move

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// timeLayout is how a time stands in a column of text: UTC, in microseconds, of one width. PostgreSQL reads it too.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// The types of columns, as the drivers name them, whose values the engines keep each in its own way.
const (
	timeColumn   = "TIMESTAMPTZ"
	truthColumn  = "BOOL"
	numberColumn = "INTEGER"
)

// carry is the value as a column of another engine takes it. It fails, saying what the value is, where the column would
// keep something else.
func carry(value any, kind string) (any, error) {
	switch v := value.(type) {
	case time.Time:
		return v.UTC().Format(timeLayout), nil
	case bool:
		if kind == numberColumn {
			return btoi(v), nil
		}
		return v, nil
	case int64:
		return carryNumber(v, kind)
	case string:
		return carryText(v, kind)
	case []byte:
		if v == nil { // empty, which is not the same as none
			v = []byte{}
		}
		return v, nil
	case nil:
		return nil, nil
	}
	return nil, fmt.Errorf("a value of the type %T, which this program writes nowhere", value)
}

func carryNumber(v int64, kind string) (any, error) {
	switch {
	case kind != truthColumn:
		return v, nil
	case v == 0 || v == 1:
		return v == 1, nil
	}
	return nil, fmt.Errorf("the number %d, which is neither 0 for no nor 1 for yes", v)
}

func carryText(v, kind string) (any, error) {
	if kind == timeColumn {
		t, err := time.Parse(timeLayout, v)
		if err != nil || t.Format(timeLayout) != v {
			return nil, errors.New("a time that is not of the form " + timeLayout)
		}
		return t, nil
	}
	if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
		return nil, errors.New("the character NUL, or what is not UTF-8, which PostgreSQL does not keep: replace it, and move again")
	}
	return v, nil
}

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
