package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/web"
)

func TestEachCodeIsShownAsItIs(t *testing.T) {
	for _, code := range auth.Codes() {
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.Header.Set("Accept", "application/graphql-response+json")
		w := httptest.NewRecorder()
		web.WriteError(w, r, web.Status(r, code), &auth.Error{Code: code, Message: "so it is"})
		var shown struct {
			Errors []struct {
				Message    string
				Extensions map[string]any
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"code": string(code)}
		if len(shown.Errors) != 1 || !cmp.Equal(want, shown.Errors[0].Extensions) || w.Code < 400 {
			t.Errorf("%s is shown as %d %s", code, w.Code, w.Body)
		}
	}
}

func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":null}]}`, `{"a":1,"a":2}`, `{"a":`, `[`, `{"a":1}{`, "{\"\\u0000\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := web.DecodeObject(b)
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("encoding/json does not take %q: %v", b, err)
		}
		// What was taken reads the same for encoding/json.
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]any
		if err := json.Unmarshal(again, &read); err != nil || !cmp.Equal(want, read) {
			t.Errorf("%q is read as %s, %v", b, again, err)
		}
	})
}
