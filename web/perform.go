package web

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// notGoodError is the end of a socket or stream whose bearer's token is not good any more.
type notGoodError struct{ cause error }

func (e *notGoodError) Error() string { return "the token does not count any more: " + e.cause.Error() }

func (e *notGoodError) Unwrap() error { return e.cause }

// perform runs an operation of a socket or stream, and hands each of its answers on: one of a query or mutation; of a
// subscription one for each event, as long as the bearer's token is good. An answer without data is the last one. It
// fails where each does, where ctx ends, and where a subscription has not simply come to its end.
func (e *endpoint) perform(
	ctx context.Context, op *graphql.OperationContext, b *bearer, each func(*graphql.Response) error,
) error {
	if op.Operation.Operation != ast.Subscription {
		return e.performOnce(auth.WithCaller(ctx, b.present()), op, each)
	}
	ctx, ending := auth.WithEnding(auth.WithLiveCaller(ctx, b.present))
	responses, ctx := e.exec.DispatchOperation(ctx, op)
	for {
		resp := responses(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		if resp == nil {
			return e.reason(ctx, ending.Err())
		}
		if err := b.check(ctx, b.verifier); err != nil {
			return &notGoodError{err}
		}
		if err := each(resp); err != nil || resp.Data == nil {
			return err
		}
	}
}

func (e *endpoint) performOnce(ctx context.Context, op *graphql.OperationContext, each func(*graphql.Response) error) error {
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	responses, limited := e.exec.DispatchOperation(limited, op)
	resp := responses(limited)
	if err := ctx.Err(); err != nil {
		return err
	}
	if resp == nil {
		return each(&graphql.Response{Errors: gqlerror.List{shown(late(op.Operation.Operation))}})
	}
	return each(resp)
}

// reason is why a stream has ended, as it may be shown; nil where it has come to its end.
func (e *endpoint) reason(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*auth.Error](err); ok {
		return known
	}
	e.log.ErrorContext(ctx, "stream failed", "requestId", auth.RequestIDFrom(ctx), "err", err)
	return auth.InternalError(ctx)
}
