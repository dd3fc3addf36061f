package session_test

import (
	"testing"

	"github.com/fieldward/fieldward/auth/session"
)

func FuzzRefreshToken(f *testing.F) {
	w := newWorld(f, grace)
	f.Add(w.open(f).Tokens.Refresh)
	f.Add(w.openBy(f, w.inCookies()).Tokens.Refresh)
	f.Add("fwr_1.ses_.0.")
	f.Add("fwr_-1...")
	f.Fuzz(func(t *testing.T, text string) {
		read, err := session.ParseRefreshToken(text)
		if err == nil && read != text {
			t.Errorf("%q is read as %q", text, read)
		}
	})
}
