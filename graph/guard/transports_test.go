package guard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/graph/guard/internal/testserver"
)

// overHTTP asks over HTTP with a request of its own for each operation. The caller is the question's.
type overHTTP struct {
	calls  *testserver.Calls
	send   func(t testing.TB, q question) *http.Request
	events bool // the answer is a stream
}

func (s overHTTP) ask(t testing.TB, _ auth.Caller, q question) (all []outcome, ran []string) {
	t.Helper()
	s.calls.Take()
	req := s.send(t, q)
	req.Header.Set("X-Caller", q.caller)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !s.events {
		return []outcome{outcomeOf(t, body)}, s.calls.Take()
	}
	for line := range strings.Lines(string(body)) {
		if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
			all = append(all, outcomeOf(t, []byte(data)))
		}
	}
	return all, s.calls.Take()
}

func outcomeOf(t testing.TB, answer []byte) outcome {
	t.Helper()
	var o struct{ Data map[string]any }
	if err := json.Unmarshal(answer, &o); err != nil {
		t.Fatalf("decode %s: %v", answer, err)
	}
	return outcome{o.Data, errorsOf(t, answer)}
}

func payload(q question) map[string]any {
	return map[string]any{"query": q.query, "operationName": q.operation, "variables": q.variables}
}

// byPOST asks the office with a POST, for an answer or for a stream.
func (o office) byPOST(accept string) overHTTP {
	return overHTTP{o.calls, func(t testing.TB, q question) *http.Request {
		t.Helper()
		asked, err := json.Marshal(payload(q))
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url, strings.NewReader(string(asked)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", accept)
		return req
	}, accept == "text/event-stream"}
}

func (o office) byGET() overHTTP {
	return overHTTP{o.calls, func(t testing.TB, q question) *http.Request {
		t.Helper()
		variables, err := json.Marshal(q.variables)
		if err != nil {
			t.Fatal(err)
		}
		asked := url.Values{"query": {q.query}, "operationName": {q.operation}, "variables": {string(variables)}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+"?"+asked.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}, false}
}

// overSocket asks over one WebSocket for each caller, by graphql-transport-ws.
type overSocket struct {
	office
	open map[string]*websocket.Conn
	last *int
}

func (o office) bySocket() overSocket { return overSocket{o, map[string]*websocket.Conn{}, new(int)} }

type socketMessage struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (s overSocket) ask(t testing.TB, _ auth.Caller, q question) (all []outcome, ran []string) {
	t.Helper()
	s.calls.Take()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn := s.conn(ctx, t, q.caller)
	asked, err := json.Marshal(payload(q))
	if err != nil {
		t.Fatal(err)
	}
	*s.last++
	id := fmt.Sprint(*s.last)
	if err := wsjson.Write(ctx, conn, socketMessage{id, "subscribe", asked}); err != nil {
		t.Fatal(err)
	}
	for {
		var m socketMessage
		if err := wsjson.Read(ctx, conn, &m); err != nil {
			t.Fatal(err)
		}
		switch {
		case m.ID != id:
			t.Fatalf("a message of another operation: %+v", m)
		case m.Type == "complete":
			return all, s.calls.Take()
		case m.Type == "next":
			all = append(all, outcomeOf(t, m.Payload))
		default:
			t.Fatalf("%s: %s\n%s", m.Type, m.Payload, q.query)
		}
	}
}

func (s overSocket) conn(ctx context.Context, t testing.TB, caller string) *websocket.Conn {
	t.Helper()
	if c := s.open[caller]; c != nil {
		return c
	}
	c, _, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{ //nolint:bodyclose // Dial closes it
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"X-Caller": {caller}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	if err := wsjson.Write(ctx, c, socketMessage{Type: "connection_init"}); err != nil {
		t.Fatal(err)
	}
	var ack socketMessage
	if err := wsjson.Read(ctx, c, &ack); err != nil || ack.Type != "connection_ack" {
		t.Fatalf("the socket begins with %+v, %v", ack, err)
	}
	s.open[caller] = c
	return c
}
