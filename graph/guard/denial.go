package guard

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// What a denied caller is told. Which role would have done is not told.
var (
	errNoToken   = &auth.Error{Code: auth.Unauthenticated, Reason: auth.NoToken, Message: "Sign in first."}
	errForbidden = &auth.Error{Code: auth.Forbidden, Message: "This is not open to you."}
	errTooOld    = &auth.Error{Code: auth.RecentSignInRequired, Message: "Prove again who you are, and repeat."}
)

// denial is a place that is not open to the caller.
type denial struct {
	coordinate string // "User.email", "User" where the object itself is denied, or that of an argument or input field
	verdict    verdict
	at         *ast.Position // in the document
}

// deniedError marks the guard's own errors on their way through gqlgen's presenter.
type deniedError struct {
	cause *auth.Error
	key   string // of all denials with one key, the earliest is shown
}

func (e *deniedError) Error() string { return e.cause.Message }

func (e *deniedError) Unwrap() error { return e.cause }

func (d denial) cause() *auth.Error {
	switch {
	case d.verdict >= unauthenticated:
		return errNoToken
	case d.verdict >= forbidden:
		return errForbidden
	default:
		return errTooOld
	}
}

func (d denial) shown(key string, path ast.Path) *gqlerror.Error {
	cause := d.cause()
	e := &gqlerror.Error{
		Err: &deniedError{cause, key}, Message: cause.Message, Path: path, Extensions: cause.Extensions(),
	}
	e.Extensions["coordinate"] = d.coordinate
	if d.at != nil && d.at.Line > 0 {
		e.Locations = []gqlerror.Location{{Line: d.at.Line, Column: d.at.Column}}
	}
	return e
}

// refusal answers an operation of which nothing runs: errors, and no data.
func refusal(errs ...*gqlerror.Error) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Errors: errs})
}

// unidentified is what a caller is told of whom nothing is known: the token does not verify, or nobody can tell.
func unidentified(cause *auth.Error) *gqlerror.Error {
	return &gqlerror.Error{Err: &deniedError{cause: cause}, Message: cause.Message, Extensions: cause.Extensions()}
}

// Present wraps the error presenter that the server would have without the guard: it lets the guard's errors through
// as they are, keeps to itself what the parsers of a denied field's arguments say, and takes out of what validation says
// the names that the caller neither wrote nor is shown. A server whose own presenter stands alone shows the guard's
// errors as it likes, one for each element of a list.
func (g *Guard) Present(next graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown, ok := errors.AsType[*gqlerror.Error](err)
		if ok && isDenied(shown) {
			return shown
		}
		if r := runFrom(ctx); r != nil && r.deniedHere(ctx) {
			return nil
		}
		if ok && isInvalid(ctx, shown) {
			return next(ctx, g.discreet(ctx, shown))
		}
		return next(ctx, err)
	}
}

func isDenied(e *gqlerror.Error) bool {
	_, ok := e.Err.(*deniedError) //nolint:errorlint // the guard's own errors are marked directly, never wrapped
	return ok
}

// InterceptResponse leaves, of a denied place's errors in a list, the earliest. An event that the claims of who listens
// do not open is left out.
func (g *Guard) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	resp := next(ctx)
	r := runFrom(ctx)
	if r == nil || resp == nil {
		return resp
	}
	r.begin()
	if r.found.Load() {
		resp.Data = r.plan.probed.strip(resp.Data)
	}
	if r.stream != "" {
		s := r.listening(ctx)
		if errs := r.outlived(ctx, s); errs != nil {
			return &graphql.Response{Errors: errs}
		}
		if d, lapsed := r.lapsed(s); lapsed {
			r.withhold(resp, d)
			return resp
		}
	}
	resp.Errors = earliest(resp.Errors)
	return resp
}

func earliest(all gqlerror.List) gqlerror.List {
	first := map[string]*gqlerror.Error{}
	rest := all[:0:0]
	for _, e := range all {
		if !isDenied(e) {
			rest = append(rest, e)
			continue
		}
		key := e.Err.(*deniedError).key //nolint:errorlint // see isDenied
		if have := first[key]; have == nil || before(e.Path, have.Path) {
			first[key] = e
		}
	}
	denials := make(gqlerror.List, 0, len(first))
	for _, e := range first {
		denials = append(denials, e)
	}
	slices.SortFunc(denials, func(a, b *gqlerror.Error) int {
		return strings.Compare(a.Err.(*deniedError).key, b.Err.(*deniedError).key) //nolint:errorlint // see isDenied
	})
	return append(rest, denials...)
}

// before reports whether a stands earlier in the answer than b, of two paths that differ in indexes alone.
func before(a, b ast.Path) bool {
	for i := range min(len(a), len(b)) {
		x, isIndex := a[i].(ast.PathIndex)
		y, alsoIndex := b[i].(ast.PathIndex)
		if isIndex && alsoIndex && x != y {
			return x < y
		}
	}
	return false
}
