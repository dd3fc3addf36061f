package token_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/token"
)

const (
	issuer   = "https://auth.example"
	audience = "https://api.example"
	life     = 10 * time.Minute
)

// start is the tests' time: when tokens are issued and, unless a test says otherwise, verified.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func settings() token.Settings {
	return token.Settings{Issuer: issuer, Audience: audience, TokenAudience: []string{audience, "https://other.example"}, TTL: life}
}

// memory is the smallest keyring.Store that keeps the contract.
type memory struct {
	mu      sync.Mutex
	keys    []keyring.SealedKey
	secrets []keyring.SealedSecret
}

func (m *memory) SigningKeys(context.Context) ([]keyring.SealedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys), nil
}

func (m *memory) AddSigningKey(_ context.Context, k keyring.SealedKey, _ ...auth.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.ContainsFunc(m.keys, func(have keyring.SealedKey) bool { return have.Generation == k.Generation }) {
		m.keys = append(m.keys, k)
	}
	return nil
}

func (m *memory) RevokeSigningKey(_ context.Context, r keyring.Revocation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = slices.Clone(m.keys)
	for i := range m.keys {
		if m.keys[i].ID == r.ID {
			m.keys[i].RevokedAt = &r.At
		}
	}
	if r.Successor != nil {
		m.keys = append(m.keys, *r.Successor)
	}
	return nil
}

func (m *memory) Reseal(context.Context, func(keyring.Sealed) (keyring.Sealed, error)) error {
	return errors.New("nobody seals again here")
}

func (m *memory) Secrets(context.Context) ([]keyring.SealedSecret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.secrets), nil
}

func (m *memory) AddSecret(_ context.Context, s keyring.SealedSecret) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets = append(m.secrets, s)
	return nil
}

// revoked refuses the sessions that it holds.
type revoked map[auth.ID]bool

func (r revoked) Revoked(_ context.Context, c auth.Claims) (bool, error) { return r[*c.SessionID], nil }

// house is a server's issuer and verifier on one keyring, at a time that tests move.
type house struct {
	*token.Issuer
	*token.Verifier
	ring    *keyring.Keyring
	store   *memory
	revoked revoked
	now     time.Time
	user    auth.User
	session auth.Session
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return newHouseOf(t, keyring.Settings{Master: keyring.NewMasterKey()})
}

func newHouseOf(t testing.TB, s keyring.Settings) *house {
	t.Helper()
	h := &house{store: &memory{}, revoked: revoked{}, now: start()}
	clock := func() time.Time { return h.now }
	ring, err := keyring.OpenWith(t.Context(), h.store, s, clock)
	if err != nil {
		t.Fatal(err)
	}
	h.ring = ring
	h.Issuer = token.NewIssuer(ring, settings(), nil, clock)
	h.Verifier = token.NewVerifier(ring, settings(), h.revoked, clock)
	h.user = auth.User{ID: auth.NewID(auth.UserPrefix, start()), Roles: []auth.Role{auth.RoleSupport, "GARDENER"}, Generation: 7}
	h.session = auth.Session{
		ID: auth.NewID(auth.SessionPrefix, start()), UserID: h.user.ID, AuthTime: start().Add(-time.Hour),
		ExpiresAt: start().Add(1000 * time.Hour),
	}
	return h
}

func (h *house) issue(t testing.TB) token.Issued {
	t.Helper()
	issued, err := h.Issue(t.Context(), h.user, h.session)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// sign writes a token of any header and payload, with a true signature.
func (h *house) sign(t testing.TB, header, payload string) string {
	t.Helper()
	return h.signSegments(t, base64URL(header), base64URL(payload))
}

func (h *house) signSegments(t testing.TB, header, payload string) string {
	t.Helper()
	signature, err := h.ring.Signing().Sign(header + "." + payload)
	if err != nil {
		t.Fatal(err)
	}
	return header + "." + payload + "." + base64URL(string(signature))
}

// object is JSON under construction: names and raw values in their order.
type object [][2]string

// header is that of a good token.
func (h *house) header() object {
	return object{{"typ", `"at+jwt"`}, {"alg", `"ES256"`}, {"kid", quote(h.ring.Signing().KeyID)}}
}

// claims are those of a good token.
func (h *house) claims() object {
	return object{
		{"iss", quote(issuer)},
		{"sub", quote(string(h.user.ID))},
		{"aud", quote(audience)},
		{"iat", date(0)},
		{"exp", date(life)},
		{"jti", quote(string(auth.NewID(auth.TokenPrefix, start())))},
		{"client_id", `"fieldward"`},
		{"sid", quote(string(h.session.ID))},
		{"auth_time", date(0)},
		{"amr", `["pwd"]`},
		{"gen", "7"},
		{"roles", `["SUPPORT"]`},
	}
}

// with is the object with one value changed, or added last.
func (o object) with(name, raw string) object {
	changed := slices.Clone(o)
	for i := range changed {
		if changed[i][0] == name {
			changed[i][1] = raw
			return changed
		}
	}
	return append(changed, [2]string{name, raw})
}

// and is the object with a member more, whether it has that name or not.
func (o object) and(name, raw string) object { return append(slices.Clone(o), [2]string{name, raw}) }

func (o object) without(name string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m [2]string) bool { return m[0] == name })
}

func (o object) String() string {
	members := make([]string, len(o))
	for i, m := range o {
		members[i] = `"` + m[0] + `":` + m[1]
	}
	return "{" + strings.Join(members, ",") + "}"
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// date is the NumericDate of a time after start.
func date(after time.Duration) string { return strconv.FormatInt(start().Add(after).Unix(), 10) }

func base64URL(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
