package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/cli"
)

// patience is how long a test waits for a page.
const patience = time.Minute

// tab is a page in a real browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab starts a browser with an empty profile, and opens the address.
func newTab(t *testing.T, url string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if set := os.Getenv("FIELDWARD_TEST_CHROMIUM"); err != nil && set != "" {
		path, err = set, nil
	}
	if err != nil {
		t.Fatal("no chromium on PATH: apt-get install chromium, or set FIELDWARD_TEST_CHROMIUM to a Chromium or Chrome")
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // which root cannot have
		chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)...)
	t.Cleanup(stop)
	return (&tab{t, allocator}).open(url)
}

// open opens the address in another tab of the same browser.
func (p *tab) open(url string) *tab {
	p.t.Helper()
	ctx, stop := chromedp.NewContext(p.ctx)
	p.t.Cleanup(stop)
	next := &tab{p.t, ctx}
	if err := chromedp.Do(next.ctx); err != nil { // starts the browser, which lives as long as this context
		p.t.Fatalf("start chromium: %v", err)
	}
	next.do(chromedp.Navigate(url))
	return next
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// run evaluates an expression in the page, and waits for what it promises.
func (p *tab) run(expression string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Errorf("run in the page: %v", err)
	}
	return got
}

// ask posts a query as a script of the page does, with the credentials that its browser has for the address: the status,
// what of the head a script may read, and the answer. What the browser keeps from the script is "refused".
func (p *tab) ask(api, query string) string {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.run(fmt.Sprintf(`fetch(%q, {
		method: "POST", credentials: "include", body: JSON.stringify(%s),
		headers: {"Content-Type": "application/json", "Accept": "application/graphql-response+json"},
	}).then(async (r) => [r.status, r.headers.get("WWW-Authenticate") ?? "", await r.text()].join(" "), () => "refused")`, api+"/graphql", body))
}

// forget takes a cookie from the browser, as it does by itself when the cookie's time is up.
func (p *tab) forget(api, name string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.DeleteCookies, network.DeleteCookiesParams{Name: name, URL: api})
		return err
	}))
}

func holds(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("%s: %q is not in %s", what, part, got)
		}
	}
}

// blank is an empty page of another origin.
func blank(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>elsewhere</title>"))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const adaSignsUp = `mutation { signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery", delivery: COOKIE}) { accessToken refreshToken user { email } } }`

func TestAPageSignsInWithCookiesThatItCannotRead(t *testing.T) {
	a := newAPI(t)
	page := newTab(t, a.url)
	signedUp := page.ask(a.url, adaSignsUp)
	holds(t, "signing up", signedUp, `200`, `"accessToken":null`, `"refreshToken":null`, `ada@example.com`)
	if got := page.run(`document.cookie`); got != "" {
		t.Errorf("a script reads the cookies: %s", got)
	}
	holds(t, "the next request", page.ask(a.url, whoAmI), `200`, `ada@example.com`)

	// Both tabs find the access cookie gone, refresh, and repeat, as a client does.
	second := page.open(a.url)
	page.forget(a.url, "fieldward-access")
	const untilGood = `(async () => {
		const ask = (query) => fetch("/graphql", {method: "POST", body: JSON.stringify({query}),
			headers: {"Content-Type": "application/json", "Accept": "application/graphql-response+json"}});
		const first = await ask("{ me { email } }");
		await ask("mutation { refreshSession { expiresAt } }");
		return first.status + " " + await (await ask("{ me { email } }")).text();
	})()`
	var tabs sync.WaitGroup
	for _, p := range []*tab{page, second} {
		tabs.Go(func() { holds(t, "a tab of two", p.run(untilGood), `ada@example.com`) })
	}
	tabs.Wait()
	for range 2 {
		holds(t, "afterwards", page.ask(a.url, refreshCookies), `200`, `ada@example.com`)
		holds(t, "afterwards, in the other tab", second.ask(a.url, whoAmI), `200`, `ada@example.com`)
	}
	a.recordsNo(t, auth.RefreshTokenReused)

	holds(t, "signing out", page.ask(a.url, `mutation { signOut { endedSessions } }`), `"endedSessions":1`)
	holds(t, "signed out, in the other tab", second.ask(a.url, whoAmI), `200`, `no_token`)
}

func (a *api) recordsNo(t *testing.T, action auth.Action) {
	t.Helper()
	events, err := a.store.Events(t.Context(), auth.EventFilter{Actions: []auth.Action{action}}, auth.Page{Limit: 10})
	if err != nil || len(events.Items) > 0 {
		t.Errorf("on record are %v, %v", events.Items, err)
	}
}

func TestAPageElsewhereIsLetInWhereItsOriginIsNamed(t *testing.T) {
	named, other := blank(t), blank(t)
	crossSite := strings.Replace(named, "127.0.0.1", "localhost", 1)
	a := newAPIWith(t, func(s *cli.ServeSettings) { s.AllowedOrigins = []string{named, crossSite} })
	own := newTab(t, a.url)
	holds(t, "signing up", own.ask(a.url, adaSignsUp), `200`)

	foreign := own.open(other)
	if got := foreign.ask(a.url, whoAmI); got != "refused" {
		t.Errorf("a page of another port reads %s", got)
	}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded"} {
		foreign.run(fmt.Sprintf(`fetch(%q, {method: "POST", mode: "no-cors", credentials: "include", headers: {"Content-Type": %q},
			body: JSON.stringify({query: "mutation { signOutEverywhere { endedSessions } }"})}).then((r) => r.type)`, a.url+"/graphql", contentType))
	}
	holds(t, "what it sent without asking", own.ask(a.url, whoAmI), `200`, `ada@example.com`)

	app := own.open(named)
	holds(t, "the named origin", app.ask(a.url, whoAmI), `200`, `ada@example.com`)
	app.forget(a.url, "fieldward-access")
	holds(t, "the named origin, late", app.ask(a.url, whoAmI), `401 Bearer error="invalid_token"`)
	holds(t, "the named origin refreshes", app.ask(a.url, refreshCookies), `200`, `ada@example.com`)
	holds(t, "and repeats", app.ask(a.url, whoAmI), `200`, `ada@example.com`)

	// A named origin on another site may ask, and SameSite=Strict keeps the cookies at home.
	abroad := own.open(crossSite)
	holds(t, "a named origin of another site", abroad.ask(a.url, whoAmI), `200`, `no_token`)
	holds(t, "our own page afterwards", own.ask(a.url, whoAmI), `200`, `ada@example.com`)
}
