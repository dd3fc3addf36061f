package auth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
)

func TestErrorsOfOneCodeAreOneError(t *testing.T) {
	wrapped := fmt.Errorf("renew: %w", &auth.Error{Code: auth.SessionEnded, Message: "other words"})
	if !errors.Is(wrapped, auth.ErrSessionEnded) {
		t.Error("another message of the same code is another error")
	}
	if errors.Is(wrapped, auth.ErrNotFound) {
		t.Error("another code is the same error")
	}
}

func TestExtensionsHoldWhatIsSet(t *testing.T) {
	tests := map[string]struct {
		err  *auth.Error
		want map[string]any
	}{
		"the code alone": {auth.ErrSessionEnded, map[string]any{"code": "SESSION_ENDED"}},
		"a field":        {auth.Invalid("email", "no"), map[string]any{"code": "INVALID_INPUT", "field": "email"}},
		"whole seconds":  {auth.Busy(1500 * time.Millisecond), map[string]any{"code": "UNAVAILABLE", "retryAfter": 2}},
		"rounded up":     {auth.TooOften(4001 * time.Millisecond), map[string]any{"code": "RATE_LIMITED", "retryAfter": 5}},
		"at least one":   {auth.TooOften(-time.Second), map[string]any{"code": "RATE_LIMITED", "retryAfter": 1}},
		"a reason":       {auth.ErrInvalidToken, map[string]any{"code": "UNAUTHENTICATED", "reason": "invalid_token"}},
		"the request's ID": {
			auth.InternalError(auth.WithRequestID(t.Context(), "abc")), map[string]any{"code": "INTERNAL", "requestId": "abc"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.err.Extensions()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeveralErrorsAreKept(t *testing.T) {
	var all auth.Errors
	if all.Err() != nil {
		t.Error("nothing is an error")
	}
	other := errors.New("other")
	for _, err := range []error{nil, auth.Invalid("a", "one"), auth.Errors{auth.Invalid("b", "two"), auth.Invalid("c", "three")}} {
		if err := all.Add(err); err != nil {
			t.Errorf("%v was not taken", err)
		}
	}
	if err := all.Add(other); !errors.Is(err, other) {
		t.Error("an error that is not shown was taken")
	}
	if len(all) != 3 || all.Err().Error() != "one\ntwo\nthree" {
		t.Errorf("kept %v", all)
	}
}
