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
			log.WarnContext(ctx, "unavailable", "requestId", auth.RequestIDFrom(ctx), "path", shown.Path.String(), "err", err)
		}
		shown.Message = known.Message
		shown.Extensions = known.Extensions()
		place(ctx, shown, known.Field)
		return shown
	}
}

// place says where the error belongs: at the field that was asked, since a path holds the keys of an answer alone; and
// which of its inputs is to blame, as the client wrote it. The domain's email is input.email of a mutation. What a
// scalar refuses names no field, but its error comes with the argument's path.
func place(ctx context.Context, shown *gqlerror.Error, blamed string) {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Field.Field == nil {
		return
	}
	path := fc.Path()
	switch {
	case blamed != "" && fc.Field.Definition.Arguments.ForName("input") != nil:
		shown.Extensions["field"] = "input." + blamed
	case blamed == "" && len(shown.Path) > len(path):
		shown.Extensions["field"] = strings.TrimPrefix(shown.Path[len(path):].String(), ".")
	}
	shown.Path = path
	if at := fc.Field.Position; shown.Locations == nil && at != nil {
		shown.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
}

func logFailure(ctx context.Context, log *slog.Logger, path ast.Path, err error) {
	level := slog.LevelError
	if ctx.Err() != nil {
		level = slog.LevelInfo // the client has gone: what was asked for is nobody's any more
	}
	log.Log(ctx, level, "request failed", "requestId", auth.RequestIDFrom(ctx), "path", path.String(), "err", err)
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
