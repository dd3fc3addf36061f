package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/cli"
)

const socketProtocol = "graphql-transport-ws"

// leavesNothing wants no goroutine to be left once the test is over. Call it first.
func leavesNothing(t *testing.T) {
	t.Helper()
	if os.Getenv(onPostgresVariable) != "" {
		postgresServer(t) // which outlives the test
	}
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, before)
	})
}

func TestASocketKeepsToTheProtocol(t *testing.T) {
	leavesNothing(t)
	a := newAPIWith(t, func(s *cli.ServeSettings) { s.MaxConnectionInit = time.Second })
	const begin, ask = `{"type":"connection_init"}`, `{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}`
	tests := map[string]struct {
		sent []string
		want string
	}{
		"nothing is sent":               {nil, "4408 Connection initialisation timeout"},
		"only pings are sent":           {[]string{`{"type":"ping"}`, `{"type":"pong"}`}, "4408 Connection initialisation timeout"},
		"asking before it is let in":    {[]string{ask}, "4401 Unauthorized"},
		"a second beginning":            {[]string{begin, begin}, "4429 Too many initialisation requests"},
		"a token before it is let in":   {[]string{`{"type":"ping","payload":{"authorization":"Bearer x"}}`}, "4401 Unauthorized"},
		"an unknown message":            {[]string{begin, `{"type":"start"}`}, "4400 Unknown message type"},
		"a message without a type":      {[]string{`{}`}, "4400 Unknown message type"},
		"no JSON":                       {[]string{`hello`}, "4400 Invalid message: it is no JSON"},
		"a member twice":                {[]string{`{"type":"ping","type":"pong"}`}, "4400 Invalid message: a member stands twice"},
		"invalid UTF-8":                 {[]string{"{\"type\":\"ping\",\"payload\":{\"a\":\"\xff\"}}"}, "4400 Messages are JSON text"},
		"a payload that is a list":      {[]string{`{"type":"connection_init","payload":[]}`}, "4400 Invalid message: payload is no object"},
		"an operation without an ID":    {[]string{begin, `{"type":"subscribe","payload":{"query":"{ __typename }"}}`}, "4400 Invalid message: subscribe needs an id and a payload"},
		"an operation without payload":  {[]string{begin, `{"id":"1","type":"subscribe"}`}, "4400 Invalid message: subscribe needs an id and a payload"},
		"an end of nothing in special":  {[]string{begin, `{"type":"complete"}`}, "4400 Invalid message: complete needs an id"},
		"a bad token":                   {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer x"}}`}, "4403 The token is not valid, or no longer"},
		"a token of another scheme":     {[]string{`{"type":"connection_init","payload":{"Authorization":"Basic x"}}`}, "4403 The token is not valid, or no longer"},
		"a token that is a number":      {[]string{`{"type":"connection_init","payload":{"authorization":7}}`}, "4403 The token is not valid, or no longer"},
		"two tokens":                    {[]string{`{"type":"connection_init","payload":{"authorization":"Bearer x","Authorization":"Bearer y"}}`}, "4400 Invalid message: authorization stands twice"},
		"a new token where there is no": {[]string{begin, `{"type":"ping","payload":{"authorization":"Bearer x"}}`}, "4403 The token is not valid, or no longer"},
		"more than a body may have":     {[]string{begin, `{"type":"ping","payload":{"a":"` + strings.Repeat("a", 64<<10) + `"}}`}, "1009 read limited at 65537 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := a.dial(t, nil, socketProtocol)
			for _, text := range test.sent {
				s.write(text)
			}
			if got := s.closed(); got != test.want {
				t.Errorf("closed with %s, want %s", got, test.want)
			}
		})
	}
	t.Run("another subprotocol", func(t *testing.T) {
		for _, protocols := range [][]string{nil, {"graphql-ws"}} {
			s, _ := a.dial(t, nil, protocols...)
			if got := s.closed(); got != "4406 Subprotocol not acceptable" {
				t.Errorf("%v: closed with %s", protocols, got)
			}
		}
	})
	t.Run("an ID that is in use", func(t *testing.T) {
		s := a.socket(t, a.person(t).Tokens.Access)
		for range 2 {
			s.subscribe("again", `subscription { sessionChanged { kind } }`)
		}
		if got := s.closed(); got != "4409 Subscriber for again already exists" {
			t.Errorf("closed with %s", got)
		}
	})
}

func TestQueriesAndMutationsAreAnsweredOverASocket(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada := a.person(t)
	s := a.socket(t, ada.Tokens.Access)
	if got := s.ask("1", `{ me { id } claims { subject } }`); got.at("me.id") != string(ada.User.ID) || len(got.Errors) > 0 {
		t.Errorf("answered %v", got)
	}
	if got := s.ask("1", `mutation { updateProfile(input: {name: "Ada"}) { user { name } } }`); got.at("updateProfile.user.name") != "Ada" {
		t.Errorf("answered %v", got)
	}
	s.write(`{"type":"ping","payload":{"anything":1}}`)
	if f := s.read(); f.Type != "pong" || f.Payload != nil {
		t.Errorf("a ping is answered %+v", f)
	}
	tests := map[string]struct {
		query string
		want  []string
	}{
		"what does not parse":             {`{ me { `, []string{"GRAPHQL_PARSE_FAILED"}},
		"what is not in the schema":       {`{ nonsense }`, []string{"GRAPHQL_VALIDATION_FAILED"}},
		"no query":                        {``, []string{"INVALID_INPUT query"}},
		"more than a limit lets":          {`{ me { ` + strings.Repeat(`a: id `, 4100) + `} }`, []string{"LIMIT_EXCEEDED tokens"}},
		"a mutation that claims deny":     {`mutation { rotateSigningKey { signingKey { id } } }`, []string{"FORBIDDEN Mutation.rotateSigningKey", "FORBIDDEN SigningKeyPayload", "FORBIDDEN SigningKey"}},
		"a subscription that claims deny": {`subscription { auditEventRecorded { id } }`, []string{"FORBIDDEN Subscription.auditEventRecorded", "FORBIDDEN AuditEvent"}},
		"two guesses at a password":       {`mutation { a: signIn(input: {email: "a@b.c", password: "x"}) { expiresAt } b: signIn(input: {email: "a@b.c", password: "y"}) { expiresAt } }`, []string{"LIMIT_EXCEEDED passwordFields"}},
		"cookies where there are none":    {signInByCookie, []string{"INVALID_INPUT input.delivery"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := s.ask("x", test.query); !slices.Equal(got.faults(), test.want) || got.Data != nil && test.want[0][:5] != "INVAL" {
				t.Errorf("answered %v %v, want %v", got.Data, got.faults(), test.want)
			}
		})
	}
	nobody := a.socket(t, "-")
	if got := nobody.ask("1", `{ __typename me { id } }`); got.at("__typename") != "Query" || !slices.Equal(got.faults(), []string{"UNAUTHENTICATED Query.me no_token"}) {
		t.Errorf("nobody is answered %v %v", got.Data, got.faults())
	}
}

const followSessions = `subscription { sessionChanged { kind session { id endedAt user { id } current } } }`

func TestASessionsBeginningAndEndIsToldToItsUserAndToNobodyElse(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada, bob := a.person(t), a.person(t)
	here, there := a.socket(t, ada.Tokens.Access), a.socket(t, bob.Tokens.Access)
	a.caughtUp(t)
	here.following("s", followSessions, a.feed.Readers)
	there.following("s", followSessions, a.feed.Readers)
	again := a.again(t, ada)
	if _, got := a.ask(t, again.Tokens.Access, `mutation { reauthenticate(input: {password: "`+goodPassword+`"}) { expiresAt } signOut { endedSessions } }`, nil); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	for _, kind := range []string{"STARTED", "ENDED"} {
		f := here.read()
		got := f.answer(t)
		if f.Type != "next" || got.at("sessionChanged.kind") != kind || got.at("sessionChanged.session.id") != string(again.Session.ID) ||
			got.at("sessionChanged.session.user.id") != string(ada.User.ID) || got.at("sessionChanged.session.current") != false || len(got.Errors) > 0 {
			t.Errorf("of what is %s is told %s %s", kind, f.Type, f.Payload)
		}
	}
	if got := there.ask("q", `{ __typename }`); got.at("__typename") != "Query" { // nothing came before
		t.Errorf("bob is told %v", got)
	}
	here.write(`{"id":"s","type":"complete"}`)
	for began := time.Now(); a.feed.Readers() != 1; time.Sleep(time.Millisecond) {
		if time.Since(began) > messageWithin {
			t.Fatal("what was completed goes on")
		}
	}
}

// caughtUp waits until all that has happened so far was handed on: what happened just before a subscription begins may
// still be told.
func (a *api) caughtUp(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), messageWithin)
	defer cancel()
	marker := a.person(t)
	interest := journal.Interest{Subject: marker.User.ID, Wants: func(e auth.Event) bool { return e.Action == auth.ProfileUpdated }}
	err := a.feed.Read(ctx, interest, func() {
		if _, got := a.ask(t, marker.Tokens.Access, `mutation { updateProfile(input: {name: "A"}) { user { id } } }`, nil); len(got.Errors) > 0 {
			t.Error(got.Errors)
		}
	}, func(auth.Event) error { return errCaughtUp })
	if !errors.Is(err, errCaughtUp) {
		t.Fatal(err)
	}
}

var errCaughtUp = errors.New("all is handed on")

// again signs the person in once more.
func (a *api) again(t testing.TB, of session.Opened) session.Opened {
	t.Helper()
	opened, err := a.accounts.SignIn(t.Context(), string(of.User.Email), goodPassword, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestAuditEventsAreToldAsTheyAreRecorded(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada := a.person(t)
	s := a.socket(t, a.token(t, "admin@example.com", auth.RoleAdmin))
	a.caughtUp(t)
	s.following("all", `subscription { auditEventRecorded { action subjectId number hash } }`, a.feed.Readers)
	s.following("some", fmt.Sprintf(`subscription { auditEventRecorded(filter: {actions: [PROFILE_UPDATED], actorId: %q}) { action details } }`, ada.User.ID), a.feed.Readers)
	a.again(t, ada)
	if _, got := a.ask(t, ada.Tokens.Access, `mutation { updateProfile(input: {name: "Ada"}) { user { id } } }`, nil); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	var got []string
	for len(got) < 3 {
		f := s.read()
		told := f.answer(t)
		if f.ID == "all" && told.at("auditEventRecorded.number") == nil {
			t.Errorf("it has no number: %s", f.Payload)
		}
		if f.ID == "some" || told.at("auditEventRecorded.subjectId") == string(ada.User.ID) {
			got = append(got, f.ID+" "+fmt.Sprint(told.at("auditEventRecorded.action")))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"all PROFILE_UPDATED", "all SIGNED_IN", "some PROFILE_UPDATED"}, got); diff != "" {
		t.Error(diff)
	}
}

// lasting is the token with another life; roles stay where none are given.
func (a *api) lasting(t testing.TB, token string, life time.Duration, roles ...auth.Role) string {
	t.Helper()
	return a.altered(t, token, func(c map[string]any) {
		c["exp"] = time.Now().Add(life).Unix()
		if life < 0 {
			c["iat"], c["auth_time"] = time.Now().Add(life-time.Minute).Unix(), time.Now().Add(life-time.Minute).Unix()
		}
		if roles != nil {
			c["roles"] = roles
		}
	})
}

func renewal(token string) string {
	return fmt.Sprintf(`{"type":"ping","payload":{"authorization":"Bearer %s"}}`, token)
}

func TestASocketLivesThroughARenewalOfItsToken(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada := a.person(t)
	s := a.socket(t, a.lasting(t, ada.Tokens.Access, 2*time.Second))
	a.caughtUp(t)
	s.following("s", followSessions, a.feed.Readers)
	next := a.lasting(t, ada.Tokens.Access, 8*time.Minute)
	s.write(renewal(next))
	f := s.read()
	var told map[string]string
	if err := json.Unmarshal(f.Payload, &told); err != nil || f.Type != "pong" || len(told) != 1 || strings.Contains(string(f.Payload), next) {
		t.Fatalf("the new token is answered %s %s", f.Type, f.Payload)
	}
	if until, err := time.Parse(time.RFC3339, told["expiresAt"]); err != nil || time.Until(until) < 7*time.Minute {
		t.Errorf("it ends at %v, %v", told, err)
	}
	time.Sleep(2500 * time.Millisecond) // the first token has expired
	again := a.again(t, ada)
	if got := s.read().answer(t); got.at("sessionChanged.session.id") != string(again.Session.ID) {
		t.Errorf("afterwards is told %v", got)
	}
}

func TestATokenOfAnotherSubjectOrSessionClosesTheSocket(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada, bob := a.person(t), a.person(t)
	gone := a.again(t, ada)
	if _, got := a.ask(t, gone.Tokens.Access, `mutation { signOut { endedSessions } }`, nil); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	const other, bad = "4403 The token is of another subject or session", "4403 The token is not valid, or no longer"
	tests := map[string]struct{ from, to, want string }{
		"another subject":         {ada.Tokens.Access, bob.Tokens.Access, other},
		"another session":         {ada.Tokens.Access, a.again(t, ada).Tokens.Access, other},
		"somebody after nobody":   {"-", ada.Tokens.Access, other},
		"a session that is over":  {ada.Tokens.Access, gone.Tokens.Access, bad},
		"what is no token":        {ada.Tokens.Access, "nonsense", bad},
		"a token that is expired": {ada.Tokens.Access, a.lasting(t, ada.Tokens.Access, -45*time.Second), bad},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := a.socket(t, test.from)
			s.write(renewal(test.to))
			if got := s.closed(); got != test.want {
				t.Errorf("closed with %s, want %s", got, test.want)
			}
		})
	}
}

func TestAnEventIsHeldAgainstTheClaimsOfTheNewToken(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	admin := a.person(t, auth.RoleAdmin)
	s := a.socket(t, admin.Tokens.Access)
	a.caughtUp(t)
	s.following("audit", `subscription { auditEventRecorded { action } }`, a.feed.Readers)
	s.write(renewal(a.lasting(t, admin.Tokens.Access, 5*time.Minute, auth.RoleUser)))
	if f := s.read(); f.Type != "pong" {
		t.Fatalf("the new token is answered %+v", f)
	}
	a.person(t)
	a.again(t, admin)
	if f := s.read(); f.Type != "error" || !slices.Equal(f.answer(t).faults(), []string{"FORBIDDEN Subscription.auditEventRecorded", "FORBIDDEN AuditEvent"}) {
		t.Errorf("told %s %s", f.Type, f.Payload)
	}
	if got := s.ask("q", `{ claims { roles } }`); fmt.Sprint(got.at("claims.roles")) != "[USER]" {
		t.Errorf("the socket's claims are %v", got)
	}
}

func TestExpiryAndRevocationCloseASocketWithinASecond(t *testing.T) {
	for name, strict := range map[string]string{"fast": "fast", "strict": "strict"} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			a := newAPIWith(t, func(s *cli.ServeSettings) { s.Revocation = strict })
			ada := a.person(t)
			at := time.Now().Add(2 * time.Second)
			short := a.socket(t, a.lasting(t, ada.Tokens.Access, 2*time.Second))
			if got := short.closed(); got != "4403 The token has expired" || time.Since(at) > time.Second {
				t.Errorf("closed with %s, %s after its end", got, time.Since(at))
			}
			s := a.socket(t, ada.Tokens.Access)
			s.following("s", followSessions, a.feed.Readers)
			if _, got := a.ask(t, ada.Tokens.Access, `mutation { signOutEverywhere { endedSessions } }`, nil); len(got.Errors) > 0 {
				t.Fatal(got.Errors)
			}
			began := time.Now()
			if got := s.closed(); got != "4403 The token is not valid, or no longer" || time.Since(began) > time.Second {
				t.Errorf("closed with %s after %s", got, time.Since(began))
			}
			t.Logf("closed %s after the revocation", time.Since(began))
		})
	}
	t.Run("what signs out is answered first", func(t *testing.T) {
		a := newAPI(t)
		s := a.socket(t, a.person(t).Tokens.Access)
		if got := s.ask("out", `mutation { signOut { endedSessions } }`); got.at("signOut.endedSessions") != 1.0 {
			t.Errorf("answered %v", got)
		}
		if got := s.closed(); got != "4403 The token is not valid, or no longer" {
			t.Errorf("closed with %s", got)
		}
	})
}

// cookies are those of the browser, as a header.
func (b *browser) cookies(h http.Header) http.Header {
	h = h.Clone()
	for name, value := range b.pot.Values {
		h.Add("Cookie", name+"="+value)
	}
	return h
}

func TestACookieOpensASocketFromOurOwnAndAllowedPagesAlone(t *testing.T) {
	leavesNothing(t)
	a := newAPIForApp(t)
	b := a.signedIn(t)
	token := a.token(t, "bob@example.com")
	bearing := http.Header{"Authorization": {"Bearer " + token}}
	tests := map[string]struct {
		h      http.Header
		status int
		who    any
	}{
		"our own page":                              {b.cookies(page(a.url, "same-origin")), 101, "ada@example.com"},
		"our own page in an old browser":            {b.cookies(page(a.url, "")), 101, "ada@example.com"},
		"the app's page":                            {b.cookies(page(appOrigin, "cross-site")), 101, "ada@example.com"},
		"a foreign page":                            {b.cookies(page("https://evil.example", "cross-site")), 403, nil},
		"a foreign page in an old browser":          {b.cookies(page("https://evil.example", "")), 403, nil},
		"a foreign page on the same site":           {b.cookies(page("https://evil.example.com", "same-site")), 403, nil},
		"a foreign page without cookies":            {page("https://evil.example", "cross-site"), 403, nil},
		"a page in a sandbox":                       {b.cookies(page("null", "cross-site")), 403, nil},
		"no page, with cookies":                     {b.cookies(page("", "")), 403, nil},
		"no page, without cookies":                  {page("", ""), 101, nil},
		"no page, with a token":                     {bearing, 101, "bob@example.com"},
		"no page, with a token and cookies":         {b.cookies(bearing), 101, "bob@example.com"},
		"a foreign page with a token and no cookie": {http.Header{"Origin": {"https://evil.example"}, "Authorization": bearing["Authorization"]}, 403, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, status := a.dial(t, test.h, socketProtocol)
			if status != test.status {
				t.Fatalf("the upgrade is answered %d, want %d", status, test.status)
			}
			if s == nil {
				return
			}
			s.init("-")
			s.read()
			if got := s.ask("1", `{ me { email } }`); got.at("me.email") != test.who {
				t.Errorf("answered %v", got)
			}
		})
	}
	t.Run("a token in the payload stands before the cookies", func(t *testing.T) {
		s, _ := a.dial(t, b.cookies(page(a.url, "same-origin")), socketProtocol)
		s.init(token)
		s.read()
		if got := s.ask("1", `{ me { email } }`); got.at("me.email") != "bob@example.com" {
			t.Errorf("answered %v", got)
		}
		if got := s.ask("2", refreshCookies); !slices.Equal(got.faults(), []string{"SESSION_ENDED"}) {
			t.Errorf("the cookies count: %v", got)
		}
	})
	t.Run("a late cookie is to be refreshed first", func(t *testing.T) {
		late := &browser{a, &cookiePot{Values: map[string]string{"fieldward-refresh": b.pot.Values["fieldward-refresh"]}}}
		s, _ := a.dial(t, late.cookies(page(a.url, "same-origin")), socketProtocol)
		s.init("-")
		if got := s.closed(); got != "4403 The token is not valid, or no longer" {
			t.Errorf("closed with %s", got)
		}
	})
	t.Run("nothing of a cookie's session moves over a socket", func(t *testing.T) {
		s, _ := a.dial(t, b.cookies(page(a.url, "same-origin")), socketProtocol)
		s.init("-")
		s.read()
		claims, err := a.verifier.Verify(t.Context(), b.pot.Values["fieldward-access"])
		if err != nil {
			t.Fatal(err)
		}
		before := a.snapshot(t, *claims.SessionID)
		for query, want := range map[string]string{
			refreshCookies: "INVALID_INPUT", signInByCookie: "INVALID_INPUT input.delivery",
			`mutation { reauthenticate(input: {password: "` + goodPassword + `"}) { expiresAt } }`: "INVALID_INPUT",
		} {
			if got := s.ask("1", query); !slices.Equal(got.faults(), []string{want}) {
				t.Errorf("%s is answered %v", query, got)
			}
		}
		if diff := cmp.Diff(before, a.snapshot(t, *claims.SessionID)); diff != "" {
			t.Errorf("something has moved: %s", diff)
		}
	})
}

func TestASocketHasTwentyOperationsAtTheMost(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	s := a.socket(t, a.person(t).Tokens.Access)
	a.caughtUp(t)
	for i := range 20 {
		s.following(fmt.Sprint(i), `subscription { sessionChanged { kind } }`, a.feed.Readers)
	}
	if got := s.ask("one more", `subscription { sessionChanged { kind } }`); !slices.Equal(got.faults(), []string{"LIMIT_EXCEEDED subscriptions"}) {
		t.Errorf("answered %v", got)
	}
	for range 100 { // one that is dropped makes place, at once
		s.write(`{"id":"7","type":"complete"}`)
		s.subscribe("7", `subscription { sessionChanged { kind } }`)
	}
	s.write(`{"id":"7","type":"complete"}`)
	if got := s.ask("q", `{ __typename }`); got.at("__typename") != "Query" {
		t.Errorf("answered %v", got)
	}
}

func TestADrainAnswersWhatIsBegunAndClosesWithARestart(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada := a.person(t)
	s := a.socket(t, ada.Tokens.Access)
	s.following("s", followSessions, a.feed.Readers)
	events := a.streamOf(t, ada.Tokens.Access, followSessions)
	s.subscribe("in", fmt.Sprintf(`mutation { signIn(input: {email: %q, password: %q}) { user { id } } }`, ada.User.Email, goodPassword))
	time.Sleep(5 * time.Millisecond) // the hash takes longer
	ctx, cancel := context.WithTimeout(t.Context(), messageWithin)
	defer cancel()
	drained := make(chan error, 1)
	go func() { drained <- a.streams.Drain(ctx) }()
	var got []string
	for {
		f, err := s.next()
		if err != nil {
			break
		}
		if f.ID == "in" {
			got = append(got, f.Type)
		}
	}
	if err := <-drained; err != nil || a.streams.Open() != 0 {
		t.Errorf("drained: %v, and %d are open", err, a.streams.Open())
	}
	if !slices.Equal(got, []string{"next", "complete"}) {
		t.Errorf("what was begun is answered %q", got)
	}
	if text := events.rest(); strings.Contains(text, "complete") {
		t.Errorf("the stream ends with %q", text)
	}
	if _, status := a.dial(t, nil, socketProtocol); status != http.StatusServiceUnavailable {
		t.Errorf("a new socket is answered %d", status)
	}
}

// urlWith is the endpoint with a query in it.
func (a *api) urlWith(query string) string {
	return a.url + "/graphql?" + url.Values{"query": {query}}.Encode()
}
