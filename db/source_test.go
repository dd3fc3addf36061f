package db_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// written finds the statements in the source of this package, as patterns of what the database is asked. What is not
// known before the program runs is anything.
func written(t *testing.T) map[string]*regexp.Regexp {
	t.Helper()
	files := source(t)
	known := map[string]ast.Expr{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, value := range spec.Values {
					name := spec.Names[i].Name
					if _, twice := known[name]; twice {
						value = nil // functions have names of their own for theirs
					}
					known[name] = value
				}
			}
			return true
		})
	}
	found := map[string]*regexp.Regexp{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec: // a constant is the whole statement, unless it ends with a space
				for _, value := range n.Values {
					pattern := expand(value, known)
					switch {
					case isStatement(pattern) && strings.HasSuffix(pattern, `\s*`):
						found[pattern] = regexp.MustCompile("^" + pattern)
					case isStatement(pattern):
						found[pattern] = regexp.MustCompile("^" + pattern + "$")
					}
				}
				return false
			case *ast.BasicLit, *ast.BinaryExpr: // what stands elsewhere may go on
				pattern := expand(n.(ast.Expr), known)
				if isStatement(pattern) {
					found[pattern] = regexp.MustCompile("^" + pattern)
					return false
				}
			}
			return true
		})
	}
	return found
}

func source(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	must(t, err)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		files = append(files, file)
	}
	return files
}

const anything = `.*`

// expand is the pattern of what a text may be.
func expand(e ast.Expr, known map[string]ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return regexp.MustCompile(`\s+`).ReplaceAllString(regexp.QuoteMeta(text), `\s*`)
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return expand(e.X, known) + expand(e.Y, known)
		}
	case *ast.Ident:
		if value := known[e.Name]; value != nil {
			return expand(value, known)
		}
	}
	return anything
}

func isStatement(pattern string) bool {
	return regexp.MustCompile(`^(\\s\*)?(SELECT|INSERT|UPDATE|DELETE)\\s`).MatchString(pattern)
}
