// Package model holds the inputs and payloads of the schema, generated, and how its scalars are read and written.
// It belongs to graph: nothing else imports it.
package model

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fieldward/fieldward/auth"
)

// What is wrong with a scalar has no field of its own: the presenter of errors knows where it stood.

// MarshalID writes an ID.
func MarshalID(id auth.ID) graphql.Marshaler { return graphql.MarshalString(string(id)) }

// UnmarshalID reads an ID of any type, and fails with auth.InvalidInput.
func UnmarshalID(v any) (auth.ID, error) {
	s, ok := v.(string)
	if !ok {
		return "", auth.Invalid("", "An ID is a string.")
	}
	id, err := auth.ParseID(s)
	if err != nil {
		return "", auth.Invalid("", "This is not an ID.")
	}
	return id, nil
}

// dateTime is RFC 3339 in UTC with up to six decimals of a second.
const dateTime = "2006-01-02T15:04:05.999999Z"

// MarshalDateTime writes an instant in UTC: 2027-01-31T08:15:00.123456Z.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, t.UTC().Format(`"`+dateTime+`"`))
	})
}

// UnmarshalDateTime reads RFC 3339 of any offset, and fails with auth.InvalidInput.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, auth.Invalid("", "This is not an RFC 3339 instant, such as 2027-01-31T08:15:00Z.")
	}
	return t.UTC(), nil
}

// MarshalEmailAddress writes an address.
func MarshalEmailAddress(e auth.EmailAddress) graphql.Marshaler {
	return graphql.MarshalString(string(e))
}

// UnmarshalEmailAddress reads an address as it is written: whether it is one, the domain says.
func UnmarshalEmailAddress(v any) (auth.EmailAddress, error) {
	s, ok := v.(string)
	if !ok {
		return "", auth.Invalid("", "An e-mail address is a string.")
	}
	return auth.EmailAddress(s), nil
}

// MarshalSecret writes null: a secret is never answered.
func MarshalSecret(auth.Secret) graphql.Marshaler { return graphql.Null }

// UnmarshalSecret reads a secret.
func UnmarshalSecret(v any) (auth.Secret, error) {
	s, ok := v.(string)
	if !ok {
		return "", auth.Invalid("", "This must be a string.")
	}
	return auth.Secret(s), nil
}

// MarshalJSONObject writes any JSON object.
func MarshalJSONObject(m map[string]any) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		b, err := json.Marshal(m)
		if err != nil {
			b = []byte(strconv.Quote(fmt.Sprintf("no JSON: %T", m)))
		}
		_, _ = w.Write(b)
	})
}

// UnmarshalJSONObject reads any JSON object.
func UnmarshalJSONObject(v any) (map[string]any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, auth.Invalid("", "This must be a JSON object.")
	}
	return m, nil
}
