package guard

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// View is the part of a schema that some claims open: allowed, or open on one's own objects. Rules that pass with time
// hide nothing. It is a valid schema by itself, made for reading: an operation is validated by the whole schema, and
// decided by the guard.
//
// What stands below a @signsIn field is shown as for a signed-in caller without roles, whoever asks: whom the field
// will have signed in is not known. A type that is reached both ways shows what either opens.
type View struct {
	schema *ast.Schema
	names  map[string]bool // all that it shows
	text   func() string
	ruled  func() string
}

// Schema is for introspection and the like. It is shared: nobody may change it.
func (v *View) Schema() *ast.Schema { return v.schema }

// SDL is the view as text, with its descriptions, in the order of the schema's files. rules adds the guard's
// directives, declared and applied, on what is shown, and the types that they take.
func (v *View) SDL(rules bool) string {
	if rules {
		return v.ruled()
	}
	return v.text()
}

// Shows reports whether a type or a field is in the view, by its coordinate: "User", "User.email".
func (v *View) Shows(coordinate string) bool {
	name, field, ofField := strings.Cut(coordinate, ".")
	def := v.schema.Types[name]
	return def != nil && (!ofField || def.Fields.ForName(field) != nil)
}

// Views makes the views of one schema, and keeps them by what they show: callers to whom the same is open share one.
type Views struct {
	book *book
	all  map[string]bool // the names of all that the whole schema declares, as prose takes them
	kept *otter.Cache[string, *View]
}

// maxViewsWeight bounds the memory that views take, in bytes, about.
const maxViewsWeight = 32 << 20

// NewViews makes the views of a parsed schema. No executor is needed; what is wrong with the rules, Check tells.
func NewViews(schema *ast.Schema) *Views { return newViews(readBook(schema)) }

func newViews(b *book) *Views {
	return &Views{
		book: b, all: b.names(),
		kept: otter.Must(&otter.Options[string, *View]{
			MaximumWeight: maxViewsWeight,
			Weigher:       func(_ string, v *View) uint32 { return v.weight() },
		}),
	}
}

// Of is the view of a caller. One whose token does not verify is shown what nobody is.
func (s *Views) Of(c auth.Caller) *View {
	var room [64]byte
	open := openLocks(s.book.openTo(c, room[:0]))
	if v, ok := s.kept.GetIfPresent(string(open)); ok {
		return v
	}
	return s.once(string(open), func() *View { return s.build(open, true) })
}

// Whole is the schema as it is, for whom no rule hides anything: without rules, if those are not asked for.
func (s *Views) Whole() *View {
	open := strings.Repeat("\xff", (len(s.book.locks)+7)/8)
	return s.once(open+" whole", func() *View { return s.build(openLocks(open), false) })
}

// once makes a view once, however many ask for it at the same time.
func (s *Views) once(key string, build func() *View) *View {
	v, err := s.kept.Get(context.Background(), key, otter.LoaderFunc[string, *View](
		func(context.Context, string) (*View, error) { return build(), nil }))
	if err != nil {
		return build() // building never fails, so keeping did
	}
	return v
}

// Roles are the values of the enum that @hasRole takes, in the order of the schema.
func (s *Views) Roles() []auth.Role {
	def := s.book.schema.Directives[hasRoleDirective]
	if def == nil {
		return nil
	}
	enum := s.book.roles(def)
	if enum == nil {
		return nil
	}
	var all []auth.Role
	for _, v := range enum.EnumValues {
		all = append(all, auth.Role(v.Name))
	}
	return all
}

// View is the schema as the caller's claims open it.
func (g *Guard) View(c auth.Caller) *View { return g.views.Of(c) }

// names are those of all that the schema declares; true for those that stand in prose too: the values of an enum and the
// names of directives are common words, and codes of errors.
func (b *book) names() map[string]bool {
	all := map[string]bool{}
	for name, def := range b.schema.Directives {
		all[name] = false
		for _, a := range def.Arguments {
			all[a.Name] = false
		}
	}
	for _, def := range b.schema.Types {
		for _, v := range def.EnumValues {
			all[v.Name] = false
		}
	}
	for name, def := range b.schema.Types {
		all[name] = true
		for _, f := range def.Fields {
			all[f.Name] = true
			for _, a := range f.Arguments {
				all[a.Name] = true
			}
		}
	}
	return all
}

// openLocks are the locks that are open, a bit for each by its id. It is the same for callers to whom the same is open.
type openLocks string

func (open openLocks) has(l *lock) bool { return l == nil || open[l.id/8]&(1<<(l.id%8)) != 0 }

// openTo decides which locks are open to a caller, if only on their own objects, and appends their bits.
func (b *book) openTo(c auth.Caller, bits []byte) []byte {
	for i, l := range b.locks {
		if i%8 == 0 {
			bits = append(bits, 0)
		}
		if v := l.decide(c, time.Time{}) &^ tooOld; !v.denied() {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return bits
}

// build makes the view of those to whom these locks are open. discreet takes what is not shown out of descriptions too.
func (s *Views) build(open openLocks, discreet bool) *View {
	below := open
	if discreet {
		below = openLocks(s.book.openTo(auth.Caller{Claims: &auth.Claims{}}, nil))
	}
	sh := s.book.shape(open, below)
	p := &pruner{shape: sh, book: s.book}
	names := p.names()
	if discreet {
		p.prose = prose{all: s.all, shown: names}
	}
	schema := p.prune()
	return &View{
		schema: schema, names: names,
		text:  sync.OnceValue(func() string { return sdl(schema) }),
		ruled: sync.OnceValue(func() string { return sdl(s.ruled(sh, discreet)) }),
	}
}

// ruled is the same part of the schema with the guard's directives.
func (s *Views) ruled(sh *shape, discreet bool) *ast.Schema {
	p := &pruner{shape: sh.withRules(s.book), book: s.book, rules: true}
	if discreet {
		p.prose = prose{all: s.all, shown: p.names()}
	}
	return p.prune()
}

// weight is about how much memory the view takes, with its texts.
func (v *View) weight() uint32 {
	const perType, perField, perArgument = 600, 600, 300 // bytes, about
	w := 0
	for _, def := range v.schema.Types {
		if def.BuiltIn {
			continue
		}
		w += perType + perField*(len(def.Fields)+len(def.EnumValues))
		for _, f := range def.Fields {
			w += perArgument * len(f.Arguments)
		}
	}
	return uint32(min(w, maxViewsWeight)) //nolint:gosec // bounded
}

// sortedKeys are the keys that are true.
func sortedKeys(set map[string]bool) []string {
	return slices.Sorted(maps.Keys(set))
}
