package keyring_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

func openWith(t *testing.T, store keyring.Store, s keyring.Settings, now func() time.Time) *keyring.Keyring {
	t.Helper()
	ring, err := keyring.OpenWith(t.Context(), store, s, now)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestAfterSealingAgainTheCurrentMasterKeyAloneOpensEverything(t *testing.T) {
	store, old, current, c := &memory{}, keyring.NewMasterKey(), keyring.NewMasterKey(), newClock()
	running := openAt(t, store, old, c.now)
	rotate(t, running, "")
	revoke(t, running, running.Signing().KeyID)
	before := slices.Clone(store.keys)
	both := openWith(t, store, keyring.Settings{Master: current, Previous: old}, c.now)
	sameRing(t, running, both)

	keys, secrets, err := both.Reseal(t.Context())

	if err != nil || keys != 3 || secrets != len(store.secrets) {
		t.Fatalf("sealed %d keys and %d secrets again, %v", keys, secrets, err)
	}
	alone := openAt(t, store, current, c.now)
	sameRing(t, running, alone)
	for i, k := range store.keys {
		if k.SealedBy != current.Fingerprint() || bytes.Equal(k.Sealed, before[i].Sealed) {
			t.Errorf("generation %d is sealed as before", k.Generation)
		}
		k.Sealed, k.SealedBy = before[i].Sealed, before[i].SealedBy
		if k.KeyID != before[i].KeyID || k.RevokedAt != before[i].RevokedAt || !k.SignsFrom.Equal(before[i].SignsFrom) {
			t.Errorf("of generation %d more has changed than its seal", k.Generation)
		}
	}
	if _, err := keyring.Open(t.Context(), store, old, c.now); err == nil {
		t.Error("the old master key still opens")
	}
	if keys, secrets, err := both.Reseal(t.Context()); keys != 0 || secrets != 0 || err != nil {
		t.Errorf("a second time: %d, %d, %v", keys, secrets, err)
	}
}

func TestARunningServerWithTheOldMasterKeyGoesOn(t *testing.T) {
	store, old, current, c := &memory{}, keyring.NewMasterKey(), keyring.NewMasterKey(), newClock()
	running := openAt(t, store, old, c.now)
	both := openWith(t, store, keyring.Settings{Master: current, Previous: old}, c.now)
	if _, _, err := both.Reseal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := running.Refresh(t.Context()); err != nil {
		t.Errorf("what it holds does not stay good: %v", err)
	}
	sameRing(t, running, both)
	_, err := running.Rotate(t.Context(), auth.Nobody, auth.Client{}, "")
	if e, ok := errors.AsType[*keyring.WrongMasterKeyError](err); !ok || e.Want != current.Fingerprint() || store.count() != 1 {
		t.Errorf("it makes a key under a master key that was replaced: %v", err)
	}
	leaked := running.Signing().KeyID
	revoke(t, both, leaked)
	err = running.Refresh(t.Context())
	if e, ok := errors.AsType[*keyring.WrongMasterKeyError](err); !ok || e.Want != current.Fingerprint() {
		t.Errorf("of a key that it cannot open it says %v", err)
	}
	if _, verifies := running.Verifying(leaked); verifies {
		t.Error("it does not feel a revocation")
	}
	if _, err := running.Rotate(t.Context(), auth.Nobody, auth.Client{}, ""); err == nil {
		t.Error("it makes a key under the old master key")
	}
}

func TestThePreviousMasterKeyOpensAndDoesNotSeal(t *testing.T) {
	store, old, current, c := &memory{}, keyring.NewMasterKey(), keyring.NewMasterKey(), newClock()
	openAt(t, store, old, c.now)
	store.secrets = store.secrets[:1]
	both := openWith(t, store, keyring.Settings{Master: current, Previous: old}, c.now)
	rotate(t, both, "")
	if store.keys[0].SealedBy != old.Fingerprint() || store.keys[1].SealedBy != current.Fingerprint() {
		t.Error("the new key is not sealed with the current master key, or the old one is")
	}
	for _, s := range store.secrets[1:] {
		if s.SealedBy == old.Fingerprint() && store.secrets[0].SealedBy == old.Fingerprint() {
			t.Errorf("the new %s secret is sealed with the previous master key", s.Kind)
		}
	}
}

func TestWhatOpensWithNeitherMasterKeyIsNamedAndNothingIsSealedAgain(t *testing.T) {
	right, c := keyring.NewMasterKey(), newClock()
	current, previous := keyring.NewMasterKey(), keyring.NewMasterKey()
	store := &memory{}
	openAt(t, store, right, c.now)
	_, err := keyring.OpenWith(t.Context(), store, keyring.Settings{Master: current, Previous: previous}, c.now)
	e, ok := errors.AsType[*keyring.WrongMasterKeyError](err)
	if !ok || e.Want != right.Fingerprint() || e.Have != current.Fingerprint() || e.Previous != previous.Fingerprint() {
		t.Fatalf("the error is %v", err)
	}
	for _, says := range []string{e.Want, e.Have, e.Previous, "FIELDWARD_MASTER_KEY_PREVIOUS"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("it does not say %s: %v", says, err)
		}
	}

	both := openWith(t, store, keyring.Settings{Master: current, Previous: right}, c.now)
	before := slices.Clone(store.secrets)
	store.keys = slices.Clone(store.keys)
	store.secrets = slices.Clone(store.secrets)
	store.secrets[len(store.secrets)-1].SealedBy = "another"
	sealed := store.keys[0].Sealed
	if _, _, err := both.Reseal(t.Context()); err == nil {
		t.Error("sealed again what does not open")
	}
	if !bytes.Equal(store.keys[0].Sealed, sealed) || !bytes.Equal(store.secrets[0].Sealed, before[0].Sealed) {
		t.Error("a part was sealed again")
	}
}
