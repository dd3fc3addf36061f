package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
)

// refusal is a request that is no GraphQL request.
type refusal struct {
	status int
	err    *auth.Error
}

// unreadable is a body or a query string that is no GraphQL request.
func unreadable(field, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, err: auth.Invalid(field, message)}
}

// request is what a client asks.
type request struct {
	graphql.RawParams
	documentID string
}

// read reads a request as GraphQL over HTTP has it: a JSON body of POST, or the query string of GET.
func (e *endpoint) read(w http.ResponseWriter, r *http.Request) (*request, *refusal) {
	start := graphql.Now()
	read := readBody
	if r.Method == http.MethodGet {
		read = readQueryString
	}
	asked, refused := read(w, r, e.maxBody)
	if refused != nil {
		return nil, refused
	}
	asked.Headers = r.Header
	asked.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return asked, nil
}

// tooLong is a body or a query string beyond the limit.
func tooLong(r *http.Request, what string, most int64) *refusal {
	over := &auth.Error{
		Code: auth.LimitExceeded, Limit: "body", Message: fmt.Sprintf("The %s is longer than %d bytes.", what, most),
	}
	return &refusal{status(r, over.Code), over}
}

func readBody(w http.ResponseWriter, r *http.Request, most int64) (*request, *refusal) {
	media, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, set := attributes["charset"]
	if err != nil || media != "application/json" || set && !strings.EqualFold(charset, "utf-8") {
		return nil, &refusal{http.StatusUnsupportedMediaType, auth.Invalid("", "The body's Content-Type must be application/json.")}
	}
	if r.ContentLength > most {
		return nil, tooLong(r, "body", most) // before anything is read: a client that asks first is spared the sending
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return nil, tooLong(r, "body", most)
		}
		return nil, unreadable("", "The body could not be read.")
	}
	return parseBody(body)
}

// parseBody reads a JSON object with the members query, operationName, variables, extensions and documentId. Others are passed
// over, as the specification reserves them.
func parseBody(body []byte) (*request, *refusal) {
	if !utf8.Valid(body) {
		return nil, unreadable("", "The body is not UTF-8.")
	}
	members, err := decodeObject(body)
	if err != nil {
		return nil, unreadable("", "The body is no JSON object of a GraphQL request: "+err.Error()+".")
	}
	return parseMembers(members)
}

func parseMembers(members map[string]any) (*request, *refusal) {
	var params request
	var refused [5]*refusal
	params.Query, refused[0] = text(members, "query")
	params.OperationName, refused[1] = text(members, "operationName")
	params.Variables, refused[2] = object(members, "variables")
	params.Extensions, refused[3] = object(members, "extensions")
	params.documentID, refused[4] = text(members, "documentId")
	for _, one := range refused {
		if one != nil {
			return nil, one
		}
	}
	for name := range members {
		for _, known := range [...]string{"query", "operationName", "variables", "extensions", "documentId"} {
			if name != known && strings.EqualFold(name, known) {
				return nil, unreadable(name, "The member "+known+" is written in another case.")
			}
		}
	}
	if params.Query == "" && params.documentID == "" && params.Extensions["persistedQuery"] == nil {
		return nil, unreadable("query", "There is no query.")
	}
	return &params, nil
}

func text(members map[string]any, name string) (string, *refusal) {
	switch v := members[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", unreadable(name, name+" must be a string.")
	}
}

func object(members map[string]any, name string) (map[string]any, *refusal) {
	switch v := members[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	default:
		return nil, unreadable(name, name+" must be a JSON object.")
	}
}

func readQueryString(_ http.ResponseWriter, r *http.Request, most int64) (*request, *refusal) {
	if int64(len(r.URL.RawQuery)) > most {
		return nil, tooLong(r, "query string", most)
	}
	members := make(map[string]any)
	for name, values := range r.URL.Query() {
		if len(values) != 1 {
			return nil, unreadable(name, "The parameter stands more than once.")
		}
		if !utf8.ValidString(values[0]) {
			return nil, unreadable(name, "The parameter is not UTF-8.")
		}
		members[name] = values[0]
	}
	for _, name := range [...]string{"variables", "extensions"} {
		v, _ := members[name].(string)
		if v == "" {
			delete(members, name)
			continue
		}
		inner, err := decodeObject([]byte(v))
		if err != nil {
			return nil, unreadable(name, name+" must be a JSON object: "+err.Error()+".")
		}
		members[name] = inner
	}
	encoded, err := json.Marshal(members)
	if err != nil {
		return nil, unreadable("", "The query string could not be read.")
	}
	return parseBody(encoded)
}

// maxDepth is how deep variables may nest.
const maxDepth = 64

var (
	errTwice   = errors.New("a member stands twice")
	errDeep    = errors.New("it nests too deep")
	errTrail   = errors.New("something follows it")
	errObject  = errors.New("it is no object")
	errNotJSON = errors.New("it is no JSON")
)

// decodeObject reads one JSON object in which no member stands twice, at any depth. Numbers stay as they are written.
func decodeObject(b []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrail
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errObject
	}
	return m, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	token, err := d.Token()
	if err != nil {
		return nil, errNotJSON // the decoder's own words quote the body
	}
	switch token {
	case json.Delim('{'):
		return decodeMembers(d, depth+1)
	case json.Delim('['):
		return decodeElements(d, depth+1)
	default:
		return token, nil
	}
}

func decodeMembers(d *json.Decoder, depth int) (map[string]any, error) {
	m := make(map[string]any)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNotJSON
		}
		key, _ := name.(string) // the decoder takes nothing else for a name
		if _, twice := m[key]; twice {
			return nil, errTwice
		}
		if m[key], err = decodeValue(d, depth); err != nil {
			return nil, err
		}
	}
	return m, closed(d)
}

func decodeElements(d *json.Decoder, depth int) ([]any, error) {
	list := []any{}
	for d.More() {
		v, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, closed(d)
}

func closed(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errNotJSON
	}
	return nil
}
