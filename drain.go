package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// signalled is the cause of a context that a signal has ended.
type signalled struct{ os.Signal }

func (s signalled) Error() string { return s.String() }

// untilSignal ends at the first signal that asks the program to end. A second one does not wait for what the first has
// begun to end.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		got := <-signals
		signal.Stop(signals)
		cancel(signalled{got})
	}()
	return ctx
}

// drained ends when the server may take no more requests: the delay after another program has asked it to stop. Until
// then it says that it is not ready and goes on answering, so that a balancer that looks now and then sends no request
// to where nobody listens. Whoever stops it from a terminal does not wait.
func drained(ctx context.Context, delay time.Duration, draining *atomic.Bool, log *slog.Logger) context.Context {
	over, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		defer end()
		draining.Store(true)
		if !errors.Is(context.Cause(ctx), signalled{syscall.SIGTERM}) {
			delay = 0
		}
		log.Info("stopping", "in", delay.String())
		time.Sleep(delay)
	})
	return over
}

// parting closes each connection after its next answer while the server drains: who holds on to one would find it closed
// in the middle of a request.
func parting(next http.Handler, draining *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
