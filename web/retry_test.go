package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/web"
)

func TestARequestErrorSaysInItsHeadWhenToComeBack(t *testing.T) {
	shown := func(errs ...*auth.Error) (list gqlerror.List) {
		for _, err := range errs {
			list = append(list, &gqlerror.Error{Message: err.Message, Extensions: err.Extensions()})
		}
		return list
	}
	tooOften, busy := auth.TooOften(3200*time.Millisecond), auth.Busy(time.Second)
	tests := map[string]struct {
		resp   *graphql.Response
		status int
		want   string
	}{
		"tried too often":              {&graphql.Response{Errors: shown(tooOften)}, http.StatusTooManyRequests, "4"},
		"busy":                         {&graphql.Response{Errors: shown(busy)}, http.StatusServiceUnavailable, "1"},
		"the longer of two":            {&graphql.Response{Errors: shown(busy, tooOften)}, http.StatusServiceUnavailable, "4"},
		"inside an executed operation": {&graphql.Response{Errors: shown(tooOften), Data: json.RawMessage(`{"signIn":null}`)}, http.StatusOK, ""},
		"any other error":              {&graphql.Response{Errors: shown(auth.ErrNotFound)}, http.StatusBadRequest, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.Header.Set("Accept", "application/graphql-response+json")
			w := httptest.NewRecorder()
			if err := web.WriteResponse(w, r, test.resp); err != nil {
				t.Fatal(err)
			}
			if got := w.Header().Get("Retry-After"); got != test.want || w.Code != test.status {
				t.Errorf("answered %d with Retry-After %q, want %d with %q", w.Code, got, test.status, test.want)
			}
		})
	}
	w := httptest.NewRecorder()
	web.WriteError(w, httptest.NewRequest(http.MethodPost, "/graphql", nil), http.StatusServiceUnavailable, auth.Busy(1500*time.Millisecond))
	if got := w.Header().Get("Retry-After"); got != "2" {
		t.Errorf("before there is an operation: Retry-After %q, want 2", got)
	}
}
