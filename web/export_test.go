package web

import (
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
