package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

const (
	// writeWithin is how long a reader may take for one message. Who is slower is cut off.
	writeWithin = 10 * time.Second
	// commentEvery keeps those between from taking a stream for dead.
	commentEvery = 12 * time.Second
)

// events answers an operation as a stream of events (GraphQL over SSE, distinct connections mode): each answer is a next,
// errors before the execution too, and complete is the end. A stream that ends without it is to be asked for anew.
func (e *endpoint) events(w http.ResponseWriter, r *http.Request) {
	asked, refused := e.read(w, r)
	if refused != nil {
		writeError(w, r, refused.status, refused.err)
		return
	}
	if !e.streams.enter() {
		writeError(w, r, http.StatusServiceUnavailable, auth.Busy(time.Second))
		return
	}
	defer e.streams.leave()
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(r.Context()))
	defer cancel()
	op, errs := e.operation(ctx, asked)
	if errs == nil && !e.mayAsk(w, r, op.Operation.Operation) {
		return
	}
	out := &eventWriter{w: w, to: http.NewResponseController(w)}
	if err := out.begin(); err != nil {
		e.log.DebugContext(ctx, "stream not begun", "requestId", auth.RequestIDFrom(ctx), "err", err)
		return
	}
	if errs != nil {
		out.last(e.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs))
		return
	}
	if op.Operation.Operation == ast.Subscription {
		defer context.AfterFunc(e.streams.stopping, cancel)()
	}
	b := e.presented(r)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	ended := make(chan error, 1)
	watching.Go(func() { out.watch(ctx, b, func(err error) { ended <- err; cancel() }) })
	err := e.perform(ctx, op, b, out.next)
	select {
	case gone := <-ended:
		err = gone
	default:
	}
	out.end(err)
}

// mayAsk refuses what is not asked by GET.
func (e *endpoint) mayAsk(w http.ResponseWriter, r *http.Request, o ast.Operation) bool {
	if r.Method != http.MethodGet || o != ast.Mutation {
		return true
	}
	w.Header().Set("Allow", "POST")
	writeError(w, r, http.StatusMethodNotAllowed, auth.Invalid("", "A mutation is not asked by GET."))
	return false
}

// eventWriter writes events (HTML Living Standard, section 9.2).
type eventWriter struct {
	w  http.ResponseWriter
	to *http.ResponseController
	mu sync.Mutex
}

// begin sends the head: from here on no cookie can be set. The deadlines of an answer do not hold for a stream.
func (e *eventWriter) begin() error {
	h := e.w.Header()
	h.Set("Content-Type", eventStream+"; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	if err := e.to.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if err := e.deadline(); err != nil {
		return err
	}
	e.w.WriteHeader(http.StatusOK)
	return e.to.Flush()
}

func (e *eventWriter) deadline() error {
	err := e.to.SetWriteDeadline(time.Now().Add(writeWithin))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

func (e *eventWriter) write(text []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.deadline(); err != nil {
		return err
	}
	if _, err := e.w.Write(text); err != nil {
		return err
	}
	return e.to.Flush()
}

// next writes an answer. Where it stands between the members of JSON a line break is a space.
func (e *eventWriter) next(resp *graphql.Response) error {
	text, err := encode(resp)
	if err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte("\n"), []byte(" "))
	return e.write(append(append([]byte("event: next\ndata: "), text...), "\n\n"...))
}

// last writes the only answer, or the last one.
func (e *eventWriter) last(resp *graphql.Response) {
	if e.next(resp) == nil {
		_ = e.write([]byte("event: complete\ndata: \n\n"))
	}
}

// end writes how the stream has ended: not at all where its client has gone, or is to come back.
func (e *eventWriter) end(err error) {
	switch known, isKnown := errors.AsType[*auth.Error](err); {
	case err == nil:
		_ = e.write([]byte("event: complete\ndata: \n\n"))
	case isNotGood(err):
		e.last(&graphql.Response{Errors: gqlerror.List{shown(refusedAs(err))}})
	case isKnown:
		e.last(&graphql.Response{Errors: gqlerror.List{shown(known)}})
	}
}

func isNotGood(err error) bool {
	_, is := errors.AsType[*notGoodError](err)
	return is
}

// watch ends the stream where its bearer's token is not good any more, or nobody reads it.
func (e *eventWriter) watch(ctx context.Context, b *bearer, end func(error)) {
	check, comment := time.NewTicker(checkEvery), time.NewTicker(commentEvery)
	defer check.Stop()
	defer comment.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-check.C:
			if err = b.check(ctx, b.watch); err != nil {
				err = &notGoodError{err}
			}
		case <-comment.C:
			if e.write([]byte(":\n\n")) != nil {
				err = io.ErrClosedPipe
			}
		}
		if err != nil && ctx.Err() == nil {
			end(err)
			return
		}
	}
}
