package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The ways to ask beside a plain POST and GET.
const (
	byEvents = "POST for events"
	bySocket = "WebSocket"
)

func (op operation) isAskedBy(method string) bool {
	switch method {
	case http.MethodGet:
		return !op.mutation && !op.subscription
	case http.MethodPost:
		return !op.subscription
	default:
		return true
	}
}

// sendByEvents asks for a stream with one answer. It has no status: that of a plain answer is told.
func (b *board) sendByEvents(t *testing.T, token, query string) (int, answer) {
	t.Helper()
	e := b.events(t, token, b.url+"/graphql", asBody(t, query))
	defer e.cancel()
	kind, got := e.next()
	if end, _ := e.next(); kind != "next" || end != "complete" {
		t.Fatalf("%s is answered with %q and %q", query, kind, end)
	}
	return statusOf(got), got
}

func statusOf(got answer) int {
	if got.Data == nil && len(got.Errors) > 0 && got.Errors[0].Extensions["reason"] == "invalid_token" {
		return http.StatusUnauthorized
	}
	return http.StatusOK
}

// sendBySocket asks over one socket for each token. One that does not verify opens none, which is told as an answer is.
func (b *board) sendBySocket(t *testing.T, token, query string) (int, answer) {
	t.Helper()
	s := b.socketOf(t, token)
	if s == nil {
		var refused answer
		refused.Errors = append(refused.Errors, struct {
			Message    string
			Path       []any
			Extensions map[string]any
		}{Extensions: map[string]any{"code": "UNAUTHENTICATED", "reason": "invalid_token"}})
		return http.StatusUnauthorized, refused
	}
	got := s.ask("1", query)
	return statusOf(got), got
}

// socketOf is nil where the token opens none.
func (b *board) socketOf(t *testing.T, token string) *sock {
	t.Helper()
	if s, known := b.sockets[token]; known {
		return s
	}
	s, _ := b.dial(t, nil, socketProtocol)
	s.init(token)
	if _, err := s.next(); err != nil {
		if got := fmt.Sprint(err); !strings.Contains(got, "4403") {
			t.Fatalf("the socket is closed with %s", got)
		}
		s = nil
	}
	b.sockets[token] = s
	return s
}

// trySubscription wants a subscription to begin where the contract opens it as a whole, and else to be told what denies
// it, as a mutation is.
func (b *board) trySubscription(t *testing.T, method string, p bearer, op operation) {
	t.Helper()
	before := b.feed.Readers()
	got, begun := b.follow(t, method, p.token, op.query, func() bool { return b.feed.Readers() > before })
	for began := time.Now(); b.feed.Readers() > before; time.Sleep(time.Millisecond) {
		if time.Since(began) > messageWithin {
			t.Fatalf("%s goes on where its client has dropped it", op.query)
		}
	}
	if !p.verifies && p.token != "-" {
		if begun || fmt.Sprint(got.faults()) != "[UNAUTHENTICATED invalid_token]" {
			t.Errorf("%s begins: %v, and is answered %v", op.query, begun, got)
		}
		return
	}
	var denied []string
	for _, e := range got.Errors {
		denied = append(denied, strings.TrimSpace(fmt.Sprint(e.Extensions["code"], " ", e.Extensions["coordinate"], " ", names(e.Path))))
	}
	if wrong := b.wrongBefore(p, op, denied, got); wrong != "" || begun == (len(denied) > 0) {
		t.Errorf("%s begins: %v; %s", op.query, begun, wrong)
	}
}

// follow subscribes, and drops the subscription once it has begun. Else it tells the answer.
func (b *board) follow(t *testing.T, method, token, query string, begun func() bool) (answer, bool) {
	t.Helper()
	if method == byEvents {
		return b.followByEvents(t, token, query, begun)
	}
	s := b.socketOf(t, token)
	if s == nil {
		_, refused := b.sendBySocket(t, token, query)
		return refused, false
	}
	s.subscribe("s", query)
	got, denied := b.deniesAtOnce(s, begun)
	if !denied {
		s.write(`{"id":"s","type":"complete"}`)
	}
	return got, !denied
}

func (b *board) followByEvents(t *testing.T, token, query string, begun func() bool) (answer, bool) {
	t.Helper()
	e := b.events(t, token, b.url+"/graphql", asBody(t, query))
	defer e.cancel()
	answers := make(chan answer, 1)
	go func() {
		if kind, got := e.next(); kind == "next" {
			answers <- got
		}
	}()
	for began := time.Now(); time.Since(began) < messageWithin; time.Sleep(100 * time.Microsecond) {
		select {
		case got := <-answers:
			return got, false
		default:
		}
		if begun() {
			return answer{}, true
		}
	}
	t.Fatalf("%s neither begins nor is answered", query)
	return answer{}, false
}

// deniesAtOnce reports whether the subscription is answered with errors. Where it begins the socket says nothing of it, so
// it is asked for something else meanwhile.
func (b *board) deniesAtOnce(s *sock, begun func() bool) (answer, bool) {
	for {
		s.write(`{"type":"ping"}`)
		f := s.read()
		if f.Type == "error" {
			return f.answer(s.t), true
		}
		if begun() {
			return answer{}, false
		}
	}
}
