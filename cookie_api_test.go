package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/cli"
)

// browser is a client with cookies.
type browser struct {
	*api
	pot *cookiePot
}

func (a *api) browser(t testing.TB) *browser {
	t.Helper()
	pot, err := newCookiePot("")
	if err != nil {
		t.Fatal(err)
	}
	return &browser{a, pot}
}

// asked is an answer with its head.
type asked struct {
	answer
	status int
	header http.Header
	body   string
	set    []string // the names of the cookies that the answer sets, and with a minus those that it clears
}

// send posts a query with the cookies, and the headers as they are given.
func (b *browser) send(t testing.TB, query string, headers http.Header) asked {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	maps.Copy(r.Header, headers)
	return b.do(t, r)
}

func (b *browser) do(t testing.TB, r *http.Request) asked {
	t.Helper()
	b.pot.set = nil
	resp, err := (&http.Client{Jar: b.pot}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := asked{status: resp.StatusCode, header: resp.Header, body: string(text)}
	if err := json.Unmarshal(text, &got.answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, c := range b.pot.set {
		name := c.Name
		if c.MaxAge < 0 {
			name = "-" + name
		}
		got.set = append(got.set, name)
	}
	return got
}

const (
	signInByCookie = `mutation { signIn(input: {email: "ada@example.com", password: "correct horse battery", delivery: COOKIE}) { accessToken refreshToken idToken expiresAt session { id current } user { email } } }`
	refreshCookies = `mutation { refreshSession { accessToken refreshToken idToken expiresAt user { email } } }`
	whoAmI         = `{ me { email } }`
)

var (
	bothSet     = []string{"fieldward-access", "fieldward-refresh"}
	bothCleared = []string{"-fieldward-access", "-fieldward-refresh"}
)

// signedIn is a browser in which Ada has signed in.
func (a *api) signedIn(t testing.TB) *browser {
	t.Helper()
	if _, err := a.accounts.UserByEmail(t.Context(), "ada@example.com"); err != nil {
		_, err := a.accounts.Create(t.Context(), account.Operator, account.Details{Email: "ada@example.com", Name: "Ada", Password: goodPassword})
		if err != nil {
			t.Fatal(err)
		}
	}
	b := a.browser(t)
	if got := b.send(t, signInByCookie, nil); len(got.Errors) > 0 {
		t.Fatalf("sign in: %s", got.body)
	}
	return b
}

func TestTheTokensOfABrowserStandInCookiesAlone(t *testing.T) {
	tests := map[string]struct {
		issuer, prefix string
		secure         bool
	}{
		"behind TLS":            {"https://api.example.com", "__Host-", true},
		"on a loopback address": {"http://localhost:8080", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAPIWith(t, func(s *cli.ServeSettings) { s.Issuer = test.issuer })
			b := a.browser(t)
			got := b.send(t, `mutation { signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery", delivery: COOKIE})
				{ accessToken refreshToken idToken expiresAt session { current } user { email } } }`, nil)
			if got.at("signUp.accessToken") != nil || got.at("signUp.refreshToken") != nil || got.at("signUp.idToken") != nil ||
				strings.Contains(got.body, "eyJ") || strings.Contains(got.body, "fwr_") {
				t.Errorf("the answer holds a token: %s", got.body)
			}
			if got.at("signUp.session.current") != true || got.at("signUp.user.email") != "ada@example.com" || len(got.Errors) > 0 {
				t.Errorf("answered %s", got.body)
			}
			lives := map[string]time.Duration{"fieldward-access": 10 * time.Minute, "fieldward-refresh": 14 * 24 * time.Hour}
			for _, c := range b.pot.set {
				life, ours := lives[strings.TrimPrefix(c.Name, test.prefix)]
				delete(lives, strings.TrimPrefix(c.Name, test.prefix))
				if !ours || !strings.HasPrefix(c.Name, test.prefix) {
					t.Errorf("a cookie is called %s", c.Name)
				}
				if !c.HttpOnly || c.Secure != test.secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
					t.Errorf("%s has other attributes: %+v", c.Name, *c)
				}
				if age := time.Duration(c.MaxAge) * time.Second; age > life || age < life-time.Minute {
					t.Errorf("%s is kept for %s, and its token lives for %s", c.Name, age, life)
				}
			}
			if len(lives) > 0 {
				t.Errorf("these cookies are missing: %v", lives)
			}
			if got := b.send(t, whoAmI, nil); got.at("me.email") != "ada@example.com" || got.status != 200 {
				t.Errorf("with the cookies alone: %d %s", got.status, got.body)
			}
			if got := b.send(t, refreshCookies, nil); len(got.set) != 2 || len(got.Errors) > 0 ||
				strings.Contains(got.body, "eyJ") || strings.Contains(got.body, "fwr_") {
				t.Errorf("refreshed: %s, sets %v", got.body, got.set)
			}
			if got := b.send(t, whoAmI, nil); got.at("me.email") != "ada@example.com" {
				t.Errorf("afterwards: %s", got.body)
			}
		})
	}
}

func TestWithoutAskingForCookiesNoneAreSet(t *testing.T) {
	a := newAPI(t)
	a.token(t, "ada@example.com")
	b := a.browser(t)
	got := b.send(t, `mutation { signIn(input: {email: "ada@example.com", password: "correct horse battery"}) { accessToken refreshToken } }`, nil)
	if got.at("signIn.accessToken") == nil || got.at("signIn.refreshToken") == nil || len(got.set) != 0 {
		t.Fatalf("answered %s, sets %v", got.body, got.set)
	}
	got = b.send(t, fmt.Sprintf(`mutation { refreshSession(input: {refreshToken: %q}) { accessToken refreshToken } }`, got.at("signIn.refreshToken")), nil)
	if got.at("refreshSession.refreshToken") == nil || len(got.set) != 0 {
		t.Errorf("answered %s, sets %v", got.body, got.set)
	}
	if got := b.send(t, `mutation { signOut { endedSessions } }`, nil); len(got.set) != 0 {
		t.Errorf("signing out clears what was never set: %v", got.set)
	}
}

// cookieHeader is what a client sends that writes its header itself.
func cookieHeader(pairs ...string) http.Header {
	return http.Header{"Cookie": {strings.Join(pairs, "; ")}}
}

func TestWhoIsAsking(t *testing.T) {
	a := newAPI(t)
	ada := a.signedIn(t)
	access, refresh := ada.pot.Values["fieldward-access"], ada.pot.Values["fieldward-refresh"]
	bob := a.token(t, "bob@example.com")
	bobs, err := a.accounts.SignIn(t.Context(), "bob@example.com", goodPassword, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	flipped := refresh[:len(refresh)-4] + "AAAA"
	with := func(authorization string, cookies ...string) http.Header {
		h := cookieHeader(cookies...)
		h["Authorization"] = []string{authorization}
		return h
	}
	const late, nobody = "UNAUTHENTICATED invalid_token", "UNAUTHENTICATED Query.me no_token"
	tests := map[string]struct {
		headers http.Header
		who     any
		fault   string
	}{
		"both cookies":                            {cookieHeader("fieldward-access="+access, "fieldward-refresh="+refresh), "ada@example.com", ""},
		"the access cookie alone":                 {cookieHeader("fieldward-access=" + access), "ada@example.com", ""},
		"a header and another's cookies":          {with("Bearer "+bob, "fieldward-access="+access, "fieldward-refresh="+refresh), "bob@example.com", ""},
		"a bad header and good cookies":           {with("Bearer nonsense", "fieldward-access="+access, "fieldward-refresh="+refresh), nil, late},
		"an empty header and good cookies":        {with("", "fieldward-access="+access, "fieldward-refresh="+refresh), nil, late},
		"another scheme and good cookies":         {with("Basic YTpi", "fieldward-access="+access), nil, late},
		"the refresh cookie alone":                {cookieHeader("fieldward-refresh=" + refresh), nil, late},
		"an access cookie that is none":           {cookieHeader("fieldward-access=nonsense", "fieldward-refresh="+refresh), nil, late},
		"an empty access cookie":                  {cookieHeader("fieldward-access=", "fieldward-refresh="+refresh), nil, late},
		"the access cookie twice":                 {cookieHeader("fieldward-access="+access, "fieldward-access="+access, "fieldward-refresh="+refresh), nil, late},
		"the access cookie in quotes":             {cookieHeader(`fieldward-access="`+access+`"`, "fieldward-refresh="+refresh), nil, late},
		"an access cookie of 20 KB":               {cookieHeader("fieldward-access="+strings.Repeat("a", 20<<10), "fieldward-refresh="+refresh), nil, late},
		"the access cookie twice, and nothing":    {cookieHeader("fieldward-access="+access, "fieldward-access=x"), nil, nobody},
		"an access cookie that is none, alone":    {cookieHeader("fieldward-access=nonsense"), nil, nobody},
		"a refresh cookie that is none":           {cookieHeader("fieldward-refresh=nonsense"), nil, nobody},
		"a refresh cookie with another MAC":       {cookieHeader("fieldward-refresh=" + flipped), nil, nobody},
		"a refresh cookie of 20 KB":               {cookieHeader("fieldward-refresh=" + strings.Repeat("fwr_1.", 4<<10)), nil, nobody},
		"the refresh cookie twice":                {cookieHeader("fieldward-refresh="+refresh, "fieldward-refresh="+refresh), nil, nobody},
		"the refresh cookie in quotes":            {cookieHeader(`fieldward-refresh="` + refresh + `"`), nil, nobody},
		"an empty refresh cookie":                 {cookieHeader("fieldward-refresh="), nil, nobody},
		"a refresh token from a body":             {cookieHeader("fieldward-refresh=" + bobs.Tokens.Refresh), nil, nobody},
		"each token in the other's cookie":        {cookieHeader("fieldward-access="+refresh, "fieldward-refresh="+access), nil, nobody},
		"cookies under the names of TLS":          {cookieHeader("__Host-fieldward-access="+access, "__Host-fieldward-refresh="+refresh), nil, nobody},
		"cookies in other letters":                {cookieHeader("Fieldward-Access="+access, "FIELDWARD-REFRESH="+refresh), nil, nobody},
		"nothing":                                 {nil, nil, nobody},
		"good cookies among those of other sites": {cookieHeader("a=b", "fieldward-access="+access, "theme=\"dark\""), "ada@example.com", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := a.browser(t).send(t, whoAmI, test.headers)
			fault := strings.Join(got.faults(), ", ")
			if got.at("me.email") != test.who || fault != test.fault {
				t.Errorf("answered %d %s", got.status, got.body)
			}
			challenge := got.header.Get("WWW-Authenticate")
			if refused := test.fault == late; refused != (got.status == 401) || refused != (challenge == `Bearer error="invalid_token"`) {
				t.Errorf("the status is %d, the challenge %q", got.status, challenge)
			}
			if len(got.set) != 0 {
				t.Errorf("it sets %v", got.set)
			}
		})
	}
}

func TestALateCallerGetsNewTokensAndNothingElse(t *testing.T) {
	a := newAPI(t)
	tests := map[string]struct {
		query  string
		status int
		set    []string
	}{
		"refreshing":                {refreshCookies, 200, bothSet},
		"signing in":                {signInByCookie, 200, bothSet},
		"signing out":               {`mutation { signOut { endedSessions } }`, 200, bothCleared},
		"a query":                   {whoAmI, 401, nil},
		"a public field":            {`{ permissions { coordinate } }`, 401, nil},
		"a mutation":                {`mutation { signOutEverywhere { endedSessions } }`, 401, nil},
		"refreshing, and a change":  {`mutation { refreshSession { expiresAt } updateProfile(input: {name: "Eve"}) { user { name } } }`, 401, nil},
		"signing out, and a change": {`mutation { signOut { endedSessions } signOutEverywhere { endedSessions } }`, 401, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := a.signedIn(t)
			delete(b.pot.Values, "fieldward-access")
			got := b.send(t, test.query, nil)
			if got.status != test.status || !slices.Equal(got.set, test.set) {
				t.Errorf("answered %d %s, sets %v", got.status, got.body, got.set)
			}
			if test.status == 401 && got.Data != nil {
				t.Errorf("something ran: %s", got.body)
			}
		})
	}
}

func TestOnlySigningOutAndAnEndedSessionClearCookies(t *testing.T) {
	a := newAPI(t)
	const signOut = `mutation { signOut { endedSessions } }`
	tests := map[string]struct {
		before func(t *testing.T, b *browser)
		query  string
		set    []string
	}{
		"signing out":                       {nil, signOut, bothCleared},
		"signing out late":                  {func(_ *testing.T, b *browser) { delete(b.pot.Values, "fieldward-access") }, signOut, bothCleared},
		"signing out with bad cookies":      {func(_ *testing.T, b *browser) { b.pot.Values = map[string]string{"fieldward-refresh": "x"} }, signOut, bothCleared},
		"refreshing a good session":         {nil, refreshCookies, bothSet},
		"refreshing an ended session":       {func(t *testing.T, b *browser) { b.end(t) }, refreshCookies, bothCleared},
		"refreshing what is no token":       {func(_ *testing.T, b *browser) { b.pot.Values["fieldward-refresh"] = "x" }, refreshCookies, bothCleared},
		"refreshing without a token":        {func(_ *testing.T, b *browser) { delete(b.pot.Values, "fieldward-refresh") }, refreshCookies, nil},
		"asking in an ended session":        {func(t *testing.T, b *browser) { b.end(t) }, whoAmI, nil},
		"signing out everywhere":            {nil, `mutation { signOutEverywhere { endedSessions } }`, nil},
		"refreshing another's body session": {nil, `mutation { refreshSession(input: {refreshToken: "fwr_1.x"}) { expiresAt } }`, nil},
		"a wrong password":                  {nil, `mutation { reauthenticate(input: {password: "wrong"}) { expiresAt } }`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := a.signedIn(t)
			if test.before != nil {
				test.before(t, b)
			}
			if got := b.send(t, test.query, nil); !slices.Equal(got.set, test.set) {
				t.Errorf("answered %d %s, sets %v; want %v", got.status, got.body, got.set, test.set)
			}
		})
	}
	t.Run("signing out by a header", func(t *testing.T) {
		b := a.signedIn(t)
		got := b.send(t, signOut, http.Header{"Authorization": {"Bearer " + a.token(t, "bob@example.com")}})
		if len(got.set) != 0 || got.at("signOut.endedSessions") != 1.0 {
			t.Errorf("answered %s, sets %v", got.body, got.set)
		}
		if got := b.send(t, whoAmI, nil); got.at("me.email") != "ada@example.com" {
			t.Errorf("the cookies' session has ended: %s", got.body)
		}
	})
}

// end ends the browser's session from elsewhere.
func (b *browser) end(t *testing.T) {
	t.Helper()
	cookies := session.Delivery{By: auth.InCookies}
	n, err := b.sessions.Delivering(cookies).End(t.Context(), auth.Nobody, auth.Secret(b.pot.Values["fieldward-refresh"]), auth.Client{})
	if err != nil || n != 1 {
		t.Fatalf("%d sessions ended, %v", n, err)
	}
}

func TestASessionThatGoesOnKeepsItsDelivery(t *testing.T) {
	for name, query := range map[string]string{
		"reauthenticate": `mutation { p: reauthenticate(input: {password: "correct horse battery"}) { accessToken refreshToken user { email } } }`,
		"changePassword": `mutation { p: changePassword(input: {currentPassword: "correct horse battery", newPassword: "a better horse battery"}) { accessToken refreshToken user { email } } }`,
		"refreshSession": `mutation { p: refreshSession { accessToken refreshToken user { email } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newAPI(t).signedIn(t)
			before := maps.Clone(b.pot.Values)
			got := b.send(t, query, nil)
			want := map[string]any{"p": map[string]any{"accessToken": nil, "refreshToken": nil, "user": map[string]any{"email": "ada@example.com"}}}
			if diff := cmp.Diff(want, got.Data); diff != "" || !slices.Equal(got.set, bothSet) {
				t.Errorf("sets %v, %v: %s", got.set, got.Errors, diff)
			}
			for name, old := range before {
				if b.pot.Values[name] == old {
					t.Errorf("%s is the old one", name)
				}
			}
			if got := b.send(t, whoAmI, nil); got.at("me.email") != "ada@example.com" {
				t.Errorf("afterwards: %s", got.body)
			}
			if got := b.send(t, refreshCookies, nil); !slices.Equal(got.set, bothSet) {
				t.Errorf("afterwards: %s", got.body)
			}
		})
	}
}

func TestTheEndOfAnAccountIsFeltByItsCookies(t *testing.T) {
	for name, query := range map[string]string{
		"deleteAccount":     `mutation { deleteAccount(input: {password: "correct horse battery"}) { deletedUserId } }`,
		"signOutEverywhere": `mutation { signOutEverywhere { endedSessions } }`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newAPI(t).signedIn(t)
			if got := b.send(t, query, nil); len(got.Errors) > 0 {
				t.Fatal(got.body)
			}
			if got := b.send(t, whoAmI, nil); got.status != 401 {
				t.Errorf("the cookies are answered with %d %s", got.status, got.body)
			}
			if got := b.send(t, refreshCookies, nil); !slices.Equal(got.faults(), []string{"SESSION_ENDED"}) || !slices.Equal(got.set, bothCleared) {
				t.Errorf("refreshing answers %s, sets %v", got.body, got.set)
			}
			if got := b.send(t, whoAmI, nil); got.status != 200 || !slices.Equal(got.faults(), []string{"UNAUTHENTICATED Query.me no_token"}) {
				t.Errorf("then the caller is %d %s", got.status, got.body)
			}
		})
	}
}

func TestATokenFromOutsideNeverBecomesACookie(t *testing.T) {
	a := newAPI(t)
	tests := map[string]struct {
		query   func(access, refresh string) string
		byToken bool
		want    string
	}{
		"a cookie's refresh token in the input": {func(_, refresh string) string {
			return fmt.Sprintf(`mutation { refreshSession(input: {refreshToken: %q}) { accessToken refreshToken } }`, refresh)
		}, false, "SESSION_ENDED"},
		"a cookie's access token in the header": {func(string, string) string {
			return `mutation { reauthenticate(input: {password: "correct horse battery"}) { accessToken refreshToken } }`
		}, true, "INVALID_INPUT"},
		"signing in for cookies beside a header": {func(string, string) string { return signInByCookie }, true, "INVALID_INPUT input.delivery"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			victim := a.signedIn(t)
			access, refresh := victim.pot.Values["fieldward-access"], victim.pot.Values["fieldward-refresh"]
			claims, err := a.verifier.Verify(t.Context(), access)
			if err != nil {
				t.Fatal(err)
			}
			before, u, err := a.store.Session(t.Context(), *claims.SessionID)
			if err != nil {
				t.Fatal(err)
			}
			var headers http.Header
			if test.byToken {
				headers = http.Header{"Authorization": {"Bearer " + access}}
			}
			thief := a.browser(t)
			got := thief.send(t, test.query(access, refresh), headers)
			if len(got.set) != 0 || !slices.Equal(got.faults(), []string{test.want}) || strings.Contains(got.body, "fwr_") {
				t.Errorf("answered %s, sets %v", got.body, got.set)
			}
			after, w, err := a.store.Session(t.Context(), *claims.SessionID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after) + cmp.Diff(u, w); diff != "" {
				t.Errorf("something has moved: %s", diff)
			}
			if got := victim.send(t, refreshCookies, nil); !slices.Equal(got.set, bothSet) {
				t.Errorf("the victim is answered %s", got.body)
			}
		})
	}
}

func TestOfSeveralFieldsTheLastWordIsInTheCookies(t *testing.T) {
	const (
		signIn  = ` signIn(input: {email: "ada@example.com", password: "correct horse battery", delivery: COOKIE}) { session { id } }`
		signOut = ` signOut { endedSessions }`
	)
	tests := map[string]struct {
		query string
		set   []string
		live  int
		ended any
	}{
		"two refreshes go on one after the other": {`mutation { a: refreshSession { expiresAt } b: refreshSession { expiresAt } }`, bothSet, 1, nil},
		"signing in, and refreshing that":         {`mutation {` + signIn + ` refreshSession { expiresAt } }`, bothSet, 2, nil},
		"signing out, and in":                     {`mutation {` + signOut + signIn + ` }`, bothSet, 1, 1.0},
		"signing in, and out of everything":       {`mutation {` + signIn + signOut + ` }`, bothCleared, 0, 2.0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAPIWith(t, func(s *cli.ServeSettings) { s.RefreshGrace = 0 })
			b := a.signedIn(t)
			got := b.send(t, test.query, nil)
			if len(got.Errors) > 0 || !slices.Equal(got.set, test.set) || got.at("signOut.endedSessions") != test.ended {
				t.Errorf("answered %s, sets %v", got.body, got.set)
			}
			u, err := a.accounts.UserByEmail(t.Context(), "ada@example.com")
			if err != nil {
				t.Fatal(err)
			}
			live, err := a.sessions.Sessions(t.Context(), u.ID, auth.Page{Limit: 100})
			if err != nil || len(live.Items) != test.live {
				t.Errorf("%d sessions are live, %v; want %d", len(live.Items), err, test.live)
			}
			if test.live > 0 {
				if got := b.send(t, refreshCookies, nil); !slices.Equal(got.set, bothSet) {
					t.Errorf("the cookies are answered %s", got.body)
				}
			}
		})
	}
}

func TestACookieThatNoBrowserKeepsIsAnErrorBeforeAnythingMoves(t *testing.T) {
	a := newAPIWith(t, func(s *cli.ServeSettings) { s.Audience = "https://" + strings.Repeat("a", 3000) + ".example" })
	b := a.browser(t)
	const signUp = `mutation { signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery", delivery: %s}) { accessToken } }`
	got := b.send(t, fmt.Sprintf(signUp, "COOKIE"), nil)
	if !slices.Equal(got.faults(), []string{"INTERNAL"}) || len(got.set) != 0 {
		t.Errorf("answered %s, sets %v", got.body, got.set)
	}
	if !strings.Contains(a.log.String(), "more than the 4096 that browsers keep") {
		t.Errorf("the log does not say why: %s", a.log)
	}
	if n, err := a.accounts.CountUsers(t.Context(), auth.UserFilter{}); err != nil || n != 0 {
		t.Errorf("there are %d users, %v", n, err)
	}
	if got := b.send(t, fmt.Sprintf(signUp, "BODY"), nil); got.at("signUp.accessToken") == nil {
		t.Errorf("in the body: %s", got.body)
	}
}
