package guard

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// interfaceFields shows the fields of an interface that all its shown implementers still have, in a way that they still
// implement it (GraphQL, section 3.6, IsValidImplementation).
func (s *shape) interfaceFields(name string) {
	def := s.book.schema.Types[name]
	if def.Kind != ast.Interface || s.settled[name] {
		return
	}
	s.settled[name] = true
	implementers := s.implementers(name)
	for _, f := range def.Fields {
		if !s.implemented(f, implementers) {
			continue
		}
		s.fields[f] = true
		for _, a := range f.Arguments {
			s.arguments[a] = s.arguments[a] || everywhere(s, f, a, implementers)
		}
	}
}

// implementers are the objects and interfaces that are shown. An interface among them has its fields settled first.
func (s *shape) implementers(of string) []*ast.Definition {
	var all []*ast.Definition
	for _, name := range sortedKeys(s.types) {
		if def := s.book.schema.Types[name]; slices.Contains(def.Interfaces, of) {
			s.interfaceFields(name)
			all = append(all, def)
		}
	}
	return all
}

func (s *shape) implemented(f *ast.FieldDefinition, by []*ast.Definition) bool {
	for _, def := range by {
		own := def.Fields.ForName(f.Name)
		if own == nil || !s.fields[own] || !s.fits(f, own, by) {
			return false
		}
	}
	return s.answered(f, by)
}

// fits looks for arguments that the implementer requires, and that the interface no longer tells of.
func (s *shape) fits(f, own *ast.FieldDefinition, by []*ast.Definition) bool {
	for _, a := range own.Arguments {
		if !required(a.Type, a.DefaultValue) {
			continue
		}
		if told := f.Arguments.ForName(a.Name); told == nil || !everywhere(s, f, told, by) {
			return false
		}
	}
	return true
}

// everywhere reports whether each implementer still has the argument.
func everywhere(s *shape, f *ast.FieldDefinition, a *ast.ArgumentDefinition, by []*ast.Definition) bool {
	for _, def := range by {
		if own := def.Fields.ForName(f.Name).Arguments.ForName(a.Name); own == nil || !s.arguments[own] {
			return false
		}
	}
	return true
}

// answered reports whether what the field answers is shown. A union of which nothing but this field tells is shown as far
// as the implementers answer it.
func (s *shape) answered(f *ast.FieldDefinition, by []*ast.Definition) bool {
	name := f.Type.Name()
	def := s.book.schema.Types[name]
	if def.Kind != ast.Union {
		return s.types[name]
	}
	for _, implementer := range by {
		if own := implementer.Fields.ForName(f.Name).Type.Name(); own != name && s.types[own] {
			s.member(name, own)
		}
	}
	s.types[name] = s.types[name] || len(s.members[name]) > 0
	return s.types[name]
}

// emptyInterfaces are those that are shown with no field.
func (s *shape) emptyInterfaces() []string {
	var empty []string
	for _, name := range sortedKeys(s.types) {
		def := s.book.schema.Types[name]
		if def.Kind == ast.Interface && !slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return s.fields[f] }) {
			empty = append(empty, name)
		}
	}
	return empty
}
