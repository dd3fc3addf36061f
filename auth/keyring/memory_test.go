package keyring_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth/keyring"
)

// memory is the smallest store that keeps the contract.
type memory struct {
	mu      sync.Mutex
	keys    []keyring.SealedKey
	secrets []keyring.SealedSecret
	fails   error // what every method answers, where set
}

func (m *memory) SigningKeys(context.Context) ([]keyring.SealedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys), m.fails
}

func (m *memory) AddSigningKey(_ context.Context, k keyring.SealedKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.ContainsFunc(m.keys, func(have keyring.SealedKey) bool { return have.Generation == k.Generation }) {
		m.keys = append(m.keys, k)
	}
	slices.SortFunc(m.keys, func(a, b keyring.SealedKey) int { return cmp.Compare(a.Generation, b.Generation) })
	return m.fails
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
