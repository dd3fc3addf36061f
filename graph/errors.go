package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// Present turns an error into what the caller may see: the message and code of an auth.Error, and nothing of any
// other but the ID under which it was logged.
func Present(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown := graphql.DefaultErrorPresenter(ctx, err)
		if shown.Unwrap() == nil && shown.Extensions["code"] != nil {
			return shown // the request itself is malformed; gqlgen says where
		}
		known, ok := errors.AsType[*auth.Error](err)
		if !ok {
			logFailure(ctx, log, shown.Path, err)
			known = auth.InternalError(ctx)
		}
		if known.Code == auth.Unavailable {
			logFailure(ctx, log, shown.Path, err)
		}
		shown.Message = known.Message
		shown.Extensions = known.Extensions()
		if known.Code == auth.InvalidInput || known.Field != "" {
			shown.Extensions["field"] = fieldPath(ctx, known.Field, shown.Path)
		}
		return shown
	}
}

func logFailure(ctx context.Context, log *slog.Logger, path ast.Path, err error) {
	level := slog.LevelError
	if ctx.Err() != nil {
		level = slog.LevelInfo // the client has gone: what was asked for is nobody's any more
	}
	log.Log(ctx, level, "request failed", "requestId", auth.RequestIDFrom(ctx), "path", path.String(), "err", err)
}

// fieldPath completes the field that the domain names to the path as the client wrote it: the domain's email is
// input.email of a mutation. What a scalar refuses names no field, but its error stands at the argument's path.
func fieldPath(ctx context.Context, field string, at ast.Path) string {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Field == nil {
		return field
	}
	if field != "" {
		if fc.Field.Definition.Arguments.ForName("input") != nil {
			return "input." + field
		}
		return field
	}
	above := len(fc.Path())
	if above > len(at) {
		return ""
	}
	return strings.TrimPrefix(at[above:].String(), ".")
}

// each lets every one of several failures be an error of its own.
func each(err error) error {
	several, ok := errors.AsType[auth.Errors](err)
	if !ok {
		return err
	}
	var list gqlerror.List
	for _, one := range several {
		list = append(list, gqlerror.Wrap(one))
	}
	return list
}

// Recover turns a panic into an error that is logged with its stack, and shown as Internal.
func Recover(_ context.Context, panicked any) error {
	return &panicError{value: panicked, stack: debug.Stack()}
}

type panicError struct {
	value any
	stack []byte
}

// Error holds the stack, for the log.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }
