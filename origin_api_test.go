package main

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/cli"
)

const appOrigin = "https://app.example.com"

// newAPIForApp is one that lets the pages of another origin ask.
func newAPIForApp(t testing.TB) *api {
	t.Helper()
	return newAPIWith(t, func(s *cli.ServeSettings) { s.AllowedOrigins = []string{appOrigin, "http://localhost:3000"} })
}

// page is what a browser says of the page that asks.
func page(origin, site string) http.Header {
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	if site != "" {
		h.Set("Sec-Fetch-Site", site)
	}
	return h
}

func TestAPOSTFromAForeignPageIsRefusedWithACookieOrWithout(t *testing.T) {
	a := newAPIForApp(t)
	own := a.url
	tests := map[string]struct {
		page    http.Header
		refused bool
	}{
		"no page at all":                       {page("", ""), false},
		"our own page":                         {page(own, "same-origin"), false},
		"our own page in an old browser":       {page(own, ""), false},
		"the person at the keyboard":           {page("", "none"), false},
		"the app's page":                       {page(appOrigin, "cross-site"), false},
		"the app's page on the same site":      {page(appOrigin, "same-site"), false},
		"the app's page in an old browser":     {page(appOrigin, ""), false},
		"a foreign page":                       {page("https://evil.example", "cross-site"), true},
		"a foreign page on the same site":      {page("https://evil.example.com", "same-site"), true},
		"a foreign page in an old browser":     {page("https://evil.example", ""), true},
		"a page that does not say whose it is": {page("", "cross-site"), true},
		"a page in a sandbox":                  {page("null", "cross-site"), true},
		"the app's name with another port":     {page(appOrigin+":8443", "cross-site"), true},
		"the app's name without TLS":           {page("http://app.example.com", "cross-site"), true},
		"the app's name with more before it":   {page("https://my.app.example.com", "cross-site"), true},
		"the app's name with more behind it":   {page(appOrigin+".evil.example", "cross-site"), true},
		"the app's name in capitals":           {page(strings.ToUpper(appOrigin), "cross-site"), true},
	}
	for name, test := range tests {
		for who, b := range map[string]*browser{"with cookies": a.signedIn(t), "without": a.browser(t)} {
			t.Run(name+" "+who, func(t *testing.T) {
				got := b.send(t, signInByCookie, test.page)
				if test.refused && (got.status != 403 || !slices.Equal(got.faults(), []string{"FORBIDDEN"}) || len(got.set) != 0) {
					t.Errorf("answered %d %s", got.status, got.body)
				}
				if !test.refused && (got.status != 200 || len(got.Errors) > 0 || !slices.Equal(got.set, bothSet)) {
					t.Errorf("answered %d %s", got.status, got.body)
				}
			})
		}
	}
}

func TestWhatAFormCanSendIsRefusedWithCookiesToo(t *testing.T) {
	b := newAPI(t).signedIn(t)
	for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""} {
		got := b.send(t, `mutation { signOutEverywhere { endedSessions } }`, http.Header{"Content-Type": {contentType}})
		if got.status != http.StatusUnsupportedMediaType || !slices.Equal(got.faults(), []string{"INVALID_INPUT"}) {
			t.Errorf("%q is answered %d %s", contentType, got.status, got.body)
		}
	}
	if got := b.send(t, whoAmI, nil); got.at("me.email") != "ada@example.com" {
		t.Errorf("something ran: %s", got.body)
	}
}

func TestACookieCountsOnGETFromOurOwnAndAllowedPagesAlone(t *testing.T) {
	a := newAPIForApp(t)
	b := a.signedIn(t)
	tests := map[string]struct {
		page http.Header
		who  any
	}{
		"no page at all":                  {page("", ""), "ada@example.com"},
		"our own page":                    {page("", "same-origin"), "ada@example.com"},
		"the address bar":                 {page("", "none"), "ada@example.com"},
		"the app's page":                  {page(appOrigin, "cross-site"), "ada@example.com"},
		"a foreign page":                  {page("https://evil.example", "cross-site"), nil},
		"a foreign page on the same site": {page("", "same-site"), nil},
		"a link on a foreign page":        {page("", "cross-site"), nil},
		"a foreign page, an old browser":  {page("https://evil.example", ""), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/graphql?"+url.Values{"query": {whoAmI}}.Encode(), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = test.page
			got := b.do(t, r)
			if got.status != 200 || got.at("me.email") != test.who {
				t.Errorf("answered %d %s", got.status, got.body)
			}
		})
	}
}

func TestCORSOpensExactlyTheOriginsThatAreNamed(t *testing.T) {
	tests := map[string]struct {
		api    func(testing.TB) *api
		origin string
		opens  bool
	}{
		"a named origin":               {newAPIForApp, appOrigin, true},
		"the second one":               {newAPIForApp, "http://localhost:3000", true},
		"one that is not named":        {newAPIForApp, "https://evil.example", false},
		"null":                         {newAPIForApp, "null", false},
		"a named one in capitals":      {newAPIForApp, strings.ToUpper(appOrigin), false},
		"any, where none is named":     {func(t testing.TB) *api { return newAPI(t) }, appOrigin, false},
		"a subdomain of a named one":   {newAPIForApp, "https://x.app.example.com", false},
		"a named one with other ports": {newAPIForApp, "http://localhost:3001", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := test.api(t)
			want := map[string]string{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": ""}
			if test.opens {
				want = map[string]string{"Access-Control-Allow-Origin": test.origin, "Access-Control-Allow-Credentials": "true"}
			}
			says := func(what string, h http.Header) {
				t.Helper()
				for header, value := range want {
					if got := h.Get(header); got != value {
						t.Errorf("%s: %s is %q, not %q", what, header, got, value)
					}
				}
				if test.opens && !strings.Contains(strings.Join(h.Values("Vary"), ", "), "Origin") {
					t.Errorf("%s: Vary is %q", what, h.Values("Vary"))
				}
			}
			preflight, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, a.url+"/graphql", nil)
			if err != nil {
				t.Fatal(err)
			}
			preflight.Header = http.Header{
				"Origin": {test.origin}, "Sec-Fetch-Site": {"cross-site"},
				"Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"authorization,content-type"},
			}
			resp, err := http.DefaultClient.Do(preflight)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			says("the preflight", resp.Header)
			if allows := resp.Header.Get("Access-Control-Allow-Headers"); test.opens && allows != "authorization,content-type" {
				t.Errorf("the preflight allows the headers %q", allows)
			}
			got := a.browser(t).send(t, whoAmI, page(test.origin, "cross-site"))
			says("the answer", got.header)
			if exposed := got.header.Get("Access-Control-Expose-Headers"); test.opens && exposed != "Retry-After, Www-Authenticate, X-Request-Id" {
				t.Errorf("the answer exposes %q", exposed)
			}
			refused := a.browser(t).send(t, whoAmI, http.Header{
				"Origin": {test.origin}, "Sec-Fetch-Site": {"cross-site"}, "Authorization": {"Bearer nonsense"},
			})
			says("a refusal", refused.header)
			if test.opens && (refused.status != 401 || refused.header.Get("WWW-Authenticate") == "") {
				t.Errorf("a bad token is answered %d", refused.status)
			}
		})
	}
}
