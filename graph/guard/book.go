package guard

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// book holds the rules of a schema by the places where they hold: objects and their fields. What interfaces state has
// been carried to their implementers. It never changes once it is read.
type book struct {
	schema   *ast.Schema
	objects  map[string]*object
	possible map[string][]*object // by the name of an object, interface or union; sorted by name
	inputs   map[string]*input    // those of which a value can meet a rule
	locks    []*lock
	byText   map[string]*lock
}

// object is an object type. Its lock is the rule of the object: denied, the object is null.
type object struct {
	name   string
	def    *ast.Definition
	rules  []rule
	public bool
	lock   *lock
	fields map[string]*field
}

// field is a field of an object type. Its lock is beside the object's: denied, the field is null.
type field struct {
	coordinate string
	def        *ast.FieldDefinition
	rules      []rule // its own, and those of the interfaces and interface fields that it implements
	decided    bool
	signsIn    bool
	lock       *lock
	answers    *answer // nil for a field of scalars or enums
	inlets     []*inlet
}

// answer is what a field answers: objects of one type, or of those that an interface or union allows.
type answer struct {
	name     string
	objects  []*object
	abstract bool
	root     bool // Query, Mutation or Subscription
	depth    int  // of lists
	nonNull  bool // the object itself, or the element of the innermost list
	guarded  bool // one of the objects has a lock
}

// readBook reads the rules of a schema as they stand, right or wrong: Check tells which.
func readBook(schema *ast.Schema) *book {
	b := &book{schema: schema, objects: map[string]*object{}, possible: map[string][]*object{}, byText: map[string]*lock{}}
	names := slices.Sorted(maps.Keys(schema.Types))
	for _, name := range names {
		if def := schema.Types[name]; def.Kind == ast.Object && !def.BuiltIn {
			said := readStatement(def.Directives)
			b.objects[name] = &object{
				name: name, def: def, rules: said.rules, public: said.public, lock: b.lock(said.rules), fields: map[string]*field{},
			}
		}
	}
	for _, name := range names {
		b.readPossible(schema.Types[name])
	}
	b.readInputs(names)
	for _, name := range names {
		if o := b.objects[name]; o != nil {
			for _, def := range ownFields(o.def) {
				o.fields[def.Name] = b.readField(o, def)
			}
		}
	}
	return b
}

// ownFields are the fields without those of introspection.
func ownFields(def *ast.Definition) []*ast.FieldDefinition {
	return slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool {
		return strings.HasPrefix(f.Name, "__")
	})
}

func (b *book) readPossible(def *ast.Definition) {
	if !def.IsCompositeType() || def.BuiltIn {
		return
	}
	if o := b.objects[def.Name]; o != nil {
		b.possible[def.Name] = []*object{o}
		return
	}
	var all []*object
	for _, p := range b.schema.GetPossibleTypes(def) { // interfaces that implement this one are among them
		if o := b.objects[p.Name]; o != nil && !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(x, y *object) int { return strings.Compare(x.name, y.name) })
	b.possible[def.Name] = all
}

func (b *book) readField(o *object, def *ast.FieldDefinition) *field {
	said := readStatement(def.Directives)
	f := &field{
		coordinate: o.name + "." + def.Name,
		def:        def,
		rules:      said.rules,
		decided:    said.public || o.public || len(o.rules) > 0,
		signsIn:    o.def == b.schema.Mutation && def.Directives.ForName(signsInDirective) != nil,
		answers:    b.readAnswer(def.Type),
	}
	for _, name := range o.def.Interfaces {
		i := b.schema.Types[name]
		declared := i.Fields.ForName(def.Name)
		if declared == nil {
			continue
		}
		for _, inherited := range []statement{readStatement(i.Directives), readStatement(declared.Directives)} {
			f.rules = append(f.rules, inherited.rules...)
			f.decided = f.decided || inherited.public
		}
	}
	f.decided = f.decided || len(f.rules) > 0
	f.lock = b.lock(unimplied(f.rules, o.rules, true)) // the object has been decided before its fields
	f.inlets = b.readArguments(o, f)
	return f
}

func (b *book) readAnswer(t *ast.Type) *answer {
	def := b.schema.Types[t.Name()]
	if def == nil || !def.IsCompositeType() || def.BuiltIn {
		return nil
	}
	a := &answer{name: def.Name, objects: b.possible[def.Name], abstract: def.IsAbstractType(), root: b.isRoot(def)}
	for ; t.Elem != nil; t = t.Elem {
		a.depth++
	}
	a.nonNull = t.NonNull
	a.guarded = slices.ContainsFunc(a.objects, func(o *object) bool { return o.lock != nil })
	return a
}

func (b *book) isRoot(def *ast.Definition) bool {
	return def == b.schema.Query || def == b.schema.Mutation || def == b.schema.Subscription
}

// roles is the enum of which @hasRole takes values; nil where it takes anything else.
func (b *book) roles(def *ast.DirectiveDefinition) *ast.Definition {
	a := def.Arguments.ForName(roleArgument)
	if a == nil || a.Type.Elem == nil {
		return nil
	}
	if enum := b.schema.Types[a.Type.Name()]; enum != nil && enum.Kind == ast.Enum {
		return enum
	}
	return nil
}

// lock is the one lock of these rules.
func (b *book) lock(rules []rule) *lock {
	if len(rules) == 0 {
		return nil
	}
	text := listed(rules)
	if l := b.byText[text]; l != nil {
		return l
	}
	l := &lock{id: len(b.locks), rules: rules, timed: shortest(rules) != nil}
	b.locks = append(b.locks, l)
	b.byText[text] = l
	return l
}

// field is nil where the schema has none, and for the fields of introspection.
func (b *book) field(object, name string) *field {
	if o := b.objects[object]; o != nil {
		return o.fields[name]
	}
	return nil
}

// root is the object that an operation begins at.
func (b *book) root(op ast.Operation) *object {
	def := b.schema.Query
	switch op {
	case ast.Mutation:
		def = b.schema.Mutation
	case ast.Subscription:
		def = b.schema.Subscription
	case ast.Query:
	}
	return b.objects[def.Name]
}

// stand decides every lock for a caller.
func (b *book) stand(c auth.Caller, at time.Time) *standing {
	s := &standing{caller: c, verdicts: make([]verdict, len(b.locks))}
	for i, l := range b.locks {
		s.verdicts[i] = l.decide(c, at)
	}
	return s
}

// null is what a denied field answers. Where the field may not be null, the marshaler makes gqlgen carry the null
// further up without a complaint of its own.
func (f *field) null() any {
	if f.def.Type.NonNull {
		return graphql.Null
	}
	return nil
}
