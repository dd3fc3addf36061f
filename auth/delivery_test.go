package auth_test

import (
	"context"
	"errors"
	"testing"

	"github.com/fieldward/fieldward/auth"
)

func TestWhereNoJarIsNothingGoesIntoCookies(t *testing.T) {
	j := auth.TokenJarFrom(context.Background())
	j.Clear()
	if j.Refresh() != "" {
		t.Error("there is a refresh token")
	}
	for what, err := range map[string]error{"fits": j.Fits(auth.Tokens{}), "set": j.Set(auth.Tokens{Access: "a"})} {
		if !errors.Is(err, auth.ErrNoCookies) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
