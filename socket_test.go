package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// messageWithin is how long a test waits for a message that is to come.
const messageWithin = 20 * time.Second

// sock is a socket's client.
type sock struct {
	t    testing.TB
	conn *websocket.Conn
}

// frame is a message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// answer is what an answer in the frame says; the errors where it is an error.
func (f frame) answer(t testing.TB) answer {
	t.Helper()
	var a answer
	var to any = &a
	if f.Type == "error" {
		to = &a.Errors
	}
	if err := json.Unmarshal(f.Payload, to); err != nil {
		t.Fatalf("%v: %s", err, f.Payload)
	}
	return a
}

// dial opens a socket; status is that of the answer where it is refused.
func (a *api) dial(t testing.TB, h http.Header, protocols ...string) (s *sock, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), messageWithin)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, a.url+"/graphql", &websocket.DialOptions{ //nolint:bodyclose // Dial closes it
		Subprotocols: protocols, HTTPHeader: h,
	})
	if err != nil {
		if resp == nil {
			t.Fatal(err)
		}
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &sock{t, conn}, resp.StatusCode
}

// socket opens a socket, and says who is there by a token; nobody where it is -.
func (a *api) socket(t testing.TB, token string) *sock {
	t.Helper()
	s, status := a.dial(t, nil, "graphql-transport-ws")
	if s == nil {
		t.Fatalf("the upgrade is answered %d", status)
	}
	s.init(token)
	if f := s.read(); f.Type != "connection_ack" {
		t.Fatalf("the socket begins with %+v", f)
	}
	return s
}

func (s *sock) init(token string) {
	s.t.Helper()
	if token == "-" {
		s.write(`{"type":"connection_init"}`)
		return
	}
	s.write(fmt.Sprintf(`{"type":"connection_init","payload":{"authorization":"Bearer %s"}}`, token))
}

func (s *sock) write(text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), messageWithin)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sock) subscribe(id, query string) {
	s.t.Helper()
	payload, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, payload))
}

func (s *sock) read() frame {
	s.t.Helper()
	f, err := s.next()
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *sock) next() (f frame, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), messageWithin)
	defer cancel()
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	return f, json.Unmarshal(text, &f)
}

// closed reads until the socket is closed, and says with what: "4403 The token has expired".
func (s *sock) closed() string {
	s.t.Helper()
	for {
		if _, err := s.next(); err != nil {
			if code := websocket.CloseStatus(err); code > 0 {
				_, reason, _ := strings.Cut(err.Error(), `reason = "`)
				return fmt.Sprintf("%d %s", code, strings.TrimSuffix(reason, `"`))
			}
			return err.Error()
		}
	}
}

// ask asks, and waits until the answer is there.
func (s *sock) ask(id, query string) answer {
	s.t.Helper()
	s.subscribe(id, query)
	f := s.read()
	for f.Type == "pong" { // of a ping before
		f = s.read()
	}
	if f.ID != id || f.Type != "next" && f.Type != "error" {
		s.t.Fatalf("the answer is %+v", f)
	}
	if f.Type == "next" {
		if end := s.read(); end.ID != id || end.Type != "complete" {
			s.t.Fatalf("the end is %+v", end)
		}
	}
	return f.answer(s.t)
}

// following subscribes, and waits until nothing is missed any more: a query that is begun later is answered.
func (s *sock) following(id, query string, readers func() int) {
	s.t.Helper()
	before := readers()
	s.subscribe(id, query)
	for began := time.Now(); readers() == before; time.Sleep(time.Millisecond) {
		if time.Since(began) > messageWithin {
			s.t.Fatal("nobody follows")
		}
	}
}
