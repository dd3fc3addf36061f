package auth

import (
	"context"
	"sync"
)

// Ending is why a stream of answers ends. It is for whoever feeds the stream to say: a stream of which nothing is said
// has simply come to its end.
type Ending struct {
	mu  sync.Mutex
	err error
}

// Err is the first reason that was given; nil where the stream has come to its end.
func (e *Ending) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

func (e *Ending) note(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

type endingKey struct{}

// WithEnding gives the context's stream a place for the reason why it ends.
func WithEnding(ctx context.Context) (context.Context, *Ending) {
	e := &Ending{}
	return context.WithValue(ctx, endingKey{}, e), e
}

// EndStream notes why the context's stream is about to end. Where nobody asks, nothing is noted.
func EndStream(ctx context.Context, err error) {
	if e, ok := ctx.Value(endingKey{}).(*Ending); ok {
		e.note(err)
	}
}
