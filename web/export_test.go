package web

import "net/http"

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

// Documents keep documents.
var NewDocuments = newDocuments

var _ http.Handler = (*endpoint)(nil)
