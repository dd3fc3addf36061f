package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// renamed is a copy of a document in which __typename, within a guarded field that answers a root type, has the name of
// another field of that type. gqlgen writes __typename past every middleware, so a denied field that asks for nothing
// else would not be null. The copied field keeps its alias, and its resolver is never run: the guard answers it. (Where
// @skip leaves nothing of what a denied field was asked, it is an empty object.)
type renamed struct {
	doc    *ast.QueryDocument
	op     *ast.OperationDefinition
	probes map[*ast.Field]bool
}

// holds reports whether the field stands for a __typename.
func (r *renamed) holds(f *ast.Field) bool { return r != nil && r.probes[f] }

// rename is nil where the document has no such __typename.
func rename(b *book, doc *ast.QueryDocument, op *ast.OperationDefinition) *renamed {
	c := &copier{book: b, done: map[string]bool{}, out: &renamed{probes: map[*ast.Field]bool{}}}
	copied := *op
	copied.SelectionSet = c.selections(op.SelectionSet, nil)
	if len(c.out.probes) == 0 {
		return nil
	}
	c.out.op = &copied
	c.out.doc = &ast.QueryDocument{
		Operations: ast.OperationList{&copied}, Fragments: c.fragments, Position: doc.Position, Comment: doc.Comment,
	}
	return c.out
}

type copier struct {
	book      *book
	done      map[string]bool // the fragments that are copied, by their names in the copy
	fragments ast.FragmentDefinitionList
	out       *renamed
}

// selections copies a selection; in is the root type that a guarded field answers with it, or nil.
func (c *copier) selections(set ast.SelectionSet, in *ast.Definition) ast.SelectionSet {
	all := make(ast.SelectionSet, len(set))
	for i, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			all[i] = c.field(s, in)
		case *ast.InlineFragment:
			copied := *s
			copied.SelectionSet = c.selections(s.SelectionSet, in)
			all[i] = &copied
		case *ast.FragmentSpread:
			all[i] = c.spread(s, in)
		}
	}
	return all
}

func (c *copier) field(f *ast.Field, in *ast.Definition) *ast.Field {
	copied := *f
	if f.Name == "__typename" && in != nil {
		stand := ownFields(in)[0]
		copied.Name, copied.Definition, copied.ObjectDefinition = stand.Name, stand, in
		c.out.probes[&copied] = true
		return &copied
	}
	copied.SelectionSet = c.selections(f.SelectionSet, c.rootAnswer(f))
	return &copied
}

// rootAnswer is the root type that the field answers, nil for any other answer.
func (c *copier) rootAnswer(f *ast.Field) *ast.Definition {
	if f.Definition == nil {
		return nil
	}
	if def := c.book.schema.Types[f.Definition.Type.Name()]; def != nil && c.book.isRoot(def) {
		return def
	}
	return nil
}

func (c *copier) spread(s *ast.FragmentSpread, in *ast.Definition) *ast.FragmentSpread {
	copied := *s
	if in != nil {
		copied.Name = s.Name + " in " + in.Name // no name in a document has a space
	}
	if s.Definition == nil || c.done[copied.Name] {
		return &copied
	}
	c.done[copied.Name] = true
	def := *s.Definition
	def.Name = copied.Name
	def.SelectionSet = c.selections(s.Definition.SelectionSet, in)
	c.fragments = append(c.fragments, &def)
	copied.Definition = &def
	return &copied
}
