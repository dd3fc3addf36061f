package guard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Problem is a place in a schema that leaves open who may see what, or where a denial could not be answered.
type Problem struct {
	File string // empty where the fault is not in the schema
	Line int
	What string // what is wrong, and how to mend it
}

// String is the problem after its place: "schema.graphqls:12: …".
func (p Problem) String() string {
	if p.File == "" {
		return p.What
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.What)
}

// Problems are all that is wrong with a schema, in the order of its files.
type Problems []Problem

// String is a line for each problem.
func (ps Problems) String() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil where nothing is wrong.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return errors.New(ps.String())
}

func (ps *Problems) add(at *ast.Position, format string, args ...any) {
	p := Problem{What: fmt.Sprintf(format, args...)}
	if at != nil && at.Src != nil {
		p.File, p.Line = at.Src.Name, at.Line
	}
	*ps = append(*ps, p)
}

func (ps Problems) sorted() Problems {
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.What, b.What))
	})
	return slices.Compact(ps)
}
