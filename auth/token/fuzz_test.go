package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth/token"
)

// kidMark stands in seeds for the kid, which differs from process to process.
const kidMark = "THE-KEY-ID"

// accepted checks that what the verifier accepts the library accepts, of the same subject and with the same end.
func accepted(t *testing.T, h *house, text string) {
	c, err := h.Verify(t.Context(), text)
	if err != nil {
		if c.Subject != "" || c.Extra != nil {
			t.Error("a refused token leaves claims")
		}
		return
	}
	library, err := h.library(t, true)(text)
	if err != nil {
		t.Fatalf("accepted, and the library says: %v", err)
	}
	if subject, err := library.GetSubject(); err != nil || subject != string(c.Subject) {
		t.Errorf("the subject is %q, and the library reads %q", c.Subject, subject)
	}
	if exp, err := library.GetExpirationTime(); err != nil || exp.Sub(c.ExpiresAt).Abs().Seconds() > 1 {
		t.Errorf("expires at %s, and the library reads %s", c.ExpiresAt, exp)
	}
	if len(text) > token.MaxTokenLength {
		t.Error("the token is too long")
	}
}

// FuzzVerify signs any header and payload: a true signature saves nothing that the library refuses.
func FuzzVerify(f *testing.F) {
	h := newHouse(f)
	kid := []byte(h.ring.Signing().KeyID)
	add := func(text string) {
		s := strings.Split(text, ".")
		if len(s) < 2 {
			return
		}
		header, _ := base64.RawURLEncoding.DecodeString(s[0])
		payload, _ := base64.RawURLEncoding.DecodeString(s[1])
		f.Add(bytes.ReplaceAll(header, kid, []byte(kidMark)), payload)
	}
	add(h.issue(f).Token)
	add(h.sign(f, h.header().String(), h.claims().with("nbf", date(0)).with("x", `{"y":[1.5,null]}`).String()))
	for _, class := range hostile(f, h) {
		for _, text := range class.tokens {
			add(text)
		}
	}
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		accepted(t, h, h.sign(t, string(bytes.ReplaceAll(header, []byte(kidMark), kid)), string(payload)))
	})
}

// FuzzVerifyText takes any text for a token.
func FuzzVerifyText(f *testing.F) {
	h := newHouse(f)
	f.Add(h.issue(f).Token)
	for _, class := range hostile(f, h) {
		for _, text := range class.tokens {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { accepted(t, h, text) })
}

// FuzzParseObject holds the strict reader against a slow one, which walks through encoding/json's tokens: both read the
// same texts, and read them alike.
func FuzzParseObject(f *testing.F) {
	h := newHouse(f)
	f.Add([]byte(h.claims().with("x", `{"y":[1.5,-0,"\ud83d\ude00\\ud800\"",true,null,{}]}`).String()))
	f.Add([]byte(`{"a":{"x":1,"y":2},"a":{"x":1}}`))
	f.Add([]byte(`{"a":[{"b":":{[\\"},"\\\""],"b":0}`))
	for _, text := range broken(h.header().String()) {
		f.Add([]byte(text))
	}
	for _, class := range []class{jsonStrings(f, h), depths(f, h), twice(f, h), dates(f, h)} {
		for _, text := range class.tokens {
			f.Add(unbase64(f, strings.Split(text, ".")[1]))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > token.MaxTokenLength {
			return
		}
		got, err := token.ParseObject(text)
		want, ok := slowly(text)
		if (err == nil) != ok {
			t.Fatalf("the slow reader reads it: %t, and the strict reader says: %v", ok, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the slow reader (-) and the strict reader (+) differ:\n%s", diff)
		}
	})
}

// In valid JSON from which whole pairs and all other escapes were taken, every escape is half of a surrogate pair.
var (
	wholePair = regexp.MustCompile(`\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u]|\\u[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|\\u[dD][0-7][0-9a-fA-F]{2}`)
	loneHalf  = regexp.MustCompile(`\\u`)
)

func slowly(text []byte) (map[string]any, bool) {
	if !json.Valid(text) || !utf8.Valid(text) || loneHalf.Match(wholePair.ReplaceAll(text, nil)) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, ok := slowValue(d, 0)
	object, isObject := value.(map[string]any)
	return object, ok && isObject
}

func slowValue(d *json.Decoder, depth int) (value any, ok bool) {
	read, err := d.Token()
	if err != nil {
		return nil, false
	}
	switch v := read.(type) {
	case json.Delim:
		if depth == 8 {
			return nil, false
		}
		members, elements := map[string]any{}, []any{}
		for d.More() {
			element, ok := slowValue(d, depth+1)
			if !ok {
				return nil, false
			}
			if v == '[' {
				elements = append(elements, element)
				continue
			}
			name, _ := element.(string)
			if _, twice := members[name]; twice {
				return nil, false
			}
			if members[name], ok = slowValue(d, depth+1); !ok {
				return nil, false
			}
		}
		_, err := d.Token()
		if v == '[' {
			return elements, err == nil
		}
		return members, err == nil
	case json.Number:
		_, err := v.Float64()
		return v, err == nil
	case string:
		return v, !strings.Contains(v, "\x00")
	}
	return read, true
}
