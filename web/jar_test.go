package web_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/web"
)

// tokens end at even times after the clock's.
func tokens(clock *authtest.Clock) auth.Tokens {
	at := clock.Now()
	return auth.Tokens{Access: "an-access-token", Refresh: "a-refresh-token", ExpiresAt: at.Add(time.Minute), RefreshExpiresAt: at.Add(time.Hour)}
}

func newJar(t *testing.T, w http.ResponseWriter, clock *authtest.Clock, cookies string) *web.Jar {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
	r.Header.Set("Cookie", cookies)
	return web.NewJar(w, r, web.Cookies{}, clock.Now)
}

func TestNoCookieIsSetOnceTheHeadHasGoneOut(t *testing.T) {
	tests := map[string]struct {
		send func(*web.Jar) error
		open bool
	}{
		"before anything":       {func(*web.Jar) error { return nil }, true},
		"after an early hint":   {func(j *web.Jar) error { j.WriteHeader(http.StatusEarlyHints); return nil }, true},
		"after the head":        {func(j *web.Jar) error { j.WriteHeader(http.StatusOK); return nil }, false},
		"after a socket's head": {func(j *web.Jar) error { j.WriteHeader(http.StatusSwitchingProtocols); return nil }, false},
		"after a byte":          {func(j *web.Jar) error { _, err := j.Write([]byte("x")); return err }, false},
		"after a flush":         {func(j *web.Jar) error { return http.NewResponseController(j).Flush() }, false},
		"after an old flush":    {func(j *web.Jar) error { j.Flush(); return nil }, false},
		"on a socket": {func(j *web.Jar) error {
			conn, _, err := http.NewResponseController(j).Hijack()
			if err != nil {
				return err
			}
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return errors.Join(err, conn.Close())
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clock := authtest.NewClock()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				j := newJar(t, w, clock, "__Host-fieldward-refresh=old")
				if err := test.send(j); err != nil {
					t.Error(err)
				}
				fits, set := j.Fits(auth.Tokens{}), j.Set(tokens(clock))
				if test.open != (fits == nil) || test.open != (set == nil) {
					t.Errorf("it fits: %v; it is set: %v", fits, set)
				}
				if !test.open && !errors.Is(set, auth.ErrNoCookies) {
					t.Errorf("it fails with %v", set)
				}
				j.Clear()
			}))
			defer server.Close()
			resp, err := http.Get(server.URL) //nolint:noctx // the server is this test's own
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if sent := len(resp.Cookies()) > 0; sent != test.open {
				t.Errorf("the answer sets %v", resp.Cookies())
			}
		})
	}
}

func TestAJarHoldsWhatWasPutInLast(t *testing.T) {
	clock := authtest.NewClock()
	w := httptest.NewRecorder()
	w.Header().Add("Set-Cookie", "theme=dark")
	j := newJar(t, w, clock, "__Host-fieldward-refresh=old")
	holds := func(refresh string, lines ...string) {
		t.Helper()
		if got := j.Refresh().Reveal(); got != refresh {
			t.Errorf("it holds %q, not %q", got, refresh)
		}
		if got := w.Header()["Set-Cookie"]; !slices.Equal(got, append([]string{"theme=dark"}, lines...)) {
			t.Errorf("the head says %q", got)
		}
	}
	const attributes = "; HttpOnly; Secure; SameSite=Strict"
	holds("old")
	if err := j.Set(tokens(clock)); err != nil {
		t.Fatal(err)
	}
	holds("a-refresh-token",
		"__Host-fieldward-access=an-access-token; Path=/; Max-Age=60"+attributes,
		"__Host-fieldward-refresh=a-refresh-token; Path=/; Max-Age=3600"+attributes)
	cleared := []string{
		"__Host-fieldward-access=; Path=/; Max-Age=0" + attributes,
		"__Host-fieldward-refresh=; Path=/; Max-Age=0" + attributes,
	}
	j.Clear()
	holds("", cleared...)
	j.Clear()
	holds("", cleared...)
	clock.Move(2 * time.Hour)
	ended := tokens(authtest.NewClock())
	if err := j.Set(ended); err != nil {
		t.Fatal(err)
	}
	holds("a-refresh-token",
		"__Host-fieldward-access=an-access-token; Path=/; Max-Age=1"+attributes,
		"__Host-fieldward-refresh=a-refresh-token; Path=/; Max-Age=1"+attributes)
}

func TestACookieHas4096BytesAtTheMost(t *testing.T) {
	clock := authtest.NewClock()
	const around = len("__Host-fieldward-access=; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict")
	for length, fits := range map[int]bool{4096: true, 4097: false, 8192: false} {
		w := httptest.NewRecorder()
		j := newJar(t, w, clock, "")
		large := tokens(clock)
		large.Access = strings.Repeat("a", length-around)
		if err := j.Fits(large); (err == nil) != fits {
			t.Errorf("%d bytes: %v", length, err)
		}
		if err := j.Set(large); (err == nil) != fits || len(w.Header()["Set-Cookie"]) > 0 != fits {
			t.Errorf("%d bytes: %v, and the head says %q", length, err, w.Header()["Set-Cookie"])
		}
		if known, ok := errors.AsType[*auth.Error](j.Fits(large)); ok {
			t.Errorf("the client is blamed: %v", known)
		}
	}
}
