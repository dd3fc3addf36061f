package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/token"
)

func TestTheClaimsHookAddsPrivateClaims(t *testing.T) {
	h := newHouse(t)
	issuer := token.NewIssuer(h.ring, settings(), func(_ context.Context, u auth.User) (map[string]any, error) {
		return map[string]any{"org": map[string]any{"tier": "gold", "seats": 7}, "name": u.Name}, nil
	}, func() time.Time { return h.now })
	issued, err := issuer.Issue(t.Context(), h.user, h.session)
	if err != nil {
		t.Fatal(err)
	}
	read, err := h.Verify(t.Context(), issued.Token)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"org": map[string]any{"tier": "gold", "seats": json.Number("7")}, "name": h.user.Name}
	if diff := cmp.Diff(want, read.Extra); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(read, issued.Claims); diff != "" {
		t.Errorf("the claims are told otherwise than they are read: %s", diff)
	}
}

func TestAClaimsHookThatFailsIssuesNothing(t *testing.T) {
	failure := errors.New("the directory does not answer")
	tests := map[string]struct {
		claims map[string]any
		err    error
	}{
		"it fails":                         {nil, failure},
		"it names a registered claim":      {map[string]any{"sub": "usr_00000000000000000000000000"}, nil},
		"it names roles":                   {map[string]any{"roles": []string{"ADMIN"}}, nil},
		"it names one in another case":     {map[string]any{"EXP": 1}, nil},
		"it names one that only looks so":  {map[string]any{"\u017fub": "x"}, nil},
		"it limits the token":              {map[string]any{"scope": ""}, nil},
		"it adds what is no JSON":          {map[string]any{"f": func() {}}, nil},
		"it adds what nests too deep":      {map[string]any{"a": deep(20)}, nil},
		"it adds more than a token can be": {map[string]any{"a": strings.Repeat("x", token.MaxTokenLength)}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			hook := func(context.Context, auth.User) (map[string]any, error) { return test.claims, test.err }
			issued, err := token.NewIssuer(h.ring, settings(), hook, func() time.Time { return h.now }).Issue(t.Context(), h.user, h.session)
			if err == nil || issued.Token != "" {
				t.Errorf("issued %q", issued.Token)
			}
			if test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("the hook's own error is lost: %v", err)
			}
		})
	}
}

func deep(n int) any {
	if n == 0 {
		return 1
	}
	return []any{deep(n - 1)}
}
