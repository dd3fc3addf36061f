package guard

import (
	"iter"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/auth"
)

// supply is what the arguments of one field in a document supply that could have a rule, in the order of the document.
type supply []source

// source is an inlet for which the document itself has a value, or else a variable whose value each request brings.
type source struct {
	written  *inlet
	variable variable
}

// supplyKey is a field of the schema and the first of the arguments that a document gives it.
type supplyKey struct {
	field *field
	first *ast.Argument
}

// variable is a variable of a document, and where its value goes.
type variable struct {
	name string
	to   *inlet // nil where it is an element of a list
	in   *input // nil where nothing in its value can meet a rule
}

// values are the inlets for which a request's variables supply a value, each once.
type values map[variable][]*inlet

// supply is nil where nothing that the arguments hold has a rule.
func (p *planner) supply(x *field, args ast.ArgumentList) supply {
	if len(x.inlets) == 0 || len(args) == 0 {
		return nil
	}
	s := &supplier{seen: map[source]bool{}, whole: p.whole}
	for _, a := range args {
		s.take(inletOf(x.inlets, a.Name), a.Value)
	}
	p.plan.size += s.size
	if s.supply != nil {
		p.plan.supplies[supplyKey{x, args[0]}] = s.supply
	}
	return s.supply
}

func (p *plan) supplyOf(f *field, args ast.ArgumentList) supply {
	if len(f.inlets) == 0 || len(args) == 0 {
		return nil
	}
	return p.supplies[supplyKey{f, args[0]}]
}

// useSupply makes the supply's locks count for the operation.
func (p *planner) useSupply(s supply) {
	for _, from := range s {
		if v := from.variable; from.written != nil {
			p.use(from.written.lock)
		} else if !p.asked[v] {
			p.asked[v] = true
			p.plan.variables = append(p.plan.variables, v)
		}
	}
}

// supplier looks through the arguments of one field.
type supplier struct {
	supply supply
	seen   map[source]bool
	whole  bool // what has a rule that its field implies is taken too
	size   int  // of what has been looked at
}

func (s *supplier) add(from source) {
	if !s.seen[from] {
		s.seen[from] = true
		s.supply = append(s.supply, from)
	}
}

func (s *supplier) take(in *inlet, v *ast.Value) {
	s.size++
	switch {
	case in == nil || v == nil:
	case v.Kind == ast.Variable:
		s.add(source{variable: variable{v.Raw, in, in.within}})
	default:
		if in.lock != nil || s.whole && len(in.rules) > 0 {
			s.add(source{written: in})
		}
		s.within(in.within, v)
	}
}

// within goes on in a list, or in an object that may stand for a list of one.
func (s *supplier) within(t *input, v *ast.Value) {
	if t == nil {
		return
	}
	if v.Kind == ast.Variable {
		s.add(source{variable: variable{name: v.Raw, in: t}})
		return
	}
	for _, c := range v.Children {
		s.size++
		if v.Kind == ast.ObjectValue {
			s.take(t.inlet(c.Name), c.Value)
		} else {
			s.within(t, c.Value)
		}
	}
}

// held looks once through all the variables of a request that can meet a rule, those below a @signsIn field too.
func (p *plan) held(variables map[string]any) values {
	if len(p.supplies) == 0 {
		return nil
	}
	all := values{}
	for _, s := range p.supplies {
		for _, from := range s {
			if _, known := all[from.variable]; !known && from.written == nil {
				all[from.variable] = from.variable.inlets(variables)
			}
		}
	}
	return all
}

func (v variable) inlets(variables map[string]any) []*inlet {
	var all []*inlet
	seen := map[*inlet]bool{}
	v.meet(variables, func(in *inlet) {
		if !seen[in] {
			seen[in] = true
			all = append(all, in)
		}
	})
	return all
}

// meet looks at the variable's value where the request has one: gqlgen has filled in the default that the document has
// for it.
func (v variable) meet(variables map[string]any, see func(*inlet)) {
	value, supplied := variables[v.name]
	if !supplied {
		return
	}
	if v.to != nil && v.to.lock != nil {
		see(v.to)
	}
	if v.in != nil {
		v.in.meet(value, see)
	}
}

// openTo looks into the value only where something that it could meet is not open.
func (v variable) openTo(c auth.Caller, at time.Time, variables map[string]any) bool {
	if v.openWhatever(c, at) {
		return true
	}
	open := true
	v.meet(variables, func(in *inlet) { open = open && in.lock.decide(c, at) == allowed })
	return open
}

// openWhatever reports whether the caller may supply any value.
func (v variable) openWhatever(c auth.Caller, at time.Time) bool {
	if v.to != nil && v.to.lock != nil && v.to.lock.decide(c, at) != allowed {
		return false
	}
	if v.in == nil {
		return true
	}
	for _, in := range v.in.reach {
		if in.lock.decide(c, at) != allowed {
			return false
		}
	}
	return true
}

// inlets are those that have a rule and for which a value is supplied, in the order of the document.
func (s supply) inlets(held values) iter.Seq[*inlet] {
	return func(yield func(*inlet) bool) {
		for _, from := range s {
			if from.written != nil {
				if !yield(from.written) {
					return
				}
				continue
			}
			for _, in := range held[from.variable] {
				if !yield(in) {
					return
				}
			}
		}
	}
}
