package web

import (
	"context"
	"fmt"
	"sync"
)

// Streams are the sockets and event streams that are open, for whoever stops the server: http.Server waits for no
// socket, and waits for a stream without end.
type Streams struct {
	stopping context.Context // ends when the streams are to end
	stop     context.CancelFunc

	mu      sync.Mutex
	open    int
	drained bool
	empty   chan struct{} // closed once they are drained and none is open
}

// NewStreams makes a count of none.
func NewStreams() *Streams {
	ctx, stop := context.WithCancel(context.Background())
	return &Streams{stopping: ctx, stop: stop, empty: make(chan struct{})}
}

// Open is how many there are.
func (s *Streams) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Drain lets none in any more, tells each to end once it has answered the queries and mutations that it has begun, and
// waits until all have or ctx ends: sockets close with 1012, event streams end without having completed, so that their
// clients come back.
func (s *Streams) Drain(ctx context.Context) error {
	s.mu.Lock()
	if !s.drained {
		s.drained = true
		s.ends()
	}
	s.mu.Unlock()
	s.stop()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close %d sockets and streams: %w", s.Open(), ctx.Err())
	}
}

// enter counts one, unless they are drained.
func (s *Streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drained {
		return false
	}
	s.open++
	return true
}

func (s *Streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	s.ends()
}

func (s *Streams) ends() {
	if s.drained && s.open == 0 {
		close(s.empty)
	}
}
