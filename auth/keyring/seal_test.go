package keyring_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

func TestAnotherMasterKeyStopsTheOpeningAndMakesNothing(t *testing.T) {
	tests := map[string]func(*memory){
		"beside keys and secrets": func(*memory) {},
		"beside keys alone":       func(m *memory) { m.secrets = nil },
		"beside secrets alone":    func(m *memory) { m.keys = nil },
		"beside one secret":       func(m *memory) { m.keys, m.secrets = nil, m.secrets[:1] },
	}
	for name, remove := range tests {
		t.Run(name, func(t *testing.T) {
			store, right, wrong := &memory{}, keyring.NewMasterKey(), keyring.NewMasterKey()
			openNew(t, store, right)
			remove(store)
			keys, secrets := len(store.keys), len(store.secrets)

			_, err := keyring.Open(t.Context(), store, wrong, start)

			e, ok := errors.AsType[*keyring.WrongMasterKeyError](err)
			if !ok || e.Want != right.Fingerprint() || e.Have != wrong.Fingerprint() {
				t.Errorf("the error is %v", err)
			}
			if !strings.Contains(err.Error(), right.Fingerprint()) || !strings.Contains(err.Error(), "FIELDWARD_MASTER_KEY") {
				t.Errorf("the message does not say which key and where: %v", err)
			}
			if len(store.keys) != keys || len(store.secrets) != secrets {
				t.Error("something was made beside what does not open")
			}
		})
	}
}

func TestNoMasterKeyOpensNothing(t *testing.T) {
	store := &memory{}
	if _, err := keyring.Open(t.Context(), store, keyring.MasterKey{}, start); err == nil || len(store.keys) > 0 {
		t.Errorf("opened with no master key: %v", err)
	}
}

func TestWhatWasChangedDoesNotOpenAndIsNamed(t *testing.T) {
	tests := map[string]struct {
		change func(m, other *memory)
		names  func(m *memory) string // what the error names
	}{
		"a key's seal":                {func(m, _ *memory) { m.keys[0].Sealed[40] ^= 1 }, firstKey},
		"a key's seal emptied":        {func(m, _ *memory) { m.keys[0].Sealed = nil }, firstKey},
		"a key's seal cut":            {func(m, _ *memory) { m.keys[0].Sealed = m.keys[0].Sealed[:30] }, firstKey},
		"a key under another ID":      {func(m, o *memory) { m.keys[0].ID = o.keys[0].ID }, firstKey},
		"another key's seal":          {func(m, o *memory) { m.keys[0].Sealed = o.keys[0].Sealed }, firstKey},
		"a secret's seal for a key's": {func(m, _ *memory) { m.keys[0].Sealed = m.secrets[0].Sealed }, firstKey},
		"a key's ID in tokens":        {func(m, o *memory) { m.keys[0].KeyID = o.keys[0].KeyID }, firstKey},
		"a key's algorithm":           {func(m, _ *memory) { m.keys[0].Algorithm = "HS256" }, firstKey},
		"a key's public part":         {func(m, o *memory) { m.keys[0].Public = o.keys[0].Public }, firstKey},
		"a key's public part emptied": {func(m, _ *memory) { m.keys[0].Public = nil }, firstKey},
		"a key's ID in both places": {func(m, _ *memory) {
			m.keys[0].KeyID, m.keys[0].Public = "kid", withMember(m.keys[0].Public, "kid", "kid")
		}, firstKey},
		"its algorithm in both places": {func(m, _ *memory) {
			m.keys[0].Algorithm, m.keys[0].Public = "HS256", withMember(m.keys[0].Public, "alg", "HS256")
		}, firstKey},
		"a private member in public":    {func(m, _ *memory) { m.keys[0].Public = withMember(m.keys[0].Public, "d", "AQ") }, firstKey},
		"a number in the public part":   {func(m, _ *memory) { m.keys[0].Public = withMember(m.keys[0].Public, "x", 1) }, firstKey},
		"a secret's seal":               {func(m, _ *memory) { m.secrets[0].Sealed[30] ^= 1 }, firstSecret},
		"a key's seal for a secret's":   {func(m, _ *memory) { m.secrets[0].Sealed = m.keys[0].Sealed }, firstSecret},
		"a secret's version":            {func(m, _ *memory) { m.secrets[0].Version = 2 }, firstSecret},
		"a secret's kind":               {func(m, _ *memory) { m.secrets[0].Kind = "journal" }, firstSecret},
		"one secret's seal for another": {func(m, _ *memory) { m.secrets[0].Sealed = m.secrets[1].Sealed }, firstSecret},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			master, store, other := keyring.NewMasterKey(), &memory{}, &memory{}
			openNew(t, store, master)
			openNew(t, other, master)
			test.change(store, other)

			_, err := keyring.Open(t.Context(), store, master, start)

			if err == nil || !strings.Contains(err.Error(), test.names(store)) {
				t.Errorf("the error is %v", err)
			}
			if _, wrong := errors.AsType[*keyring.WrongMasterKeyError](err); wrong {
				t.Error("the master key is blamed")
			}
		})
	}
}

func TestASealOfOneKindDoesNotOpenAsAnotherOfTheSameID(t *testing.T) {
	master, store := keyring.NewMasterKey(), &memory{}
	openNew(t, store, master)
	secret := store.secrets[0]
	store.keys[0].ID, store.keys[0].Sealed = auth.ID(secret.Kind+".1"), secret.Sealed
	if _, err := keyring.Open(t.Context(), store, master, start); err == nil || !strings.Contains(err.Error(), "seal is broken") {
		t.Errorf("the error is %v", err)
	}
}

func firstKey(m *memory) string { return string(m.keys[0].ID) }

func firstSecret(m *memory) string { return m.secrets[0].Kind + "." }

func withMember(public []byte, name string, value any) []byte {
	var members map[string]any
	_ = json.Unmarshal(public, &members)
	members[name] = value
	text, _ := json.Marshal(members)
	return text
}

func TestEveryBitOfASealCounts(t *testing.T) {
	master, store := keyring.NewMasterKey(), &memory{}
	openNew(t, store, master)
	for i := range store.secrets[0].Sealed {
		for bit := range 8 {
			changed := &memory{keys: store.keys, secrets: slices.Clone(store.secrets)}
			changed.secrets[0].Sealed = bytes.Clone(store.secrets[0].Sealed)
			changed.secrets[0].Sealed[i] ^= 1 << bit
			if _, err := keyring.Open(t.Context(), changed, master, start); err == nil {
				t.Fatalf("opens with bit %d of byte %d changed", bit, i)
			}
		}
	}
}

func TestNothingIsStoredInTheClear(t *testing.T) {
	store := &memory{}
	ring := openNew(t, store, keyring.NewMasterKey())
	for _, sealed := range store.secrets {
		secret, _ := ring.SecretVersion(sealed.Kind, sealed.Version)
		if bytes.Contains(sealed.Sealed, secret.Bytes) {
			t.Errorf("the %s secret stands in its seal", sealed.Kind)
		}
	}
}

func TestNoTwoSealsShareANonce(t *testing.T) {
	master, a, b := keyring.NewMasterKey(), &memory{}, &memory{}
	openNew(t, a, master)
	openNew(t, b, master)
	nonces := map[string]bool{}
	for _, sealed := range [][]byte{
		a.keys[0].Sealed, a.secrets[0].Sealed, a.secrets[1].Sealed, b.keys[0].Sealed, b.secrets[0].Sealed, b.secrets[1].Sealed,
	} {
		nonces[string(sealed[:24])] = true
	}
	if len(nonces) != 6 {
		t.Errorf("6 seals have %d nonces", len(nonces))
	}
}
