package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/fieldward/fieldward/auth"
)

// socketProtocol is the one subprotocol that is spoken.
const socketProtocol = "graphql-transport-ws"

// The codes with which a socket is closed, of the protocol and of RFC 6455's registry.
const (
	closeRestart      = websocket.StatusServiceRestart
	closeLater        = websocket.StatusTryAgainLater
	closeBadRequest   = websocket.StatusCode(4400)
	closeUnauthorized = websocket.StatusCode(4401)
	closeForbidden    = websocket.StatusCode(4403)
	closeSubprotocol  = websocket.StatusCode(4406)
	closeInitTimeout  = websocket.StatusCode(4408)
	closeRepeated     = websocket.StatusCode(4409)
	closeTooManyInits = websocket.StatusCode(4429)
)

// closing is why a socket is to be closed. The reason is 123 bytes at the most.
type closing struct {
	code   websocket.StatusCode
	reason string
}

// Sockets bound what one socket may do.
type Sockets struct {
	// MaxSubscriptions is how many operations of a socket may be under way at once.
	MaxSubscriptions int
	// InitWithin is how long a socket may be open without a connection_init.
	InitWithin time.Duration
}

// DefaultSockets are the bounds where none are set.
func DefaultSockets() Sockets { return Sockets{MaxSubscriptions: 20, InitWithin: 3 * time.Second} }

// socket is one WebSocket that speaks graphql-transport-ws.
type socket struct {
	*endpoint
	conn *websocket.Conn
	up   *http.Request // the upgrade

	// ctx ends what the socket has begun. Nothing is read or written with it: that would break the connection before
	// the reason is told.
	ctx     context.Context
	cancel  context.CancelFunc
	asking  context.Context // ctx, with the cookies that count; of the reader alone
	running sync.WaitGroup
	slots   chan struct{} // taken by what runs, also after its client has dropped it

	mu         sync.Mutex
	bearer     *bearer // nil before connection_init
	operations map[string]*socketOperation
	answering  int  // how many run that may be no subscriptions
	leaving    bool // nothing is begun any more
}

func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// socket takes the connection over, and serves it until it is closed.
func (e *endpoint) socket(w http.ResponseWriter, r *http.Request) {
	if refused := e.who.refuseUpgrade(r); refused != nil {
		writeError(w, r, http.StatusForbidden, refused)
		return
	}
	if !e.streams.enter() {
		writeError(w, r, http.StatusServiceUnavailable, auth.Busy(time.Second))
		return
	}
	defer e.streams.leave()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{socketProtocol}, InsecureSkipVerify: true, // the origin was looked at above
	})
	if err != nil {
		e.log.DebugContext(r.Context(), "socket not opened", "requestId", auth.RequestIDFrom(r.Context()), "err", err)
		return
	}
	conn.SetReadLimit(e.maxBody)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{
		endpoint: e, conn: conn, up: r, ctx: ctx, cancel: cancel, asking: ctx,
		slots: make(chan struct{}, 2*e.sockets.MaxSubscriptions), operations: map[string]*socketOperation{},
	}
	s.serve()
}

// refuseUpgrade lets our own and the allowed pages open sockets. Browsers always say whose page it is, so that a cookie
// counts only beside an Origin.
func (c callers) refuseUpgrade(r *http.Request) *auth.Error {
	if !c.origins.own(r) {
		return &auth.Error{Code: auth.Forbidden, Message: "Sockets of pages of other origins are not taken."}
	}
	cookies := len(r.CookiesNamed(c.cookies.access())) + len(r.CookiesNamed(c.cookies.refresh()))
	if cookies > 0 && r.Header.Get("Origin") == "" && len(r.Header.Values("Authorization")) == 0 {
		return &auth.Error{Code: auth.Forbidden, Message: "Cookies open a socket only beside an Origin. Send one, or leave them out."}
	}
	return nil
}

// serve reads until the socket is closed, and leaves nothing behind that it has begun.
func (s *socket) serve() {
	defer s.running.Wait()
	defer s.cancel()
	defer func() { _ = s.conn.CloseNow() }()
	if s.conn.Subprotocol() != socketProtocol {
		s.end(closing{closeSubprotocol, "Subprotocol not acceptable"})
		return
	}
	s.running.Go(s.watch)
	for {
		kind, text, err := s.conn.Read(context.Background())
		if err != nil {
			return
		}
		if s.ctx.Err() != nil {
			continue // it is about to be closed
		}
		if why := s.take(kind, text); why != nil {
			s.end(*why)
			return
		}
	}
}

// end closes the socket, and ends what it has begun.
func (s *socket) end(why closing) {
	s.cancel()
	_ = s.conn.Close(why.code, why.reason)
}

const (
	// pingEvery is how often it is asked whether anybody is there still, pongWithin how long the answer may take.
	pingEvery  = 20 * time.Second
	pongWithin = 10 * time.Second
	// settleWithin is how long an answer may take that is under way when the token ends: what ended it, for one.
	settleWithin = 150 * time.Millisecond
)

// watch closes the socket where it does not begin in time, its token ends, nobody is there, or the server stops.
func (s *socket) watch() {
	check, ping := time.NewTicker(checkEvery), time.NewTicker(pingEvery)
	defer check.Stop()
	defer ping.Stop()
	begun := time.After(s.sockets.InitWithin)
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.streams.stopping.Done():
			s.settle(maxTime)
			s.end(closing{closeRestart, "Service restart"})
			return
		case <-begun:
			if s.who() == nil {
				s.end(closing{closeInitTimeout, "Connection initialisation timeout"})
				return
			}
		case <-ping.C:
			s.running.Go(s.ask)
		case <-check.C:
			if err := s.check(s.ctx, func(b *bearer) auth.Verifier { return b.watch }); err != nil {
				s.settle(settleWithin)
				s.end(refusedBy(err))
				return
			}
		}
	}
}

// ask breaks the connection where nobody answers.
func (s *socket) ask() {
	ctx, cancel := context.WithTimeout(s.ctx, pongWithin)
	defer cancel()
	if err := s.conn.Ping(ctx); err != nil && s.ctx.Err() == nil {
		_ = s.conn.CloseNow()
	}
}

// settle lets nothing begin any more, and waits a while for what is no subscription to be answered.
func (s *socket) settle(atMost time.Duration) {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	const again = 10 * time.Millisecond
	for until := time.Now().Add(atMost); s.ctx.Err() == nil && s.answers() > 0 && time.Now().Before(until); {
		time.Sleep(again)
	}
}

func (s *socket) answers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answering
}

// who is the bearer; nil before connection_init.
func (s *socket) who() *bearer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bearer
}

func (s *socket) check(ctx context.Context, by func(*bearer) auth.Verifier) error {
	b := s.who()
	if b == nil {
		return nil
	}
	return b.check(ctx, by(b))
}

// refusedBy closes the socket of a token that does not count. A client comes back after 4403, and not after 4401.
func refusedBy(err error) closing {
	switch {
	case (auth.Caller{Refused: err}).Unknown() != nil:
		return closing{closeLater, "It cannot be found out whether the token is good"}
	case isExpired(err):
		return closing{closeForbidden, "The token has expired"}
	case isOther(err):
		return closing{closeForbidden, "The token is of another subject or session"}
	default:
		return closing{closeForbidden, "The token is not valid, or no longer"}
	}
}
