package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/fieldward/fieldward/cli"
)

// The deadlines of a connection. A reader that is slower holds on to nothing.
const (
	writeTimeout = 30 * time.Second // longer than web gives an operation
	idleTimeout  = 2 * time.Minute
	drainTimeout = 22 * time.Second // likewise; with the drain's delay within the 30 s after which many a manager kills
)

func newHTTPServer(s cli.ServeSettings, handler http.Handler, log *slog.Logger, now func() time.Time) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: s.ReadTimeout,
		ReadTimeout:       s.ReadTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    s.MaxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	if s.UsesTLS() {
		c := &certificate{files: [2]string{s.TLSCert, s.TLSKey}, now: now, log: log}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
	}
	return server
}

// run serves until ctx ends, and then answers what it has begun to answer, and closes the sockets and streams.
func (h *house) run(ctx context.Context, server *http.Server, l net.Listener, log *slog.Logger) error {
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(l, "", "")
			return
		}
		failed <- server.Serve(l)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	closed := make(chan error, 1)
	server.RegisterOnShutdown(func() { closed <- h.streams.Drain(last) }) // once nobody can come back here
	if err := server.Shutdown(last); err != nil {
		log.Warn("requests cut off", "err", err, "closed", server.Close())
	}
	if err := <-closed; err != nil {
		log.Warn("sockets cut off", "err", err)
	}
	log.Info("stopped")
	return nil
}

// certificateAge is how long a certificate is used before its files are read again: they are renewed while the server runs.
const certificateAge = time.Minute

// certificate is what the server shows, from a file with it and one with its key.
type certificate struct {
	files [2]string
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	held   *tls.Certificate
	readAt time.Time
}

// get reads the files again now and then. Where they cannot be read it goes on with what it has.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil && c.now().Sub(c.readAt) < certificateAge {
		return c.held, nil
	}
	c.readAt = c.now()
	read, err := tls.LoadX509KeyPair(c.files[0], c.files[1])
	switch {
	case err == nil:
		c.held = &read
	case c.held == nil:
		return nil, fmt.Errorf("read the certificate: %w", err)
	default:
		c.log.Warn("the certificate's files cannot be read: the one from before is used", "err", err)
	}
	return c.held, nil
}
