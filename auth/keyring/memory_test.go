package keyring_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// memory is the smallest store that keeps the contract.
type memory struct {
	mu      sync.Mutex
	keys    []keyring.SealedKey
	secrets []keyring.SealedSecret
	told    []auth.Event
	reads   int    // of keys
	fails   error  // what every method answers, where set
	late    func() // called before a key is added or revoked, where set
}

func (m *memory) SigningKeys(context.Context) ([]keyring.SealedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return slices.Clone(m.keys), m.fails
}

// count is how many keys there are.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.keys)
}

func (m *memory) AddSigningKey(_ context.Context, k keyring.SealedKey, told ...auth.Event) error {
	m.overtake()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(k, told...)
	return m.fails
}

// overtake lets someone else go first, once.
func (m *memory) overtake() {
	m.mu.Lock()
	late := m.late
	m.late = nil
	m.mu.Unlock()
	if late != nil {
		late()
	}
}

func (m *memory) add(k keyring.SealedKey, told ...auth.Event) (added bool) {
	if slices.ContainsFunc(m.keys, func(have keyring.SealedKey) bool { return have.Generation == k.Generation }) {
		return false
	}
	m.keys = append(m.keys, k)
	m.told = append(m.told, told...)
	slices.SortFunc(m.keys, func(a, b keyring.SealedKey) int { return cmp.Compare(a.Generation, b.Generation) })
	return true
}

func (m *memory) RevokeSigningKey(_ context.Context, r keyring.Revocation) error {
	m.overtake()
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.keys, func(k keyring.SealedKey) bool { return k.ID == r.ID && k.RevokedAt == nil })
	if i < 0 || r.Successor != nil && !m.add(*r.Successor) {
		return keyring.ErrOvertaken
	}
	m.keys = slices.Clone(m.keys)
	m.keys[i].RevokedAt = &r.At
	m.told = append(m.told, r.Event)
	return m.fails
}

func (m *memory) Reseal(_ context.Context, again func(keyring.Sealed) (keyring.Sealed, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, err := again(keyring.Sealed{Keys: slices.Clone(m.keys), Secrets: slices.Clone(m.secrets)})
	if err == nil {
		m.keys, m.secrets = all.Keys, all.Secrets
	}
	return err
}

func (m *memory) Secrets(context.Context) ([]keyring.SealedSecret, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.secrets), m.fails
}

func (m *memory) AddSecret(_ context.Context, s keyring.SealedSecret) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.ContainsFunc(m.secrets, func(have keyring.SealedSecret) bool {
		return have.Kind == s.Kind && have.Version == s.Version
	}) {
		m.secrets = append(m.secrets, s)
	}
	slices.SortFunc(m.secrets, func(a, b keyring.SealedSecret) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Version, b.Version))
	})
	return m.fails
}

// start is when the tests' first key is made.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// openNew opens a keyring on a store, at start.
func openNew(t *testing.T, store keyring.Store, master keyring.MasterKey) *keyring.Keyring {
	t.Helper()
	ring, err := keyring.Open(t.Context(), store, master, start)
	if err != nil {
		t.Fatalf("open keyring: %v", err)
	}
	return ring
}
