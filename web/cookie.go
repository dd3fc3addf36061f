package web

import (
	"net/http"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// Cookies say how the tokens of browser sessions travel.
type Cookies struct {
	// Opens reports whether a refresh token is one that this server made for a cookie. It reads no database: it is asked
	// for requests of which nothing else is known yet.
	Opens func(auth.Secret) bool
	// Plain leaves out Secure and the prefix of the names: for an issuer that is http on a loopback address.
	Plain bool
}

// The cookies' names. A browser takes a cookie with the prefix from this very host alone, over TLS (RFC 6265bis,
// section 4.1.3.2).
const (
	hostPrefix    = "__Host-"
	accessCookie  = "fieldward-access"
	refreshCookie = "fieldward-refresh"
)

// maxCookie is what every browser keeps of a cookie: name, value and attributes, in bytes (RFC 6265, section 6.1).
const maxCookie = 4096

func (c Cookies) access() string { return c.prefix() + accessCookie }

func (c Cookies) refresh() string { return c.prefix() + refreshCookie }

func (c Cookies) prefix() string {
	if c.Plain {
		return ""
	}
	return hostPrefix
}

// fresh is a cookie that lives for as long as its token does.
func (c Cookies) fresh(name, value string, life time.Duration) *http.Cookie {
	return c.cookie(name, value, max(1, int(life/time.Second)))
}

// gone takes the cookie from the browser.
func (c Cookies) gone(name string) *http.Cookie { return c.cookie(name, "", -1) }

func (c Cookies) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: !c.Plain, SameSite: http.SameSiteStrictMode,
	}
}

// value is that of a cookie of the request. One that stands twice, or in quotes, was not written here, and counts as one
// that is not there.
func value(r *http.Request, name string) string {
	found := r.CookiesNamed(name)
	if len(found) != 1 || found[0].Quoted {
		return ""
	}
	return found[0].Value
}
