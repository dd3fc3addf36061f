package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"sync"
)

// cookiePot keeps cookies as a browser does, but for what it keeps from whom: a test looks at that itself. With a file it
// keeps them there.
type cookiePot struct {
	file string

	mu     sync.Mutex
	Values map[string]string
	// set are those of the last answer that set any.
	set []*http.Cookie
}

var _ http.CookieJar = (*cookiePot)(nil)

func newCookiePot(file string) (*cookiePot, error) {
	p := &cookiePot{file: file, Values: map[string]string{}}
	if file == "" {
		return p, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return p, json.Unmarshal(text, &p.Values)
}

// SetCookies takes in what an answer sets, and forgets what it clears.
func (p *cookiePot) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = cookies
	for _, c := range cookies {
		if c.MaxAge < 0 {
			delete(p.Values, c.Name)
			continue
		}
		p.Values[c.Name] = c.Value
	}
}

// Cookies are what the next request carries.
func (p *cookiePot) Cookies(*url.URL) []*http.Cookie {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*http.Cookie
	for name, value := range p.Values {
		all = append(all, &http.Cookie{Name: name, Value: value})
	}
	return all
}

// keep writes the cookies to the file.
func (p *cookiePot) keep() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, err := json.Marshal(p.Values)
	if err != nil {
		return err
	}
	return os.WriteFile(p.file, text, 0o600)
}
