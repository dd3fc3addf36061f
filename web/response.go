package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
)

// The media types of an answer (GraphQL over HTTP, section 4).
const (
	graphqlResponse = "application/graphql-response+json"
	plainJSON       = "application/json"
	eventStream     = "text/event-stream" // GraphQL over SSE
)

// accepted is the media type to answer with: the one that the client likes better, application/json where it names
// none. It is not ok where the client takes neither.
func accepted(r *http.Request) (media string, ok bool) {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return plainJSON, true
	}
	best := 0.0
	for element := range strings.SplitSeq(header, ",") {
		name, attributes, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, set := attributes["q"]; set {
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		switch name {
		case graphqlResponse, eventStream:
		case plainJSON, "application/*", "*/*":
			name = plainJSON
		default:
			continue
		}
		if quality > best {
			media, best = name, quality
		}
	}
	return media, best > 0
}

// status is that of a request error, by its code and the type that was negotiated: application/json is for clients
// that take any other status than 200 for a broken server.
func status(r *http.Request, code auth.Code) int {
	if media, _ := accepted(r); media != graphqlResponse && media != eventStream {
		return http.StatusOK
	}
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusBadRequest
}

// statuses are those of the codes whose status is not 400.
var statuses = map[auth.Code]int{
	auth.Unauthenticated:      http.StatusUnauthorized,
	auth.Forbidden:            http.StatusForbidden,
	auth.RecentSignInRequired: http.StatusForbidden,
	auth.RateLimited:          http.StatusTooManyRequests,
	auth.Unavailable:          http.StatusServiceUnavailable,
}

// statusOf is the status of an answer: 200 where something was executed, and else the first of 401, 403 and the others
// that any error asks for.
func statusOf(r *http.Request, resp *graphql.Response) int {
	if resp.Data != nil {
		return http.StatusOK
	}
	best := 0
	for _, err := range resp.Errors {
		code, _ := err.Extensions["code"].(string)
		s := status(r, auth.Code(code))
		if reason, _ := err.Extensions["reason"].(string); reason == string(auth.InvalidToken) {
			s = http.StatusUnauthorized
		}
		if best == 0 || rank(s) < rank(best) {
			best = s
		}
	}
	return best
}

func rank(status int) int {
	switch status {
	case http.StatusUnauthorized:
		return 0
	case http.StatusForbidden:
		return 1
	default:
		return 2
	}
}

// writeResponse writes the answer with the status that its errors ask for.
func writeResponse(w http.ResponseWriter, r *http.Request, resp *graphql.Response) error {
	code := statusOf(r, resp)
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", auth.Challenge(auth.CallerFrom(r.Context())))
	}
	if after := retryAfter(resp); after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	return writeWithStatus(w, r, code, resp)
}

// retryAfter is the longest that any error of a request error asks to wait, in seconds; 0 where none does, and where
// something was executed: then each error says it for itself.
func retryAfter(resp *graphql.Response) int {
	longest := 0
	if resp.Data == nil {
		for _, err := range resp.Errors {
			after, _ := err.Extensions["retryAfter"].(int)
			longest = max(longest, after)
		}
	}
	return longest
}

// writeWithStatus writes the answer once, with its length. A request error has no data.
func writeWithStatus(w http.ResponseWriter, r *http.Request, code int, resp *graphql.Response) error {
	body, err := encode(resp)
	if err != nil {
		return err
	}
	body = append(body, '\n')
	media, ok := accepted(r)
	if !ok || media == eventStream {
		media = plainJSON
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, err = w.Write(body)
	return err
}

// encode writes an answer as JSON.
func encode(resp *graphql.Response) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if len(resp.Errors) > 0 {
		errs, err := json.Marshal(resp.Errors)
		if err != nil {
			return nil, fmt.Errorf("write errors: %w", err)
		}
		b.WriteString(`"errors":`)
		b.Write(errs)
	}
	if resp.Data != nil {
		if len(resp.Errors) > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"data":`)
		b.Write(resp.Data)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
