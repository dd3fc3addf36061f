package document

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// size is what selections come to.
type size struct {
	fields        int
	depth         int // of what does not lead through introspection
	introspection int // of what does; 0 where nothing does
}

func (s size) and(t size) size {
	return size{s.fields + t.fields, max(s.depth, t.depth), max(s.introspection, t.introspection)}
}

// meter measures a document that nobody has validated: its fragments may be missing, stand twice, or spread themselves.
type meter struct {
	limits     Limits
	fragments  map[string]*ast.FragmentDefinition
	sizes      map[string]size // of the fragments that were measured, and of those that are: nothing, as yet
	aliases    int
	directives int // of the element that has most
}

func newMeter(l Limits, doc *ast.QueryDocument) *meter {
	m := &meter{limits: l, fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)), sizes: map[string]size{}}
	for _, f := range doc.Fragments {
		m.fragments[f.Name] = f
	}
	return m
}

func (m *meter) elements(d ast.DirectiveList) { m.directives = max(m.directives, len(d)) }

// fragment measures each fragment once. One that spreads itself is for validation to refuse: it counts as nothing there.
func (m *meter) fragment(name string) size {
	if s, known := m.sizes[name]; known {
		return s
	}
	f := m.fragments[name]
	if f == nil {
		return size{}
	}
	m.sizes[name] = size{}
	s := m.selections(f.SelectionSet)
	m.sizes[name] = s
	return s
}

// selections stop counting fields beyond the limit: fragments that spread fragments would overflow it.
func (m *meter) selections(set ast.SelectionSet) size {
	var all size
	for _, selection := range set {
		all = all.and(m.selection(selection))
		all.fields = min(all.fields, m.limits.Fields+1)
	}
	return all
}

func (m *meter) selection(selection ast.Selection) size {
	switch s := selection.(type) {
	case *ast.Field:
		m.elements(s.Directives)
		if s.Alias != "" && s.Alias != s.Name {
			m.aliases++
		}
		return field(s.Name, m.selections(s.SelectionSet))
	case *ast.InlineFragment:
		m.elements(s.Directives)
		return m.selections(s.SelectionSet)
	case *ast.FragmentSpread:
		m.elements(s.Directives)
		return m.fragment(s.Name)
	default:
		return size{}
	}
}

// field is the size of a field with what is selected of its value.
func field(name string, inner size) size {
	if name == "__typename" {
		return size{depth: 1}
	}
	s := size{fields: inner.fields + 1, depth: inner.depth + 1}
	if strings.HasPrefix(name, "__") {
		return size{fields: s.fields, introspection: max(inner.depth, inner.introspection) + 1}
	}
	if inner.introspection > 0 {
		s.introspection = inner.introspection + 1
	}
	return s
}

// rootFields are the fields of the outermost selections, by their names in the answer: those of one name are one.
func (m *meter) rootFields(set ast.SelectionSet) map[string]string {
	found, seen := map[string]string{}, map[string]bool{}
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				found[s.Alias] = s.Name
			case *ast.InlineFragment:
				collect(s.SelectionSet)
			case *ast.FragmentSpread:
				if f := m.fragments[s.Name]; f != nil && !seen[s.Name] {
					seen[s.Name] = true
					collect(f.SelectionSet)
				}
			}
		}
	}
	collect(set)
	return found
}
