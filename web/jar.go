package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// errHeaderToo is for a client that sends both: cookies are neither read nor written beside an Authorization header, so
// that a token from outside never becomes a cookie.
var errHeaderToo = auth.Invalid("", "Beside an Authorization header cookies do not count. Leave it out.")

// jar is the cookies of a request, and of its answer as long as its head has not gone out.
type jar struct {
	http.ResponseWriter
	cookies Cookies
	now     func() time.Time

	mu      sync.Mutex
	closed  error // why no cookie can be set; nil where it can
	refresh auth.Secret
	filled  bool // whether the browser has, or is about to have, one of the cookies
}

var _ auth.TokenJar = (*jar)(nil)

func newJar(w http.ResponseWriter, c Cookies, now func() time.Time) *jar {
	return &jar{ResponseWriter: w, cookies: c, now: now}
}

// take puts the request's cookies into the jar.
func (j *jar) take(r *http.Request) {
	access, refresh := r.CookiesNamed(j.cookies.access()), r.CookiesNamed(j.cookies.refresh())
	j.filled = len(access)+len(refresh) > 0
	j.refresh = auth.Secret(value(r, j.cookies.refresh()))
}

// Refresh is the refresh token in the jar.
func (j *jar) Refresh() auth.Secret {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.refresh
}

// Fits fails where Set would.
func (j *jar) Fits(t auth.Tokens) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err := j.fitting(t)
	return err
}

// Set puts the tokens into the answer's cookies.
func (j *jar) Set(t auth.Tokens) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	fitting, err := j.fitting(t)
	if err != nil {
		return err
	}
	j.write(fitting)
	j.refresh, j.filled = auth.Secret(t.Refresh), true
	return nil
}

// Clear takes the cookies from the browser.
func (j *jar) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed != nil || !j.filled {
		return
	}
	j.write([]*http.Cookie{j.cookies.gone(j.cookies.access()), j.cookies.gone(j.cookies.refresh())})
	j.refresh, j.filled = "", false
}

func (j *jar) fitting(t auth.Tokens) ([]*http.Cookie, error) {
	if j.closed != nil {
		return nil, j.closed
	}
	at := j.now()
	all := []*http.Cookie{
		j.cookies.fresh(j.cookies.access(), t.Access, t.ExpiresAt.Sub(at)),
		j.cookies.fresh(j.cookies.refresh(), t.Refresh, t.RefreshExpiresAt.Sub(at)),
	}
	for _, c := range all {
		if n := len(c.String()); n > maxCookie {
			return nil, fmt.Errorf("the cookie %s has %d bytes, more than the %d that browsers keep", c.Name, n, maxCookie)
		}
	}
	return all, nil
}

// write puts the cookies into the head, in the place of those that the jar has written before.
func (j *jar) write(cookies []*http.Cookie) {
	lines := slices.DeleteFunc(j.Header()["Set-Cookie"], func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return name == j.cookies.access() || name == j.cookies.refresh()
	})
	for _, c := range cookies {
		lines = append(lines, c.String())
	}
	j.Header()["Set-Cookie"] = lines
}

// shut lets no cookie be set from here on.
func (j *jar) shut(because error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed == nil {
		j.closed = because
	}
}

// WriteHeader sends the head, unless it is one that only informs.
func (j *jar) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		j.shut(auth.ErrNoCookies)
	}
	j.ResponseWriter.WriteHeader(status)
}

// Write sends the head before the first byte.
func (j *jar) Write(b []byte) (int, error) {
	j.shut(auth.ErrNoCookies)
	return j.ResponseWriter.Write(b)
}

// FlushError sends the head, as a stream begins (http.ResponseController).
func (j *jar) FlushError() error {
	j.shut(auth.ErrNoCookies)
	return http.NewResponseController(j.ResponseWriter).Flush()
}

// Flush is FlushError for those who ask for an http.Flusher.
func (j *jar) Flush() { _ = j.FlushError() }

// Hijack leaves the connection to a socket.
func (j *jar) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	j.shut(auth.ErrNoCookies)
	return http.NewResponseController(j.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (j *jar) Unwrap() http.ResponseWriter { return j.ResponseWriter }
