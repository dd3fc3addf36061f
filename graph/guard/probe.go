package guard

import (
	"bytes"
	"crypto/rand"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// probed is a copy of a document in which everything that a root type answers within it begins with one field more, a
// probe. gqlgen runs no middleware on a field that answers a root type, and none on __typename, so a denied one that
// asks for nothing else, or of which @skip leaves nothing, would not be null. The guard itself answers the probe: it
// makes its object null where that is denied, and is taken out of the answer otherwise.
type probed struct {
	doc    *ast.QueryDocument
	op     *ast.OperationDefinition
	alias  string // no name in GraphQL has a space, and no other text can hold what is random
	probes map[*ast.Field]bool
}

// holds reports whether the field is a probe.
func (p *probed) holds(f *ast.Field) bool { return p.probes[f] }

// found is the value of a probe whose object is open.
func found() graphql.Marshaler { return graphql.MarshalBoolean(true) }

// strip takes the probes out of an answer. Each is the first member of its object.
func (p *probed) strip(data []byte) []byte {
	member := []byte(`"` + p.alias + `":true`)
	data = bytes.ReplaceAll(data, append(member[:len(member):len(member)], ','), nil)
	return bytes.ReplaceAll(data, member, nil)
}

func probe(b *book, doc *ast.QueryDocument, op *ast.OperationDefinition) *probed {
	c := &copier{book: b, done: map[string]*ast.FragmentDefinition{}, out: &probed{
		alias: "probe " + rand.Text(), probes: map[*ast.Field]bool{},
	}}
	copied := *op
	copied.SelectionSet = c.selections(op.SelectionSet)
	c.out.op = &copied
	c.out.doc = &ast.QueryDocument{
		Operations: ast.OperationList{&copied}, Fragments: c.fragments, Position: doc.Position, Comment: doc.Comment,
	}
	return c.out
}

type copier struct {
	book      *book
	done      map[string]*ast.FragmentDefinition // the copies of fragments, by name
	fragments ast.FragmentDefinitionList
	out       *probed
}

func (c *copier) selections(set ast.SelectionSet) ast.SelectionSet {
	all := make(ast.SelectionSet, len(set))
	for i, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			copied := *s
			copied.SelectionSet = slices.Concat(c.probeOf(s), c.selections(s.SelectionSet))
			all[i] = &copied
		case *ast.InlineFragment:
			copied := *s
			copied.SelectionSet = c.selections(s.SelectionSet)
			all[i] = &copied
		case *ast.FragmentSpread:
			copied := *s
			copied.Definition = c.fragment(s)
			all[i] = &copied
		}
	}
	return all
}

// probeOf is what the field is asked for first where it answers a root type. (gqlgen has no root types behind interfaces.)
func (c *copier) probeOf(f *ast.Field) ast.SelectionSet {
	if f.Definition == nil {
		return nil
	}
	root := c.book.schema.Types[f.Definition.Type.Name()]
	if root == nil || !c.book.isRoot(root) {
		return nil
	}
	def := ownFields(root)[0]
	p := &ast.Field{Alias: c.out.alias, Name: def.Name, Definition: def, ObjectDefinition: root, Position: f.Position}
	c.out.probes[p] = true
	return ast.SelectionSet{p}
}

func (c *copier) fragment(s *ast.FragmentSpread) *ast.FragmentDefinition {
	if s.Definition == nil || c.done[s.Name] != nil {
		return c.done[s.Name]
	}
	def := *s.Definition
	c.done[s.Name] = &def
	def.SelectionSet = c.selections(s.Definition.SelectionSet)
	c.fragments = append(c.fragments, &def)
	return &def
}
