package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
)

// goodHash is of goodPassword. It is made once: people are many in these tests, and a hash is dear.
var goodHash = sync.OnceValues(func() (string, error) {
	return password.NewHasher(1).Hash(context.Background(), password.Asker{}, goodPassword)
})

// person adds a user with the roles, and opens a session of theirs.
func (a *api) person(t testing.TB, roles ...auth.Role) session.Opened {
	t.Helper()
	hash, err := goodHash()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	id := auth.NewID(auth.UserPrefix, at)
	u := auth.User{
		ID: id, Name: "Someone", Email: auth.EmailAddress(string(id) + "@example.com"), Roles: roles,
		CreatedAt: at, UpdatedAt: at, Generation: 1,
	}
	if err := a.store.AddUser(t.Context(), account.NewUser{User: u, PasswordHash: hash}); err != nil {
		t.Fatal(err)
	}
	return a.open(t, u)
}

// open opens a session of a user whose password is goodPassword.
func (a *api) open(t testing.TB, u auth.User) session.Opened {
	t.Helper()
	hash, err := goodHash()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := a.sessions.Open(t.Context(), u, session.Proof{Hash: hash}, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func rolesOf(who string) []auth.Role {
	return map[string][]auth.Role{
		"user": {auth.RoleUser}, "support": {auth.RoleUser, auth.RoleSupport}, "admin": {auth.RoleUser, auth.RoleAdmin},
	}[who]
}

// What a mutation answers, in short.
const (
	done = ""
	unau = "UNAUTHENTICATED"
	forb = "FORBIDDEN"
	none = "NOT_FOUND"
)

// targets are on whom the mutations act, in the order of the columns below.
var targets = [...]string{"themselves", "user", "support", "admin", "no one"}

var staffOn = map[string][len(targets)]string{
	"nobody":  {unau, unau, unau, unau, unau},
	"user":    {forb, forb, forb, forb, forb},
	"support": {done, done, done, forb, none},
	"admin":   {done, done, done, done, none},
}

// onSomeone are the mutations that act on someone, and what they answer: a row for each actor.
var onSomeone = map[string]struct {
	mutation string
	answers  map[string][len(targets)]string
}{
	"disableUser":      {`mutation($id: ID!) { disableUser(input: {userId: $id, reason: "why"}) { user { id } } }`, staffOn},
	"enableUser":       {`mutation($id: ID!) { enableUser(input: {userId: $id}) { user { id } } }`, staffOn},
	"revokeUserTokens": {`mutation($id: ID!) { revokeUserTokens(input: {userId: $id}) { user { id } } }`, staffOn},
	"setUserRoles": {`mutation($id: ID!) { setUserRoles(input: {userId: $id, roles: [USER]}) { user { id } } }`, map[string][len(targets)]string{
		"nobody":  {unau, unau, unau, unau, unau},
		"user":    {forb, forb, forb, forb, forb},
		"support": {forb, forb, forb, forb, forb},
		"admin":   {done, done, done, done, none},
	}},
	"revokeSession": {`mutation($session: ID!) { revokeSession(input: {sessionId: $session}) { session { id } } }`, map[string][len(targets)]string{
		"nobody":  {unau, unau, unau, unau, unau},
		"user":    {done, none, none, none, none},
		"support": {done, done, done, forb, none},
		"admin":   {done, done, done, done, none},
	}},
}

func TestEachMutationByRoleAndTarget(t *testing.T) {
	a := newAPI(t)
	a.person(t, auth.RoleAdmin) // so that nobody else is the last
	for name, one := range onSomeone {
		for actor, answers := range one.answers {
			for i, target := range targets {
				t.Run(name+" by "+actor+" on "+target, func(t *testing.T) {
					by := session.Opened{Tokens: auth.Tokens{Access: "-"}}
					if actor != "nobody" {
						by = a.person(t, rolesOf(actor)...)
					}
					on := by
					switch {
					case target == "no one":
						on = session.Opened{
							User: auth.User{ID: "usr_00000000000000000000000000"}, Session: auth.Session{ID: "ses_00000000000000000000000000"},
						}
					case target != "themselves" || actor == "nobody":
						on = a.person(t, rolesOf(target)...)
					}
					before := a.history(t, on.User.ID)
					_, got := a.ask(t, by.Tokens.Access, one.mutation, map[string]any{"id": on.User.ID, "session": on.Session.ID})
					if code := firstCode(got); code != answers[i] {
						t.Errorf("answered %q (%v), want %q", code, got.Errors, answers[i])
					}
					if after := a.history(t, on.User.ID); (after > before) != (answers[i] == done) {
						t.Errorf("%d events before, and %d after", before, after)
					}
				})
			}
		}
	}
}

// history is how many events tell of the user.
func (a *api) history(t testing.TB, id auth.ID) int {
	t.Helper()
	events, err := a.store.Events(t.Context(), auth.EventFilter{SubjectID: &id}, auth.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return len(events.Items)
}

func firstCode(got answer) string {
	if len(got.Errors) == 0 {
		return done
	}
	return fmt.Sprint(got.Errors[0].Extensions["code"])
}

func TestEachMutationOnOneself(t *testing.T) {
	a := newAPI(t)
	a.person(t, auth.RoleAdmin) // so that nobody else is the last
	tests := map[string]struct {
		mutation string
		want     map[string]string // by actor; those who are not named are done
	}{
		"updateProfile":     {`updateProfile(input: {name: "Other"}) { user { name } }`, nil},
		"changeEmail":       {`changeEmail(input: {email: $email}) { user { email emailVerified } }`, nil},
		"changePassword":    {`changePassword(input: {currentPassword: $old, newPassword: "another horse battery"}) { accessToken user { email } session { current } }`, nil},
		"reauthenticate":    {`reauthenticate(input: {password: $old}) { accessToken user { email } session { current } }`, nil},
		"deleteAccount":     {`deleteAccount(input: {password: $old}) { deletedUserId }`, nil},
		"signOutEverywhere": {`signOutEverywhere { endedSessions }`, nil},
		"createUser":        {`createUser(input: {email: $email, name: "New", password: $old}) { user { name roles } }`, map[string]string{"user": forb}},
		"createUser with roles": {
			`createUser(input: {email: $email, name: "New", password: $old, roles: [SUPPORT]}) { user { name roles } }`,
			map[string]string{"user": forb, "support": forb},
		},
	}
	for name, test := range tests {
		for _, actor := range []string{"nobody", "user", "support", "admin"} {
			t.Run(name+" by "+actor, func(t *testing.T) {
				token, want := "-", unau
				if actor != "nobody" {
					token, want = a.person(t, rolesOf(actor)...).Tokens.Access, test.want[actor]
				}
				_, got := a.ask(t, token, declared(test.mutation), map[string]any{
					"old": goodPassword, "email": string(auth.NewID("new", time.Now())) + "@example.com",
				})
				if code := firstCode(got); code != want {
					t.Errorf("answered %q (%v), want %q", code, got.Errors, want)
				}
			})
		}
	}
}

// declared is the mutation with the variables that it uses.
func declared(mutation string) string {
	var variables string
	for name, kind := range map[string]string{"$old": "Secret!", "$email": "EmailAddress!"} {
		if strings.Contains(mutation, name) {
			variables += " " + name + ": " + kind
		}
	}
	if variables != "" {
		variables = "(" + variables + ")"
	}
	return "mutation" + variables + " { " + mutation + " }"
}

func TestAStaleSignInIsAskedToProveItselfAgain(t *testing.T) {
	a := newAPI(t)
	admin := a.person(t, auth.RoleAdmin)
	stale := admin.Session.AuthTime.Add(-16 * time.Minute)
	if err := a.store.Advance(t.Context(), session.Advance{SessionID: admin.Session.ID, From: 0, To: 1, At: time.Now(), AuthTime: &stale}); err != nil {
		t.Fatal(err)
	}
	old, err := a.sessions.Renew(t.Context(), auth.Secret(admin.Tokens.Refresh), auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	user := a.person(t, auth.RoleUser)
	query := `mutation($id: ID!) { setUserRoles(input: {userId: $id, roles: [SUPPORT]}) { user { roles } } }`
	variables := map[string]any{"id": user.User.ID}
	status, got := a.ask(t, old.Tokens.Access, query, variables)
	if diff := cmp.Diff([]string{"RECENT_SIGN_IN_REQUIRED Mutation.setUserRoles"}, got.faults()); diff != "" || status != http.StatusForbidden {
		t.Errorf("%d %s", status, diff)
	}
	_, got = a.ask(t, old.Tokens.Access, `mutation { reauthenticate(input: {password: "correct horse battery"}) { accessToken } }`, nil)
	fresh := fmt.Sprint(got.at("reauthenticate.accessToken"))
	if _, got = a.ask(t, fresh, query, variables); len(got.Errors) > 0 {
		t.Errorf("after proving it again: %v", got.Errors)
	}
	// The changed roles are felt at the user's next request.
	if status, _ := a.ask(t, user.Tokens.Access, "{ me { id } }", nil); status != http.StatusUnauthorized {
		t.Errorf("the user's old token is answered with %d", status)
	}
	_, got = a.ask(t, "-", `mutation($t: Secret!) { refreshSession(input: {refreshToken: $t}) { user { roles } } }`, map[string]any{"t": user.Tokens.Refresh})
	if diff := cmp.Diff([]any{"SUPPORT"}, got.at("refreshSession.user.roles")); diff != "" {
		t.Error(diff)
	}
}

func TestAnIDTokenIsForTheClientAndOpensNothing(t *testing.T) {
	a := newAPI(t)
	_, got := a.ask(t, "-", `mutation {
		signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery"}) { idToken refreshToken user { id } }
	}`, nil)
	idToken := fmt.Sprint(got.at("signUp.idToken"))
	segments := strings.Split(idToken, ".")
	if len(segments) != 3 {
		t.Fatalf("the ID token is %q", idToken)
	}
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Sub, Aud, Name, Email string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Sub != got.at("signUp.user.id") || claims.Aud != "fieldward" || claims.Name != "Ada" || claims.Email != "ada@example.com" {
		t.Errorf("it says %s", payload)
	}
	if status, _ := a.ask(t, idToken, "{ me { id } }", nil); status != http.StatusUnauthorized {
		t.Errorf("as an access token it is answered with %d", status)
	}
	_, got = a.ask(t, "-", `mutation($t: Secret!) { refreshSession(input: {refreshToken: $t}) { idToken } }`, map[string]any{"t": idToken})
	if diff := cmp.Diff([]string{"SESSION_ENDED"}, got.faults()); diff != "" {
		t.Errorf("as a refresh token: %s", diff)
	}
}

func TestSessionsOfAUser(t *testing.T) {
	a := newAPI(t)
	here := a.person(t, auth.RoleUser)
	there := a.open(t, here.User)
	other := a.person(t, auth.RoleUser)
	_, got := a.ask(t, here.Tokens.Access, `{ me { sessions { nodes { id current } edges { cursor } pageInfo { hasNextPage } } } }`, nil)
	want := []any{
		map[string]any{"id": string(there.Session.ID), "current": false}, map[string]any{"id": string(here.Session.ID), "current": true},
	}
	if there.Session.ID < here.Session.ID { // of one millisecond
		want[0], want[1] = want[1], want[0]
	}
	if diff := cmp.Diff(want, got.at("me.sessions.nodes")); diff != "" {
		t.Error(diff)
	}
	_, got = a.ask(t, other.Tokens.Access, `query($id: ID!) { node(id: $id) { ... on User { sessions { nodes { id } } } } }`, map[string]any{"id": here.User.ID})
	if diff := cmp.Diff([]string{"FORBIDDEN User.sessions"}, got.faults()); diff != "" {
		t.Error(diff)
	}
}

func TestAuditEventsAreForAdministrators(t *testing.T) {
	a := newAPI(t)
	admin, support, user := a.person(t, auth.RoleAdmin), a.person(t, auth.RoleSupport), a.person(t, auth.RoleUser)
	if _, got := a.ask(t, support.Tokens.Access, `mutation($id: ID!) { disableUser(input: {userId: $id, reason: "spam"}) { user { id } } }`, map[string]any{"id": user.User.ID}); len(got.Errors) > 0 {
		t.Fatal(got.Errors)
	}
	query := `query($id: ID!) { auditEvents(filter: {subjectId: $id, actions: [USER_DISABLED]}) { nodes { action actorId subjectId ipAddress details } pageInfo { hasNextPage } } }`
	_, got := a.ask(t, admin.Tokens.Access, query, map[string]any{"id": user.User.ID})
	want := []any{map[string]any{
		"action": "USER_DISABLED", "actorId": string(support.User.ID), "subjectId": string(user.User.ID),
		"ipAddress": "127.0.0.1", "details": nil,
	}}
	if diff := cmp.Diff(want, got.at("auditEvents.nodes")); diff != "" || len(got.Errors) > 0 {
		t.Errorf("%v %s", got.Errors, diff)
	}
	for _, token := range []string{support.Tokens.Access, "-"} {
		if _, got := a.ask(t, token, query, map[string]any{"id": user.User.ID}); got.at("auditEvents") != nil || len(got.Errors) == 0 {
			t.Errorf("answered %v", got)
		}
	}
}

func TestPermissionsAreTheCallersOwn(t *testing.T) {
	a := newAPI(t)
	tests := map[string]struct {
		token string
		want  map[string]string // of some coordinates: the access, or nothing
	}{
		"nobody":  {"-", map[string]string{"Mutation.signIn": "ALLOWED", "Query.me": "", "User.email": "", "Query.users": ""}},
		"a user":  {a.person(t, auth.RoleUser).Tokens.Access, map[string]string{"Query.me": "ALLOWED", "User.email": "OWN", "Query.users": "", "CreateUserInput.roles": ""}},
		"support": {a.person(t, auth.RoleSupport).Tokens.Access, map[string]string{"User.email": "ALLOWED", "Query.users": "ALLOWED", "Query.auditEvents": "", "Mutation.setUserRoles": ""}},
		"admin":   {a.person(t, auth.RoleAdmin).Tokens.Access, map[string]string{"Query.auditEvents": "ALLOWED", "Mutation.setUserRoles": "ALLOWED", "CreateUserInput.roles": "ALLOWED"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := a.ask(t, test.token, `{ permissions { coordinate type field access recentSignInWithin } }`, nil)
			access := map[string]string{}
			rows, _ := got.at("permissions").([]any)
			for _, row := range rows {
				r := row.(map[string]any)
				access[fmt.Sprint(r["coordinate"])] = fmt.Sprint(r["access"])
				if r["coordinate"] == "Mutation.setUserRoles" && r["recentSignInWithin"] != "PT15M" {
					t.Errorf("setUserRoles wants a sign-in within %v", r["recentSignInWithin"])
				}
			}
			for coordinate, want := range test.want {
				if access[coordinate] != want {
					t.Errorf("%s is %q, want %q", coordinate, access[coordinate], want)
				}
			}
		})
	}
}
