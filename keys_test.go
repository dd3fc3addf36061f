package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/cli"
)

// fetch is a client: "fetch URL [name=value …]" gets the page with the headers, and prints the status on standard error
// and the body on standard output.
func fetch() {
	r, err := http.NewRequest(http.MethodGet, os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	for _, pair := range os.Args[2:] {
		name, value, _ := strings.Cut(pair, "=")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = fmt.Fprintln(os.Stderr, "status", resp.StatusCode)
	for _, name := range []string{"Cache-Control", "ETag", "Content-Type"} {
		_, _ = fmt.Fprintln(os.Stderr, name+":", resp.Header.Get(name))
	}
	_, _ = io.Copy(os.Stdout, resp.Body)
	os.Exit(0)
}

// makekey prints a new private key: "makekey NAME", where NAME is P-256, P-384, P-521 or oct.
func makekey() {
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	if os.Args[1] == "oct" {
		fmt.Printf(`{"kty":"oct","k":"%s"}`, base64.RawURLEncoding.EncodeToString([]byte(rand.Text()+rand.Text())))
		os.Exit(0)
	}
	key, err := ecdsa.GenerateKey(curves[os.Args[1]], rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	_ = pem.Encode(os.Stdout, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	os.Exit(0)
}

// instances are several servers on one database.
func instances(t *testing.T, n int) []*house {
	t.Helper()
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.Database = "sqlite:" + filepath.Join(t.TempDir(), "keys.db")
	all := make([]*house, n)
	for i := range all {
		if all[i], err = open(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestNobodyIsRefusedThroughAWholeRotation signs in and refreshes at one instance and another, and verifies every token
// at both until it ends, and by a key set that is five minutes old: from before a rotation until the old key is retired.
func TestNobodyIsRefusedThroughAWholeRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watch{T: t, at: instances(t, 2), signedBy: map[string]bool{}}
		defer w.close()
		ada := account.Details{Email: "ada@example.com", Name: "Ada", Password: goodPassword}
		_, err := w.at[0].accounts.Create(t.Context(), account.Operator, ada)
		w.must(err)
		first := w.at[0].keys.Signing().KeyID
		began, since := time.Now(), map[auth.SigningKeyState]time.Duration{}
		for step := 0; since[auth.KeyRetired] == 0; step++ {
			if step == 6 {
				_, err := w.at[1].keys.Rotate(t.Context(), auth.Nobody, auth.Client{}, keyring.EdDSA)
				w.must(err)
			}
			w.step(step)
			if state, _ := w.at[0].keys.State(first); since[state] == 0 {
				since[state] = max(time.Since(began), 1)
			}
			time.Sleep(5 * time.Minute)
			w.refresh()
		}
		t.Logf("%d tokens, verified %d times; the first key was verifying after %s and retired after %s",
			w.issued, w.verified, since[auth.KeyVerifying], since[auth.KeyRetired])
		if len(w.signedBy) != 2 || since[auth.KeyVerifying] < 90*time.Minute || since[auth.KeyRetired] < 25*time.Hour {
			t.Errorf("%d keys signed, and the first was %v", len(w.signedBy), since)
		}
	})
}

// watch holds on to tokens until they end.
type watch struct {
	*testing.T
	at               []*house
	keySet           string // as it was a step ago
	last             auth.Secret
	live             []auth.Tokens
	issued, verified int
	signedBy         map[string]bool
}

func (w *watch) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// step signs in once an hour and refreshes else, and verifies what lives.
func (w *watch) step(step int) {
	w.Helper()
	h := w.at[step%len(w.at)]
	var opened session.Opened
	var err error
	if step%12 == 0 {
		opened, err = h.accounts.SignIn(w.Context(), "ada@example.com", goodPassword, auth.Client{})
	} else {
		opened, err = h.sessions.Renew(w.Context(), w.last, auth.Client{})
	}
	w.must(err)
	w.last, w.live, w.issued = auth.Secret(opened.Tokens.Refresh), append(w.live, opened.Tokens), w.issued+1
	w.live = slices.DeleteFunc(w.live, func(t auth.Tokens) bool { return !time.Now().Before(t.ExpiresAt) })
	for _, tokens := range w.live {
		for i, h := range w.at {
			if _, err := h.verifier.Verify(w.Context(), tokens.Access); err != nil {
				w.Fatalf("in step %d instance %d says: %v", step, i, err)
			}
			w.verified++
		}
		kid := kidOf(w, tokens.Access)
		w.signedBy[kid] = true
		if w.keySet != "" && !strings.Contains(w.keySet, kid) {
			w.Fatalf("in step %d the key set of five minutes ago has no %s", step, kid)
		}
	}
	set, err := h.keys.KeySet()
	w.must(err)
	w.keySet = string(set)
}

// refresh is what each instance's loop does twice a second.
func (w *watch) refresh() {
	for _, h := range w.at {
		w.must(h.keys.Refresh(w.Context()))
	}
}

func (w *watch) close() {
	for _, h := range w.at {
		w.must(h.store.Close())
	}
}

func kidOf(t testing.TB, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(text, &header); err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// processes runs the program n times at once in a folder, and returns what each printed.
func processes(t *testing.T, n int, folder string, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath("fieldward")
	if err != nil {
		t.Fatal(err)
	}
	printed := make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			program := exec.CommandContext(t.Context(), path, args...)
			program.Dir = folder
			out, err := program.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			printed[i] = string(out)
		})
	}
	all.Wait()
	return printed
}

func TestTenProcessesThatRotateAtOnceAnnounceOneSuccessor(t *testing.T) {
	folder := t.TempDir()
	processes(t, 1, folder, "keys", "list")
	answers := processes(t, 10, folder, "keys", "rotate")
	for _, answer := range answers {
		if answer != answers[0] || !strings.HasPrefix(answer, "Announced ") {
			t.Errorf("one says %q, another %q", answers[0], answer)
		}
	}
	list := processes(t, 1, folder, "keys", "list")[0]
	if strings.Count(list, "ANNOUNCED") != 1 || strings.Count(list, "SIGNING") != 1 || strings.Count(list, "\n") != 3 {
		t.Errorf("the keys are\n%s", list)
	}
}

func TestEightServersThatStartAtOnceOnAnEmptyDatabaseHaveOneKey(t *testing.T) {
	folder := t.TempDir()
	path, err := exec.LookPath("fieldward")
	if err != nil {
		t.Fatal(err)
	}
	sets := make([]string, 8)
	var all sync.WaitGroup
	for i := range sets {
		all.Go(func() {
			url, kill := launch(t, path, folder)
			defer kill()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/.well-known/jwks.json", nil)
			if err != nil {
				t.Error(err)
				return
			}
			_, body := do(t, r)
			sets[i] = string(body)
		})
	}
	all.Wait()
	for _, set := range sets {
		if set != sets[0] || strings.Count(set, `"kid"`) != 1 {
			t.Errorf("one publishes %s, another %s", sets[0], set)
		}
	}
	if list := processes(t, 1, folder, "keys", "list")[0]; strings.Count(list, "\n") != 2 {
		t.Errorf("the keys are\n%s", list)
	}
}

func TestSigningKeysAreForAdministratorsAlone(t *testing.T) {
	a := newAPI(t)
	user, admin := a.token(t, "user@example.com"), a.token(t, "admin@example.com", auth.RoleAdmin)
	const list = `{ signingKeys { id keyId algorithm state createdAt signsFrom signsUntil verifiesUntil publicJwk } }`
	const rotate = `mutation { rotateSigningKey { signingKey { id keyId state algorithm } } }`
	for what, query := range map[string]string{"Query.signingKeys": list, "Mutation.rotateSigningKey": rotate} {
		_, got := a.ask(t, user, query, nil)
		if faults := got.faults(); len(faults) == 0 || faults[0] != "FORBIDDEN "+what {
			t.Errorf("%s: a user is told %q", what, faults)
		}
	}
	if n := len(a.keys.Keys()); n != 1 {
		t.Fatalf("a denied mutation made a key: there are %d", n)
	}
	_, got := a.ask(t, admin, rotate, nil)
	next := got.at("rotateSigningKey.signingKey.keyId")
	if len(got.Errors) > 0 || got.at("rotateSigningKey.signingKey.state") != "ANNOUNCED" {
		t.Fatalf("rotated: %+v", got)
	}
	_, again := a.ask(t, admin, `mutation { rotateSigningKey(input: {algorithm: EdDSA}) { signingKey { keyId algorithm } } }`, nil)
	if again.at("rotateSigningKey.signingKey.keyId") != next {
		t.Errorf("rotated again: %+v", again)
	}
	_, got = a.ask(t, admin, list, nil)
	keys, _ := got.at("signingKeys").([]any)
	if len(got.Errors) > 0 || len(keys) != 2 {
		t.Fatalf("listed: %+v", got)
	}
	newest, oldest := keys[0].(map[string]any), keys[1].(map[string]any)
	if newest["keyId"] != next || newest["signsUntil"] != nil || oldest["signsUntil"] != newest["signsFrom"] || oldest["state"] != "SIGNING" {
		t.Errorf("the keys are %v and %v", newest, oldest)
	}
	published, _ := newest["publicJwk"].(map[string]any)
	if published["kid"] != next || published["d"] != nil || published["kty"] != "EC" {
		t.Errorf("published is %v", published)
	}
	node := `query($id: ID!) { node(id: $id) { id ... on SigningKey { keyId } } }`
	_, got = a.ask(t, admin, node, map[string]any{"id": newest["id"]})
	if got.at("node.keyId") != next {
		t.Errorf("by its ID: %+v", got)
	}
	_, got = a.ask(t, user, node, map[string]any{"id": newest["id"]})
	if diff := cmp.Diff([]string{"FORBIDDEN SigningKey"}, got.faults()); diff != "" || got.at("node") != nil {
		t.Errorf("to a user: %s%v", diff, got.Data)
	}
	_, got = a.ask(t, admin, `{ auditEvents(filter: {actions: [SIGNING_KEY_ROTATED]}) { nodes { actorId subjectId details } } me { id } }`, nil)
	nodes, _ := got.at("auditEvents.nodes").([]any)
	if len(nodes) != 1 || nodes[0].(map[string]any)["actorId"] != got.at("me.id") || nodes[0].(map[string]any)["subjectId"] != newest["id"] {
		t.Errorf("on record is %+v", got)
	}
}

func TestWhatCannotBeRotatedIsRefusedByCode(t *testing.T) {
	a := newAPI(t)
	admin := a.token(t, "admin@example.com", auth.RoleAdmin)
	_, got := a.ask(t, admin, `mutation { rotateSigningKey(input: {algorithm: HS256}) { signingKey { id } } }`, nil)
	if diff := cmp.Diff([]string{"INVALID_INPUT input.algorithm"}, got.faults()); diff != "" {
		t.Error(diff)
	}
	if len(a.keys.Keys()) != 1 {
		t.Error("a key was made")
	}
}
