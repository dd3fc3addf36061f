package guard

import (
	"context"
	"reflect"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// answered decides on the objects that a field has answered, and puts null in the place of each that is denied.
func (r *run) answered(ctx context.Context, fc *graphql.FieldContext, f *field, res any) any {
	s := &sieve{run: r, ctx: ctx, fc: fc, answers: f.answers, standing: r.asked(ctx)}
	if res == nil || !s.needed() {
		return res
	}
	sifted, whole := s.sift(reflect.ValueOf(res), f.answers.depth, nil)
	if !whole {
		return f.null()
	}
	return sifted.Interface()
}

// sieve takes the denied objects out of one field's answer.
type sieve struct {
	run      *run
	ctx      context.Context
	fc       *graphql.FieldContext
	answers  *answer
	standing *standing
}

func (s *sieve) needed() bool {
	for _, o := range s.answers.objects {
		if s.standing.of(o.lock) != allowed {
			return true
		}
	}
	return false
}

// sift returns v, or a copy of it with null for each denied object. It is not whole where v has no place for a null:
// then the field as a whole is null. The resolver's own slice is left as it was.
func (s *sieve) sift(v reflect.Value, depth int, at ast.Path) (sifted reflect.Value, whole bool) {
	if isNil(v) {
		return v, true
	}
	if depth == 0 {
		return s.siftObject(v, at)
	}
	if v.Kind() == reflect.Pointer {
		list, whole := s.sift(v.Elem(), depth, at)
		if !whole {
			return v, false
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(list)
		return p, true
	}
	if v.Kind() != reflect.Slice {
		return s.siftUnknown(at)
	}
	list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		element, ok := s.sift(v.Index(i), depth-1, append(at[:len(at):len(at)], ast.PathIndex(i)))
		if !ok {
			return v, false
		}
		list.Index(i).Set(element)
	}
	return list, true
}

func (s *sieve) siftObject(v reflect.Value, at ast.Path) (sifted reflect.Value, whole bool) {
	d, denied := s.deny(v.Interface())
	if !denied {
		return v, true
	}
	s.run.report(s.ctx, s.fc, d, at)
	if s.answers.nonNull || !nilable(v.Kind()) {
		return v, false
	}
	return reflect.Zero(v.Type()), true
}

// siftUnknown denies what is neither a list nor an object of the schema: it cannot be decided.
func (s *sieve) siftUnknown(at ast.Path) (reflect.Value, bool) {
	s.run.report(s.ctx, s.fc, s.undecidable(), at)
	return reflect.Value{}, false
}

func (s *sieve) deny(object any) (denial, bool) {
	o := s.typeOf(object)
	if o == nil {
		return s.undecidable(), true
	}
	v := s.standing.of(o.lock)
	if v.asksOwner() && !s.run.guard.objects.Owners.owns(o.name, object, s.standing.caller) {
		v = forbidden
	}
	return denial{o.name, v, s.fc.Field.Position}, v.denied()
}

// typeOf is nil for an object that is of none of the types which the field may answer.
func (s *sieve) typeOf(object any) *object {
	if !s.answers.abstract {
		return s.answers.objects[0]
	}
	if tell := s.run.guard.objects.Types[s.answers.name]; tell != nil {
		return s.run.guard.book.objects[tell(object)]
	}
	return nil
}

func (s *sieve) undecidable() denial {
	v := forbidden
	for _, o := range s.answers.objects {
		v |= s.standing.of(o.lock)
	}
	return denial{s.answers.name, v, s.fc.Field.Position}
}

func nilable(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Interface || k == reflect.Map || k == reflect.Slice
}

// isNil looks through interfaces: gqlgen answers null for a nil pointer in one too.
func isNil(v reflect.Value) bool {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	return nilable(v.Kind()) && v.IsNil()
}
