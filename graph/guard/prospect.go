package guard

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// prospect is what is open to one caller, wherever it may be reached from: the largest part of a schema in which each
// object and input type has a field, each field that answers objects can answer one, and each can be given what it
// requires.
type prospect struct {
	book    *book
	locks   openLocks
	gone    map[string]bool // interfaces of which no field is left
	below   *prospect       // of whom a @signsIn field has signed in
	objects map[string]bool
	inputs  map[string]bool
}

// prospect decides for the caller to whom these locks are open. Below a @signsIn field is below, or where that is nil
// the same caller.
func (b *book) prospect(locks openLocks, gone map[string]bool, below *prospect) *prospect {
	p := &prospect{book: b, locks: locks, gone: gone, below: below, objects: map[string]bool{}, inputs: map[string]bool{}}
	if below == nil {
		p.below = p
	}
	for name, def := range b.schema.Types {
		if def.Kind == ast.InputObject {
			p.inputs[name] = true
		}
	}
	for settled := false; !settled; {
		settled = p.closeInputs()
	}
	for name, o := range b.objects {
		p.objects[name] = p.locks.has(o.lock)
	}
	for settled := false; !settled; {
		settled = p.closeObjects()
	}
	return p
}

func (p *prospect) closeInputs() (settled bool) {
	settled = true
	for name, open := range p.inputs {
		if open && !p.hasInput(p.book.schema.Types[name]) {
			p.inputs[name] = false
			settled = false
		}
	}
	return settled
}

// hasInput reports whether a value of the type can be given: of one field at least, and of all that it requires.
func (p *prospect) hasInput(def *ast.Definition) bool {
	has := false
	for _, f := range def.Fields {
		open := p.inputField(def.Name, f)
		if !open && required(f.Type, f.DefaultValue) {
			return false
		}
		has = has || open
	}
	return has
}

func (p *prospect) inputField(of string, f *ast.FieldDefinition) bool {
	if !p.takes(f.Type) {
		return false
	}
	t := p.book.inputs[of]
	if t == nil {
		return true
	}
	in := t.inlet(f.Name)
	return in == nil || p.locks.has(in.lock)
}

// takes reports whether a value of the type can be given.
func (p *prospect) takes(t *ast.Type) bool {
	open, isInput := p.inputs[t.Name()]
	return open || !isInput
}

func required(t *ast.Type, byDefault *ast.Value) bool { return t.NonNull && byDefault == nil }

func (p *prospect) closeObjects() (settled bool) {
	settled = true
	for name, open := range p.objects {
		if open && !p.hasField(p.book.objects[name]) {
			p.objects[name] = false
			settled = false
		}
	}
	return settled
}

func (p *prospect) hasField(o *object) bool {
	for _, f := range o.fields {
		if p.field(f) {
			return true
		}
	}
	return false
}

// field reports whether the field is open where its object is.
func (p *prospect) field(f *field) bool {
	if !p.locks.has(f.lock) {
		return false
	}
	for _, a := range f.def.Arguments {
		if required(a.Type, a.DefaultValue) && !p.argument(f, a) {
			return false
		}
	}
	return f.answers == nil || p.behind(f).answer(f.answers)
}

func (p *prospect) argument(f *field, a *ast.ArgumentDefinition) bool {
	in := inletOf(f.inlets, a.Name)
	return p.takes(a.Type) && (in == nil || p.locks.has(in.lock))
}

// behind is who asks for what the field answers.
func (p *prospect) behind(f *field) *prospect {
	if f.signsIn {
		return p.below
	}
	return p
}

// answer reports whether one of the objects that it may be is open.
func (p *prospect) answer(a *answer) bool {
	if p.gone[a.name] {
		return false
	}
	for _, o := range a.objects {
		if p.objects[o.name] {
			return true
		}
	}
	return false
}
