package guard

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// sdl is the schema as text: directives, then types, each in the order of the schema's files.
func sdl(s *ast.Schema) string {
	var parts []string
	if def := schemaDefinition(s); def != nil {
		parts = append(parts, format(&ast.SchemaDocument{Schema: ast.SchemaDefinitionList{def}}))
	}
	for _, def := range inOrder(s.Directives, func(d *ast.DirectiveDefinition) *ast.Position { return d.Position }) {
		parts = append(parts, format(&ast.SchemaDocument{Directives: ast.DirectiveDefinitionList{def}}))
	}
	for _, def := range inOrder(s.Types, func(d *ast.Definition) *ast.Position { return d.Position }) {
		parts = append(parts, format(&ast.SchemaDocument{Definitions: ast.DefinitionList{def}}))
	}
	parts = slices.DeleteFunc(parts, func(text string) bool { return text == "" }) // what GraphQL itself has
	return strings.Join(parts, "\n")
}

func format(doc *ast.SchemaDocument) string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchemaDocument(doc)
	return b.String()
}

// schemaDefinition is nil where the root types go by their usual names, and there is nothing else to say.
func schemaDefinition(s *ast.Schema) *ast.SchemaDefinition {
	def := &ast.SchemaDefinition{Description: s.Description}
	usual := s.Description == ""
	for _, root := range []struct {
		op    ast.Operation
		name  string
		given *ast.Definition
	}{{ast.Query, "Query", s.Query}, {ast.Mutation, "Mutation", s.Mutation}, {ast.Subscription, "Subscription", s.Subscription}} {
		usual = usual && s.Types[root.name] == root.given
		if root.given != nil {
			def.OperationTypes = append(def.OperationTypes, &ast.OperationTypeDefinition{Operation: root.op, Type: root.given.Name})
		}
	}
	if usual {
		return nil
	}
	return def
}

// inOrder sorts by file and line; what stands in no file comes last, by name.
func inOrder[T any](all map[string]T, position func(T) *ast.Position) []T {
	names := slices.Sorted(maps.Keys(all))
	slices.SortStableFunc(names, func(a, b string) int { return comparePositions(position(all[a]), position(all[b])) })
	sorted := make([]T, len(names))
	for i, name := range names {
		sorted[i] = all[name]
	}
	return sorted
}

func comparePositions(a, b *ast.Position) int {
	known := func(p *ast.Position) bool { return p != nil && p.Src != nil }
	switch {
	case !known(a) && !known(b):
		return 0
	case !known(a):
		return 1
	case !known(b):
		return -1
	default:
		return cmp.Or(strings.Compare(a.Src.Name, b.Src.Name), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	}
}

func sortedTypes(s *ast.Schema) []string { return slices.Sorted(maps.Keys(s.Types)) }
