package web

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/fieldward/fieldward/auth"
)

func isExpired(err error) bool { return errors.Is(err, errExpired) }

func isOther(err error) bool { return errors.Is(err, errAnother) || errors.Is(err, errNoToken) }

// message is one of graphql-transport-ws.
type message struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload any    `json:"payload,omitempty"`
}

// validity is what a client is told of its token: neither the token nor anything in it but its end.
type validity struct {
	ExpiresAt time.Time `json:"expiresAt"`
}

// take does what a message asks, and says why the socket is to be closed, where it is.
func (s *socket) take(kind websocket.MessageType, text []byte) *closing {
	if kind != websocket.MessageText || !utf8.Valid(text) {
		return invalid("Messages are JSON text")
	}
	members, err := decodeObject(text)
	if err != nil {
		return invalid("Invalid message: " + err.Error())
	}
	switch members["type"] {
	case "connection_init":
		return s.init(members["payload"])
	case "ping":
		return s.pinged(members["payload"])
	case "pong":
		return nil
	case "subscribe":
		return s.subscribe(members)
	case "complete":
		return s.complete(members)
	default:
		return invalid("Unknown message type")
	}
}

func invalid(reason string) *closing { return &closing{closeBadRequest, reason} }

// authorization is what stands in a payload in the place of the header. One that is there, even a bad one, is the only
// credential that is looked at.
func authorization(payload any) (value string, there bool, why *closing) {
	members, ok := payload.(map[string]any)
	if !ok {
		if payload == nil {
			return "", false, nil
		}
		return "", false, invalid("Invalid message: payload is no object")
	}
	for name, v := range members {
		if !strings.EqualFold(name, "authorization") || v == nil {
			continue
		}
		if there {
			return "", false, invalid("Invalid message: authorization stands twice")
		}
		value, _ = v.(string)
		there = true
	}
	return value, there, nil
}

// init says who is at the other end.
func (s *socket) init(payload any) *closing {
	if s.who() != nil {
		return &closing{closeTooManyInits, "Too many initialisation requests"}
	}
	given, there, why := authorization(payload)
	if why != nil {
		return why
	}
	b := s.presented(s.up)
	if there {
		b = s.byAuthorization(s.ctx, given)
		s.asking = auth.WithTokenJar(s.ctx, &jar{closed: errHeaderToo}) // the upgrade's cookies do not count beside it
	}
	caller := b.present()
	if caller.Refused != nil {
		why := refusedBy(caller.Refused)
		return &why
	}
	s.mu.Lock()
	s.bearer = b
	s.mu.Unlock()
	ack := message{Type: "connection_ack"}
	if caller.Authenticated() {
		ack.Payload = validity{caller.Claims.ExpiresAt.UTC()}
	}
	s.send(ack)
	return nil
}

// pinged answers a ping, and takes the new token that it may bring.
func (s *socket) pinged(payload any) *closing {
	given, there, why := authorization(payload)
	if why != nil {
		return why
	}
	pong := message{Type: "pong"}
	if there {
		b := s.who()
		if b == nil {
			return &closing{closeUnauthorized, "Unauthorized"}
		}
		until, err := b.renew(s.ctx, given)
		if err != nil {
			why := refusedBy(err)
			return &why
		}
		pong.Payload = validity{until.UTC()}
	}
	s.send(pong)
	return nil
}

// send writes a message. A reader that is too slow for it loses the socket.
func (s *socket) send(m message) {
	text, err := json.Marshal(m)
	if err != nil {
		s.log.ErrorContext(s.ctx, "message not written", "err", err)
		_ = s.conn.CloseNow()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, text); err != nil {
		s.cancel()
		_ = s.conn.CloseNow()
	}
}
