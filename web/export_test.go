package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// DecodeObject reads one JSON object.
func DecodeObject(b []byte) (map[string]any, error) { return decodeObject(b) }

// Status is the status of a request error.
var Status = status

// WriteError answers a request that never became an operation.
var WriteError = writeError

// WriteResponse writes an answer.
var WriteResponse = writeResponse

// MountWellKnown serves the well-known documents.
var MountWellKnown = mountWellKnown

// Ready answers whether requests should be sent here.
var Ready = ready

// Jar is the cookies of a request and its answer.
type Jar = jar

// NewJar makes the jar of a request.
func NewJar(w http.ResponseWriter, r *http.Request, c Cookies, now func() time.Time) *Jar {
	j := newJar(w, c, now)
	j.take(r)
	return j
}

var _ http.Handler = (*endpoint)(nil)

// AddressesFor finds out where requests come from, with those proxies; nil where it is not known.
func AddressesFor(trusted []netip.Prefix, log *slog.Logger) func(*http.Request) *string {
	p := &proxies{trusted: trusted, log: log}
	return func(r *http.Request) *string { return p.clientOf(r).IPAddress }
}

// AddressOf is where one request comes from.
func AddressOf(r *http.Request, trusted []netip.Prefix, log *slog.Logger) *string {
	return AddressesFor(trusted, log)(r)
}

// SocketAuthorization is what a payload holds in the place of the header, and the code of the close where it may not
// stand so.
func SocketAuthorization(payload any) (value string, there bool, code int) {
	value, there, why := authorization(payload)
	if why != nil {
		code = int(why.code)
	}
	return value, there, code
}

// RefuseUpgrade tells whether a socket is refused because of where it comes from.
func RefuseUpgrade(r *http.Request, allowed ...string) bool {
	pages, err := newOrigins(allowed)
	return err != nil || callers{origins: pages}.refuseUpgrade(r) != nil
}

// DrainOpen drains streams of which some are left open.
func DrainOpen(ctx context.Context, s *Streams) error {
	s.enter()
	return s.Drain(ctx)
}
