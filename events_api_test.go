package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// eventReader reads a stream of events.
type eventReader struct {
	t      testing.TB
	resp   *http.Response
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// events asks for a stream, by GET where the body is empty.
func (a *api) events(t testing.TB, token, url, body string) *eventReader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), messageWithin)
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	if token != "-" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = resp.Body.Close()
	})
	return &eventReader{t, resp, bufio.NewScanner(resp.Body), cancel}
}

// streamOf asks for a stream by POST, and waits until nothing is missed any more.
func (a *api) streamOf(t testing.TB, token, query string) *eventReader {
	t.Helper()
	before := a.feed.Readers()
	e := a.events(t, token, a.url+"/graphql", asBody(t, query))
	for began := time.Now(); a.feed.Readers() == before; time.Sleep(time.Millisecond) {
		if time.Since(began) > messageWithin {
			t.Fatal("nobody follows")
		}
	}
	return e
}

func asBody(t testing.TB, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// next is the next event; its name is empty where the stream is over.
func (e *eventReader) next() (name string, a answer) {
	e.t.Helper()
	for e.lines.Scan() {
		if event, ok := strings.CutPrefix(e.lines.Text(), "event: "); ok {
			name = event
		}
		data, ok := strings.CutPrefix(e.lines.Text(), "data: ")
		if !ok {
			continue
		}
		if name == "complete" && data == "" {
			return name, a
		}
		if err := json.Unmarshal([]byte(data), &a); err != nil {
			e.t.Fatalf("%v: %s", err, data)
		}
		return name, a
	}
	return "", a
}

// rest is what is still to come.
func (e *eventReader) rest() string {
	var all []string
	for e.lines.Scan() {
		all = append(all, e.lines.Text())
	}
	return strings.Join(all, "\n")
}

func TestAnOperationIsAnsweredAsAStreamOfEvents(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	ada := a.person(t)
	tests := map[string]struct {
		token, query, byGET string
		want                []string
		at                  string
	}{
		"a query":                       {ada.Tokens.Access, `{ me { id } }`, "", nil, "me.id"},
		"a query by GET":                {ada.Tokens.Access, "", `{ me { id } }`, nil, "me.id"},
		"a mutation":                    {ada.Tokens.Access, `mutation { updateProfile(input: {name: "A"}) { user { id } } }`, "", nil, "updateProfile.user.id"},
		"what is not in the schema":     {ada.Tokens.Access, `{ nonsense }`, "", []string{"GRAPHQL_VALIDATION_FAILED"}, ""},
		"more than a limit lets":        {ada.Tokens.Access, `{ me { ` + strings.Repeat(`a: id `, 4100) + `} }`, "", []string{"LIMIT_EXCEEDED tokens"}, ""},
		"a bad token":                   {"bad", `{ me { id } }`, "", []string{"UNAUTHENTICATED invalid_token"}, ""},
		"a subscription without token":  {"-", followSessions, "", []string{"UNAUTHENTICATED Subscription.sessionChanged no_token", "UNAUTHENTICATED SessionEvent no_token", "UNAUTHENTICATED Session no_token", "UNAUTHENTICATED Session.user no_token", "UNAUTHENTICATED User no_token"}, ""},
		"cookies where there are none":  {"-", signInByCookie, "", []string{"INVALID_INPUT input.delivery"}, ""},
		"a subscription that is denied": {ada.Tokens.Access, "", `subscription { auditEventRecorded { id } }`, []string{"FORBIDDEN Subscription.auditEventRecorded", "FORBIDDEN AuditEvent"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			url, body := a.url+"/graphql", ""
			if test.byGET != "" {
				url = a.urlWith(test.byGET)
			} else {
				body = asBody(t, test.query)
			}
			e := a.events(t, test.token, url, body)
			kind, got := e.next()
			if e.resp.StatusCode != 200 || e.resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || kind != "next" {
				t.Fatalf("answered %d, %s, %q", e.resp.StatusCode, e.resp.Header, kind)
			}
			if test.want != nil && got.faults()[0] != test.want[0] || test.want == nil && (len(got.Errors) > 0 || got.at(test.at) != string(ada.User.ID)) {
				t.Errorf("answered %v %v, want %v", got.Data, got.faults(), test.want)
			}
			if kind, _ := e.next(); kind != "complete" || e.rest() != "" {
				t.Errorf("it ends with %q", kind)
			}
		})
	}
	t.Run("what is no GraphQL request has a status", func(t *testing.T) {
		for url, want := range map[string]int{a.urlWith(`mutation { signOut { endedSessions } }`): 405, a.url + "/graphql?query=": 400} {
			if e := a.events(t, "-", url, ""); e.resp.StatusCode != want || e.resp.Header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("answered %d %s", e.resp.StatusCode, e.resp.Header.Get("Content-Type"))
			}
		}
		if e := a.events(t, "-", a.url+"/graphql", `{"query": "{ __typename }", "extensions": {"a": "`+strings.Repeat("a", 64<<10)+`"}}`); e.resp.StatusCode != 400 {
			t.Errorf("a long body is answered %d", e.resp.StatusCode)
		}
	})
}

func TestAStreamOutlivesTheDeadlinesOfAnAnswerAndEndsWithItsToken(t *testing.T) {
	leavesNothing(t)
	a := newAPIServedBy(t, func(s *http.Server) { s.ReadTimeout, s.WriteTimeout = time.Second, time.Second })
	ada := a.person(t)
	a.caughtUp(t)
	e := a.streamOf(t, ada.Tokens.Access, followSessions)
	time.Sleep(2500 * time.Millisecond)
	again := a.again(t, ada)
	if kind, got := e.next(); kind != "next" || got.at("sessionChanged.session.id") != string(again.Session.ID) {
		t.Fatalf("told %q %v", kind, got)
	}
	e.cancel()
	a.caughtUp(t)
	short := a.events(t, a.lasting(t, ada.Tokens.Access, 3*time.Second), a.url+"/graphql", asBody(t, followSessions))
	kind, got := short.next()
	if kind != "next" || !slices.Equal(got.faults(), []string{"UNAUTHENTICATED invalid_token"}) {
		t.Errorf("at the end of the token is told %q %v", kind, got)
	}
	if kind, _ := short.next(); kind != "complete" {
		t.Errorf("it ends with %q", kind)
	}
	a.caughtUp(t)
	out := a.streamOf(t, ada.Tokens.Access, followSessions)
	began := time.Now()
	if _, got := a.ask(t, ada.Tokens.Access, `mutation { signOut { endedSessions } }`, nil); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	if _, got := out.next(); !slices.Equal(got.faults(), []string{"UNAUTHENTICATED invalid_token"}) || time.Since(began) > time.Second {
		t.Errorf("after %s is told %v", time.Since(began), got)
	}
}

func TestAStreamEndsWhereItsClientGoes(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	e := a.streamOf(t, a.token(t, "admin@example.com", auth.RoleAdmin), `subscription { auditEventRecorded { id } }`)
	e.cancel()
	_, _ = io.Copy(io.Discard, e.resp.Body)
	for began := time.Now(); a.feed.Readers() != 0 || a.streams.Open() != 0; time.Sleep(time.Millisecond) {
		if time.Since(began) > messageWithin {
			t.Fatalf("%d streams are open", a.streams.Open())
		}
	}
}
