package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/cli"
)

// api is the whole server in this process, on a database of its own, over real HTTP.
type api struct {
	*house
	url string
	log *syncBuffer
}

// syncBuffer takes a log from many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

const goodPassword = "correct horse battery"

func newAPI(t testing.TB) *api {
	t.Helper()
	return newAPIWith(t, func(*cli.ServeSettings) {})
}

// newAPIWith is a server with other settings than the default ones.
func newAPIWith(t testing.TB, set func(*cli.ServeSettings)) *api {
	t.Helper()
	return newAPIOn(t, set, func(*http.Server) {})
}

// newAPIServedBy is one with other deadlines than none.
func newAPIServedBy(t testing.TB, change func(*http.Server)) *api {
	t.Helper()
	return newAPIOn(t, func(*cli.ServeSettings) {}, change)
}

func newAPIOn(t testing.TB, set func(*cli.ServeSettings), change func(*http.Server)) *api {
	t.Helper()
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.StoreSettings = storeOf(t)
	set(&settings)
	if err := settings.Validate(); err != nil {
		t.Fatal(err)
	}
	h, err := open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() }) // some tests have closed it
	a := &api{house: h, log: &syncBuffer{}}
	log := slog.New(slog.NewJSONHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	stop, err := h.follow(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	handler, err := h.handler(settings, &atomic.Bool{}, log)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	change(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

// token adds a user with the roles and signs them in.
func (a *api) token(t testing.TB, email string, roles ...auth.Role) string {
	t.Helper()
	_, err := a.accounts.Create(t.Context(), account.Operator, account.Details{Email: email, Name: "Someone", Password: goodPassword, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := a.accounts.SignIn(t.Context(), email, goodPassword, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return opened.Tokens.Access
}

// answer is a GraphQL answer.
type answer struct {
	Data   any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// ask posts a query, and fails the test where the answer is none.
func (a *api) ask(t testing.TB, token, query string, variables map[string]any) (int, answer) {
	t.Helper()
	status, body, err := post(http.DefaultClient, a.url, token, query, variables)
	if err != nil {
		t.Fatal(err)
	}
	var got answer
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return status, got
}

// faults are the codes of an answer's errors, each with the field that it blames.
func (a answer) faults() []string {
	var all []string
	for _, e := range a.Errors {
		fault := fmt.Sprint(e.Extensions["code"])
		for _, x := range []string{"field", "coordinate", "limit", "reason"} {
			if v, ok := e.Extensions[x]; ok && v != "" {
				fault += " " + fmt.Sprint(v)
			}
		}
		all = append(all, fault)
	}
	return all
}

// at is the value at a dotted path of the data.
func (a answer) at(path string) any {
	v := a.Data
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func TestWhatIsNoGraphQLRequestIsRefused(t *testing.T) {
	a := newAPI(t)
	const jsonType = "application/json"
	tests := map[string]struct {
		method, contentType, body string
		status                    int
		want                      string
	}{
		"malformed JSON":                   {"POST", jsonType, `{"query": "{ me`, 400, "INVALID_INPUT"},
		"no JSON":                          {"POST", jsonType, `hello`, 400, "INVALID_INPUT"},
		"empty":                            {"POST", jsonType, ``, 400, "INVALID_INPUT"},
		"a list":                           {"POST", jsonType, `[{"query": "{ me { id } }"}]`, 400, "INVALID_INPUT"},
		"no query":                         {"POST", jsonType, `{}`, 400, "INVALID_INPUT query"},
		"an empty query":                   {"POST", jsonType, `{"query": ""}`, 400, "INVALID_INPUT query"},
		"a query that is a number":         {"POST", jsonType, `{"query": 1}`, 400, "INVALID_INPUT query"},
		"variables that are a list":        {"POST", jsonType, `{"query": "{ me { id } }", "variables": []}`, 400, "INVALID_INPUT variables"},
		"an operation name that is none":   {"POST", jsonType, `{"query": "{ me { id } }", "operationName": {}}`, 400, "INVALID_INPUT operationName"},
		"a member twice":                   {"POST", jsonType, `{"query": "{ me { id } }", "query": "{ claims { issuer } }"}`, 400, "INVALID_INPUT"},
		"a member twice, deep":             {"POST", jsonType, `{"query": "{ me { id } }", "variables": {"a": {"b": 1, "b": 2}}}`, 400, "INVALID_INPUT"},
		"a member in another case":         {"POST", jsonType, `{"query": "{ me { id } }", "Variables": {}}`, 400, "INVALID_INPUT Variables"},
		"something behind":                 {"POST", jsonType, `{"query": "{ me { id } }"} {}`, 400, "INVALID_INPUT"},
		"invalid UTF-8":                    {"POST", jsonType, "{\"query\": \"{ me { id } } # \xff\"}", 400, "INVALID_INPUT"},
		"variables as deep as a well":      {"POST", jsonType, `{"query": "{ me { id } }", "variables": {"a": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}`, 400, "INVALID_INPUT"},
		"a form":                           {"POST", "application/x-www-form-urlencoded", `query={me{id}}`, 415, "INVALID_INPUT"},
		"plain text":                       {"POST", "text/plain", `{"query": "{ me { id } }"}`, 415, "INVALID_INPUT"},
		"no type":                          {"POST", "", `{"query": "{ me { id } }"}`, 415, "INVALID_INPUT"},
		"multipart":                        {"POST", "multipart/form-data; boundary=x", "--x--", 415, "INVALID_INPUT"},
		"another charset":                  {"POST", "application/json; charset=latin1", `{"query": "{ me { id } }"}`, 415, "INVALID_INPUT"},
		"PUT":                              {"PUT", jsonType, `{"query": "{ me { id } }"}`, 405, "INVALID_INPUT"},
		"a body over 64 KiB":               {"POST", jsonType, `{"query": "{ me { id } }", "extensions": {"x": "` + strings.Repeat("a", 64<<10) + `"}}`, 400, "LIMIT_EXCEEDED body"},
		"4 MB":                             {"POST", jsonType, `{"query": "` + strings.Repeat("{a", 2<<20) + `"}`, 400, "LIMIT_EXCEEDED body"},
		"more than 4,000 tokens":           {"POST", jsonType, `{"query": "{ ` + strings.Repeat("a ", 4001) + `}"}`, 400, "LIMIT_EXCEEDED tokens"},
		"a query that does not parse":      {"POST", jsonType, `{"query": "{ me { "}`, 400, "GRAPHQL_PARSE_FAILED"},
		"a NUL in the query":               {"POST", jsonType, `{"query": "{ me\u0000 { id } }"}`, 400, "GRAPHQL_PARSE_FAILED"},
		"an unknown field":                 {"POST", jsonType, `{"query": "{ me { nonsense } }"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"four root fields of a mutation":   {"POST", jsonType, `{"query": "mutation { a: signOut { endedSessions } b: signOut { endedSessions } ...F } fragment F on Mutation { c: signOut { endedSessions } d: signOut { endedSessions } }"}`, 400, "LIMIT_EXCEEDED rootFields"},
		"two guesses at a password":        {"POST", jsonType, `{"query": "mutation { a: signIn(input: {email: \"a@b.c\", password: \"x\"}) { expiresAt } b: signIn(input: {email: \"a@b.c\", password: \"y\"}) { expiresAt } }"}`, 400, "LIMIT_EXCEEDED passwordFields"},
		"what would be answered in parts":  {"POST", jsonType, `{"query": "{ me { id ... @defer { email } } }"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"an unknown operation":             {"POST", jsonType, `{"query": "query A { __typename }", "operationName": "B"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"a variable of another type":       {"POST", jsonType, `{"query": "query($n: Int) { users(first: $n) { totalCount } }", "variables": {"n": "many"}}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"a variable that is missing":       {"POST", jsonType, `{"query": "query($id: ID!) { user(id: $id) { name } }"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		"a query that names no operations": {"POST", jsonType, `{"query": "fragment F on User { id }"}`, 400, "GRAPHQL_VALIDATION_FAILED"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), test.method, a.url+"/graphql", strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			r.Header.Set("Accept", "application/graphql-response+json")
			status, body := do(t, r)
			var got answer
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if status != test.status || len(got.Errors) == 0 || got.faults()[0] != test.want {
				t.Errorf("answered %d, %s; want %d, %s", status, body, test.status, test.want)
			}
			if strings.Contains(string(body), `"data"`) {
				t.Errorf("what was not executed has data: %s", body)
			}
		})
	}
	if status, _ := a.ask(t, "-", "{ __typename }", nil); status != http.StatusOK {
		t.Errorf("afterwards the server answers %d", status)
	}
}

func do(t testing.TB, r *http.Request) (int, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func TestQueriesAreAnsweredByGETAndMutationsAreNot(t *testing.T) {
	a := newAPI(t)
	token := a.token(t, "ada@example.com")
	get := func(values url.Values) (status int, allow string, got answer) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/graphql?"+values.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Allow"), got
	}
	status, _, got := get(url.Values{"query": {"query Q($id: ID!) { me { email } node(id: $id) { id } }"}, "operationName": {"Q"}, "variables": {`{"id":"usr_00000000000000000000000000"}`}})
	if status != http.StatusOK || got.at("me.email") != "ada@example.com" || len(got.Errors) != 0 {
		t.Errorf("answered %d, %v", status, got)
	}
	status, allow, got := get(url.Values{"query": {"mutation { signOutEverywhere { endedSessions } }"}})
	if status != http.StatusMethodNotAllowed || allow != "POST" || got.Data != nil {
		t.Errorf("a mutation is answered with %d, Allow %q, %v", status, allow, got)
	}
	if status, _ := a.ask(t, token, "{ me { id } }", nil); status != http.StatusOK {
		t.Error("the mutation ran")
	}
}

func TestTheStatusFollowsTheNegotiatedType(t *testing.T) {
	a := newAPI(t)
	const modern, legacy = "application/graphql-response+json", "application/json"
	tests := map[string]struct {
		accept, token, query string
		status               int
		media                string
	}{
		"a query that runs, modern":              {modern, "", "{ __typename }", 200, modern},
		"a query that runs, legacy":              {legacy, "", "{ __typename }", 200, legacy},
		"a query of which fields are denied":     {modern, "", "{ me { id } }", 200, modern},
		"a denied mutation, modern":              {modern, "", "mutation { signOutEverywhere { endedSessions } }", 401, modern},
		"a denied mutation, legacy":              {legacy, "", "mutation { signOutEverywhere { endedSessions } }", 200, legacy},
		"a bad token, modern":                    {modern, "bad", "{ me { id } }", 401, modern},
		"a bad token, legacy":                    {legacy, "bad", "{ me { id } }", 401, legacy},
		"a bad token on a public field":          {modern, "bad", "{ __typename }", 401, modern},
		"an invalid query, modern":               {modern, "", "{ nonsense }", 400, modern},
		"an invalid query, legacy":               {legacy, "", "{ nonsense }", 200, legacy},
		"anything is accepted":                   {"*/*", "", "{ nonsense }", 200, legacy},
		"nothing is said":                        {"", "", "{ nonsense }", 200, legacy},
		"both, the modern one better":            {"application/json;q=0.5, " + modern, "", "{ nonsense }", 400, modern},
		"both, the modern one worse":             {legacy + ", " + modern + ";q=0.9", "", "{ nonsense }", 200, legacy},
		"only what there is not":                 {"text/html", "", "{ __typename }", 406, legacy},
		"what is refused by a quality of 0":      {modern + ";q=0", "", "{ __typename }", 406, legacy},
		"a browser's list":                       {"text/html,application/xhtml+xml,*/*;q=0.8", "", "{ __typename }", 200, legacy},
		"a list that no one can read, then both": {";;;, " + modern, "", "{ nonsense }", 400, modern},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"query": test.query})
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/graphql", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json; charset=utf-8")
			if test.accept != "" {
				r.Header.Set("Accept", test.accept)
			}
			if test.token != "" {
				r.Header.Set("Authorization", "Bearer "+test.token)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if resp.StatusCode != test.status || resp.Header.Get("Content-Type") != test.media+"; charset=utf-8" {
				t.Errorf("answered %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
			}
			if challenge := resp.Header.Get("WWW-Authenticate"); (challenge != "") != (resp.StatusCode == 401) {
				t.Errorf("%d with the challenge %q", resp.StatusCode, challenge)
			}
			if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("the answer may be cached or sniffed: %v", resp.Header)
			}
		})
	}
}

func TestAPageOfAnotherOriginIsRefused(t *testing.T) {
	a := newAPI(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/graphql", strings.NewReader(`{"query": "{ __typename }"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, body := do(t, r); status != http.StatusForbidden || !strings.Contains(string(body), "FORBIDDEN") {
		t.Errorf("answered %d, %s", status, body)
	}
}

func TestEachRoleSeesWhatIsItsOwn(t *testing.T) {
	a := newAPI(t)
	user := a.token(t, "user@example.com", auth.RoleUser)
	admin := a.token(t, "admin@example.com", auth.RoleUser, auth.RoleAdmin)
	const query = "{ me { email } users { nodes { email } } }"
	tests := map[string]struct {
		token string
		data  string
		want  []string
	}{
		"nobody": {"-", `{"me":null,"users":null}`, []string{
			"UNAUTHENTICATED Query.me no_token", "UNAUTHENTICATED Query.users no_token",
		}},
		"a user":               {user, `{"me":{"email":"user@example.com"},"users":null}`, []string{"FORBIDDEN Query.users"}},
		"an administrator":     {admin, `{"me":{"email":"admin@example.com"},"users":{"nodes":[{"email":"admin@example.com"},{"email":"user@example.com"}]}}`, nil},
		"a token that is none": {"nonsense", `null`, []string{"UNAUTHENTICATED invalid_token"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := a.ask(t, test.token, query, nil)
			data, err := json.Marshal(got.Data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.data, string(data)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.want, got.faults()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSomeoneElsesObjectsAreNotOpened(t *testing.T) {
	a := newAPI(t)
	ada := a.token(t, "ada@example.com")
	_, mine := a.ask(t, ada, "{ me { id } claims { sessionId } }", nil)
	bob := a.token(t, "bob@example.com")
	support := a.token(t, "sue@example.com", auth.RoleSupport)
	userID, sessionID := fmt.Sprint(mine.at("me.id")), fmt.Sprint(mine.at("claims.sessionId"))
	tests := map[string]struct {
		token, query string
		data         string
		want         []string
	}{
		"the name of another user is open, the address is not": {
			bob, `{ node(id: "` + userID + `") { id ... on User { name email } } }`,
			`{"node":{"email":null,"id":"` + userID + `","name":"Someone"}}`,
			[]string{"FORBIDDEN User.email"},
		},
		"another's session is not there at all": {
			bob, `{ node(id: "` + sessionID + `") { __typename id } }`, `{"node":null}`, []string{"FORBIDDEN Session"},
		},
		"nor by a fragment and an alias": {
			bob, `{ n: node(id: "` + sessionID + `") { ...F } } fragment F on Session { a: userAgent }`, `{"n":null}`, []string{"FORBIDDEN Session"},
		},
		"one's own session is": {
			ada, `{ node(id: "` + sessionID + `") { ... on Session { current user { email } } } }`,
			`{"node":{"current":true,"user":{"email":"ada@example.com"}}}`, nil,
		},
		"staff see both": {
			support, `{ a: node(id: "` + userID + `") { ... on User { email } } b: node(id: "` + sessionID + `") { ... on Session { current } } }`,
			`{"a":{"email":"ada@example.com"},"b":{"current":false}}`, nil,
		},
		"what does not exist is null": {
			bob, `{ node(id: "usr_00000000000000000000000000") { id } }`, `{"node":null}`, nil,
		},
		"a malformed ID": {bob, `{ node(id: "1") { id } }`, `{"node":null}`, []string{"INVALID_INPUT id"}},
		"an ID of no type that is known": {
			bob, `{ node(id: "abc_00000000000000000000000000") { id } }`, `{"node":null}`, []string{"INVALID_INPUT id"},
		},
		"an ID of another type": {
			support, `{ user(id: "` + sessionID + `") { id } }`, `{"user":null}`, []string{"INVALID_INPUT id"},
		},
		"a malformed ID says nothing to whom the field is denied": {
			bob, `{ user(id: "1") { id } }`, `{"user":null}`, []string{"FORBIDDEN Query.user"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := a.ask(t, test.token, test.query, nil)
			data, err := json.Marshal(got.Data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.data, string(data)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.want, got.faults()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeveralWrongFieldsAreSeveralErrorsWithTheirPaths(t *testing.T) {
	a := newAPI(t)
	const query = `mutation($in: SignUpInput!) { signUp(input: $in) { accessToken } }`
	status, got := a.ask(t, "-", query, map[string]any{
		"in": map[string]any{"email": "ada@\u212Aelvin.example", "name": "A\u0000", "password": "short"},
	})
	want := []string{"INVALID_INPUT input.email", "INVALID_INPUT input.name", "WEAK_PASSWORD input.password"}
	if diff := cmp.Diff(want, got.faults()); diff != "" || status != http.StatusOK {
		t.Errorf("%d %s", status, diff)
	}
	_, got = a.ask(t, "-", query, map[string]any{"in": map[string]any{"email": 7, "name": "Ada", "password": goodPassword}})
	if diff := cmp.Diff([]string{"INVALID_INPUT input.email"}, got.faults()); diff != "" {
		t.Error(diff)
	}
	if n, err := a.accounts.CountUsers(t.Context(), auth.UserFilter{}); err != nil || n != 0 {
		t.Errorf("there are %d users, %v", n, err)
	}
}

func TestAMutationOfWhichAnythingIsDeniedDoesNotRun(t *testing.T) {
	a := newAPI(t)
	status, got := a.ask(t, "-", `mutation {
		signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery"}) { accessToken }
		signOutEverywhere { endedSessions }
	}`, nil)
	if status != http.StatusUnauthorized || got.Data != nil {
		t.Errorf("answered %d, %v", status, got.Data)
	}
	if diff := cmp.Diff([]string{"UNAUTHENTICATED Mutation.signOutEverywhere no_token"}, got.faults()); diff != "" {
		t.Error(diff)
	}
	if n, err := a.accounts.CountUsers(t.Context(), auth.UserFilter{}); err != nil || n != 0 {
		t.Errorf("the other half ran: there are %d users, %v", n, err)
	}
}

func TestPagesAreWalkedInBothDirections(t *testing.T) {
	a := newAPI(t)
	admin := a.token(t, "admin@example.com", auth.RoleAdmin)
	want := []string{"admin@example.com"}
	for i := range 44 {
		email := fmt.Sprintf("user%02d@example.com", i)
		at := time.Now().UTC().Truncate(time.Microsecond)
		u := auth.User{
			ID: auth.NewID(auth.UserPrefix, at), Name: "User", Email: auth.EmailAddress(email),
			Roles: []auth.Role{auth.RoleUser}, CreatedAt: at, UpdatedAt: at, Generation: 1,
		}
		if err := a.store.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: "none"}); err != nil {
			t.Fatal(err)
		}
		want = append([]string{email}, want...)
		time.Sleep(time.Millisecond) // IDs sort by the millisecond
	}
	walk := func(arguments, cursor, has, cursorField string) []string {
		var seen []string
		for range 10 {
			_, got := a.ask(t, admin, fmt.Sprintf(`{ users(%s) { nodes { email } edges { cursor node { email } }
				totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, arguments+cursor), nil)
			if len(got.Errors) > 0 || got.at("users.totalCount") != 45.0 {
				t.Fatalf("answered %v", got)
			}
			var page []string
			for _, node := range got.at("users.nodes").([]any) {
				page = append(page, fmt.Sprint(node.(map[string]any)["email"]))
			}
			if cursorField == "endCursor" {
				seen = append(seen, page...)
				cursor = fmt.Sprintf(", after: %q", got.at("users.pageInfo.endCursor"))
			} else {
				seen = append(page, seen...)
				cursor = fmt.Sprintf(", before: %q", got.at("users.pageInfo.startCursor"))
			}
			if got.at("users.pageInfo."+has) == false {
				return seen
			}
		}
		t.Fatal("the pages do not end")
		return nil
	}
	if diff := cmp.Diff(want, walk("first: 7", "", "hasNextPage", "endCursor")); diff != "" {
		t.Errorf("forward: %s", diff)
	}
	if diff := cmp.Diff(want, walk("last: 10", "", "hasPreviousPage", "startCursor")); diff != "" {
		t.Errorf("backward: %s", diff)
	}
}

func TestPageArgumentsThatAreWrong(t *testing.T) {
	a := newAPI(t)
	admin := a.token(t, "admin@example.com", auth.RoleAdmin)
	_, first := a.ask(t, admin, "{ users { edges { cursor } pageInfo { startCursor } } }", nil)
	cursor := fmt.Sprint(first.at("users.pageInfo.startCursor"))
	flipped := "A" + cursor[1:]
	if flipped == cursor {
		flipped = "B" + cursor[1:]
	}
	tests := map[string]struct {
		arguments string
		want      []string
	}{
		"none":                           {`first: 1`, nil},
		"a hundred":                      {`first: 100`, nil},
		"zero":                           {`first: 0`, []string{"INVALID_INPUT first"}},
		"less than zero":                 {`last: -1`, []string{"INVALID_INPUT last"}},
		"more than a hundred":            {`first: 101`, []string{"INVALID_INPUT first"}},
		"both":                           {`first: 1, last: 1`, []string{"INVALID_INPUT last"}},
		"after with last":                {`last: 1, after: "` + cursor + `"`, []string{"INVALID_INPUT after"}},
		"before with first":              {`first: 1, before: "` + cursor + `"`, []string{"INVALID_INPUT before"}},
		"a cursor that was made up":      {`after: "abc"`, []string{"INVALID_INPUT after"}},
		"an empty cursor":                {`after: ""`, []string{"INVALID_INPUT after"}},
		"a cursor that was changed":      {`after: "` + flipped + `"`, []string{"INVALID_INPUT after"}},
		"a cursor with a line break":     {`after: "` + cursor[:10] + `\n` + cursor[10:] + `"`, []string{"INVALID_INPUT after"}},
		"several at once":                {`first: 0, after: "abc"`, []string{"INVALID_INPUT first", "INVALID_INPUT after"}},
		"before alone goes backward":     {`before: "` + cursor + `"`, nil},
		"a number that is no Int":        {`first: 99999999999`, []string{"INVALID_INPUT first"}},
		"LIKE's letters mean no more":    {`filter: {emailContains: "%"}`, nil},
		"a filter that holds a NUL":      {`filter: {nameContains: "\u0000"}`, nil},
		"a filter by a role that is":     {`filter: {role: ADMIN, disabled: false}`, nil},
		"a filter by a role that is not": {`filter: {role: CHIEF}`, []string{"GRAPHQL_VALIDATION_FAILED"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := a.ask(t, admin, "{ users("+test.arguments+") { nodes { email } } }", nil)
			if diff := cmp.Diff(test.want, got.faults()); diff != "" {
				t.Errorf("%v: %s", got.Errors, diff)
			}
		})
	}
}

func TestTheNextRootFieldIsAskedByTheOldCaller(t *testing.T) {
	a := newAPI(t)
	ada := a.token(t, "ada@example.com")
	bob := a.token(t, "bob@example.com")
	_, got := a.ask(t, bob, `mutation {
		signIn(input: {email: "ada@example.com", password: "correct horse battery"}) { user { email } session { current ipAddress } }
		signOutEverywhere { endedSessions }
	}`, nil)
	for token, want := range map[string]int{ada: http.StatusOK, bob: http.StatusUnauthorized} {
		if status, _ := a.ask(t, token, "{ me { id } }", nil); status != want {
			t.Errorf("whose sessions ended? the token is answered with %d, want %d", status, want)
		}
	}
	if got.at("signIn.user.email") != "ada@example.com" || got.at("signIn.session.current") != true || len(got.Errors) > 0 {
		t.Errorf("answered %v", got)
	}
	if got.at("signIn.session.ipAddress") != "127.0.0.1" {
		t.Errorf("the address is %v", got.at("signIn.session.ipAddress"))
	}
}

func TestABadTokenDoesNotKeepFromSigningInAgain(t *testing.T) {
	a := newAPI(t)
	a.token(t, "ada@example.com")
	tests := map[string]struct {
		query  string
		status int
	}{
		"signing in":            {`mutation { signIn(input: {email: "ada@example.com", password: "correct horse battery"}) { accessToken } }`, 200},
		"refreshing":            {`mutation { refreshSession(input: {refreshToken: "x"}) { accessToken } }`, 200},
		"signing out":           {`mutation { signOut { endedSessions } }`, 200},
		"signing in, and more":  {`mutation { signOut { endedSessions } signOutEverywhere { endedSessions } }`, 401},
		"asking who one is":     {`{ me { id } }`, 401},
		"asking for the schema": {`{ __schema { queryType { name } } }`, 401},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if status, got := a.ask(t, "bad", test.query, nil); status != test.status {
				t.Errorf("answered %d, %v", status, got)
			}
		})
	}
}

func TestNobodySeesWhatADatabaseSays(t *testing.T) {
	a := newAPI(t)
	admin := a.token(t, "admin@example.com", auth.RoleAdmin)
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	_, got := a.ask(t, admin, "{ users { totalCount } claims { subject } }", nil)
	if len(got.Errors) != 1 || got.at("claims.subject") == nil {
		t.Fatalf("answered %v", got)
	}
	code, id := got.Errors[0].Extensions["code"], got.Errors[0].Extensions["requestId"]
	if shown := got.Errors[0].Message; strings.Contains(shown, "sql") || strings.Contains(shown, "database") {
		t.Errorf("shown: %s", shown)
	}
	if code != "INTERNAL" || !strings.Contains(a.log.String(), fmt.Sprint(id)) {
		t.Errorf("%v, and the log does not know the request %v", code, id)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := do(t, r); status != http.StatusServiceUnavailable || strings.Contains(string(body), "sql") {
		t.Errorf("/readyz answers %d, %s", status, body)
	}
}

func TestAHundredClientsAtOnceAreAnsweredRight(t *testing.T) {
	a := newAPI(t)
	tokens := map[string]string{}
	for i := range 4 {
		email := fmt.Sprintf("user%d@example.com", i)
		tokens[email] = a.token(t, email)
	}
	var wg sync.WaitGroup
	for email, token := range tokens {
		for range 25 {
			wg.Go(func() {
				status, body, err := post(http.DefaultClient, a.url, token, "{ me { email } users { totalCount } }", nil)
				if err != nil || status != 200 || !strings.Contains(string(body), email) || !strings.Contains(string(body), "FORBIDDEN") {
					t.Error(errors.Join(err, fmt.Errorf("%d: %s", status, body)))
				}
			})
		}
	}
	wg.Wait()
}

func TestEveryFieldOfOneselfIsAnswered(t *testing.T) {
	a := newAPI(t)
	token := a.token(t, "ada@example.com", auth.RoleUser, auth.RoleAdmin)
	_, got := a.ask(t, token, `{
		claims { issuer subject audience issuedAt expiresAt tokenId sessionId authTime roles scopes actor extra }
		me { id name createdAt email emailVerified roles updatedAt lastSignInAt disabledAt disabledReason sessions { nodes {
			id user { id } current userAgent ipAddress createdAt lastUsedAt expiresAt endedAt } } }
	}`, nil)
	if len(got.Errors) > 0 {
		t.Errorf("%v", got.Errors)
	}
	if diff := cmp.Diff(map[string]any{}, got.at("claims.extra")); diff != "" {
		t.Error(diff)
	}
}

func TestAnErrorStandsAtAFieldOfTheAnswer(t *testing.T) {
	a := newAPI(t)
	token := a.token(t, "ada@example.com", auth.RoleAdmin)
	_, got := a.ask(t, token, `{ u: user(id: "1") { id } }`, nil)
	if len(got.Errors) != 1 || !cmp.Equal(got.Errors[0].Path, []any{"u"}) || got.Errors[0].Extensions["field"] != "id" {
		t.Errorf("%+v", got.Errors)
	}
}
