package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// socketOperation is one that a socket's client has asked for, by an ID of the client's.
type socketOperation struct {
	id        string
	cancel    context.CancelFunc
	answering bool // it may be no subscription; of the socket's lock

	mu   sync.Mutex
	over bool // nothing is sent of it any more
}

// subscribe begins an operation.
func (s *socket) subscribe(members map[string]any) *closing {
	id, payload, why := s.asked(members)
	if why != nil {
		return why
	}
	select {
	case s.slots <- struct{}{}: // who drops operations faster than they end waits here
	case <-s.ctx.Done():
		return nil
	}
	began := graphql.Now()
	ctx, cancel := context.WithCancel(auth.WithRequestID(s.asking, newRequestID()))
	op := &socketOperation{id: id, cancel: cancel, answering: true}
	refused, why := s.enter(op)
	if refused != nil || why != nil {
		cancel()
		<-s.slots
		if refused != nil {
			s.send(message{id, "error", gqlerror.List{shown(refused)}})
		}
		return why
	}
	s.running.Go(func() {
		defer func() { <-s.slots }()
		defer cancel()
		s.run(graphql.StartOperationTrace(ctx), op, payload, graphql.TraceTiming{Start: began, End: graphql.Now()})
	})
	return nil
}

func (s *socket) asked(members map[string]any) (id string, payload map[string]any, why *closing) {
	if s.who() == nil {
		return "", nil, &closing{closeUnauthorized, "Unauthorized"}
	}
	id, _ = members["id"].(string)
	payload, isObject := members["payload"].(map[string]any)
	if id == "" || !isObject {
		return "", nil, invalid("Invalid message: subscribe needs an id and a payload")
	}
	return id, payload, nil
}

// enter counts the operation, unless there are too many, or another has its ID.
func (s *socket) enter(op *socketOperation) (*auth.Error, *closing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.sockets.MaxSubscriptions
	switch {
	case s.operations[op.id] != nil:
		const shownAtMost = 64 // bytes, of the 123 that a reason may have
		id := strings.ToValidUTF8(op.id[:min(len(op.id), shownAtMost)], "")
		return nil, &closing{closeRepeated, "Subscriber for " + id + " already exists"}
	case s.leaving:
		return auth.Busy(0), nil
	case len(s.operations) >= most:
		return &auth.Error{
			Code: auth.LimitExceeded, Limit: "subscriptions",
			Message: fmt.Sprintf("A socket has at most %d operations under way at once.", most),
		}, nil
	}
	s.operations[op.id] = op
	s.answering++
	return nil, nil
}

// complete drops an operation: nothing is sent of it any more.
func (s *socket) complete(members map[string]any) *closing {
	id, _ := members["id"].(string)
	if id == "" {
		return invalid("Invalid message: complete needs an id")
	}
	s.mu.Lock()
	op := s.operations[id]
	s.mu.Unlock()
	if op != nil {
		op.cancel()
		s.leave(op)
	}
	return nil
}

// leave frees the ID, and reports whether the operation had it still: then its last message is still to be sent.
func (s *socket) leave(op *socketOperation) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.over {
		return false
	}
	op.over = true
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.operations, op.id)
	return true
}

// answered notes that the operation is answered, or is a subscription.
func (s *socket) answered(op *socketOperation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.answering {
		op.answering = false
		s.answering--
	}
}

// run runs an operation to its end, and tells its client how that was.
func (s *socket) run(ctx context.Context, op *socketOperation, payload map[string]any, read graphql.TraceTiming) {
	defer s.answered(op)
	defer func() {
		if panicked := recover(); panicked != nil {
			s.log.ErrorContext(ctx, "operation panicked",
				"requestId", auth.RequestIDFrom(ctx), "panic", panicked, "stack", string(debug.Stack()))
			s.fail(op, auth.InternalError(ctx))
		}
	}()
	if err := s.check(ctx, func(b *bearer) auth.Verifier { return b.verifier }); err != nil {
		if ctx.Err() == nil {
			s.end(refusedBy(err))
		}
		return
	}
	err := s.execute(ctx, op, payload, read)
	switch known, isKnown := errors.AsType[*auth.Error](err); {
	case ctx.Err() != nil:
	case isNotGood(err):
		s.end(refusedBy(err))
	case isKnown:
		s.fail(op, known)
	case err != nil:
		s.log.ErrorContext(ctx, "answer not written", "requestId", auth.RequestIDFrom(ctx), "err", err)
		s.fail(op, auth.InternalError(ctx))
	case s.leave(op):
		s.send(message{op.id, "complete", nil})
	}
}

// execute fails as perform does, and for what is no GraphQL request.
func (s *socket) execute(ctx context.Context, op *socketOperation, payload map[string]any, read graphql.TraceTiming) error {
	asked, refused := parseMembers(payload)
	if refused != nil {
		return refused.err
	}
	asked.Headers, asked.ReadTime = http.Header{}, read
	oc, errs := s.operation(ctx, asked)
	if errs != nil {
		return s.answer(op, s.exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs))
	}
	if oc.Operation.Operation == ast.Subscription {
		s.answered(op)
	}
	return s.perform(ctx, oc, s.who(), func(resp *graphql.Response) error { return s.answer(op, resp) })
}

// answer sends one answer. One without data is the last message of its operation.
func (s *socket) answer(op *socketOperation, resp *graphql.Response) error {
	if resp.Data == nil {
		if s.leave(op) {
			s.send(message{op.id, "error", resp.Errors})
		}
		return nil
	}
	text, err := encode(resp)
	if err != nil {
		return err
	}
	op.mu.Lock()
	defer op.mu.Unlock()
	if !op.over {
		s.send(message{op.id, "next", json.RawMessage(text)})
	}
	return nil
}

func (s *socket) fail(op *socketOperation, why *auth.Error) {
	if s.leave(op) {
		s.send(message{op.id, "error", gqlerror.List{shown(why)}})
	}
}
