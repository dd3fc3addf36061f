package keyring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

func revoke(t *testing.T, ring *keyring.Keyring, keyID string) (revoked, signing auth.SigningKey) {
	t.Helper()
	revoked, signing, err := ring.Revoke(t.Context(), auth.Nobody, auth.Client{}, keyID, "")
	if err != nil {
		t.Fatal(err)
	}
	return revoked, signing
}

func TestARevokedKeyVerifiesNothingAndAnotherSignsAtOnce(t *testing.T) {
	c, store := newClock(), &memory{}
	ring := openAt(t, store, keyring.NewMasterKey(), c.now)
	leaked := ring.Signing()
	sealed := string(store.keys[0].Sealed)
	c.add(time.Minute)

	revoked, signing := revoke(t, ring, leaked.KeyID)

	if _, verifies := ring.Verifying(leaked.KeyID); verifies {
		t.Error("it still verifies")
	}
	if revoked.State != auth.KeyRetired || !revoked.RevokedAt.Equal(c.now()) || !revoked.VerifiesUntil.Equal(c.now()) {
		t.Errorf("it is %+v", revoked)
	}
	if signing.State != auth.KeySigning || ring.Signing().KeyID != signing.KeyID || !signing.SignsFrom.Equal(c.now()) || signing.KeyID == leaked.KeyID {
		t.Errorf("in its place is %+v", signing)
	}
	if len(store.keys) != 2 || string(store.keys[0].Sealed) != sealed {
		t.Error("the revoked key was not kept as it was")
	}
	e := store.told[0]
	if len(store.told) != 1 || e.Action != auth.SigningKeyRevoked || *e.SubjectID != revoked.ID ||
		e.Details["keyId"] != leaked.KeyID || e.Details["successor"] != signing.KeyID {
		t.Errorf("the events are %+v", store.told)
	}
	for _, k := range ring.Published() {
		if k.KeyID == leaked.KeyID {
			t.Error("it is still published")
		}
	}
}

func TestWhichKeyWasRevokedDecidesWhatSigns(t *testing.T) {
	tests := map[string]struct {
		index  int // of the key that is revoked
		states []auth.SigningKeyState
	}{
		"one that is retired changes nothing else":    {0, []auth.SigningKeyState{"RETIRED", "VERIFYING", "SIGNING", "ANNOUNCED"}},
		"one that verifies changes nothing else":      {1, []auth.SigningKeyState{"RETIRED", "RETIRED", "SIGNING", "ANNOUNCED"}},
		"one that signs brings one that overtakes":    {2, []auth.SigningKeyState{"RETIRED", "VERIFYING", "RETIRED", "VERIFYING", "SIGNING"}},
		"one that is announced brings one that signs": {3, []auth.SigningKeyState{"RETIRED", "VERIFYING", "VERIFYING", "RETIRED", "SIGNING"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, store := newClock(), &memory{}
			ring := openAt(t, store, keyring.NewMasterKey(), c.now)
			rotate(t, ring, "")
			c.add(48 * time.Hour)
			rotate(t, ring, "")
			c.add(2 * time.Hour)
			rotate(t, ring, "")

			revoke(t, ring, store.keys[test.index].KeyID)

			if len(store.keys) != len(test.states) {
				t.Fatalf("there are %d keys", len(store.keys))
			}
			for i, want := range test.states {
				if got, _ := ring.State(store.keys[i].KeyID); got != want {
					t.Errorf("generation %d is %s, not %s", i+1, got, want)
				}
			}
			if _, err := ring.Signing().Sign("text"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestToRevokeTwiceChangesNothing(t *testing.T) {
	store := &memory{}
	ring := openNew(t, store, keyring.NewMasterKey())
	leaked := ring.Signing().KeyID
	_, first := revoke(t, ring, leaked)
	_, second := revoke(t, ring, leaked)
	if first.KeyID != second.KeyID || len(store.keys) != 2 || len(store.told) != 1 {
		t.Errorf("there are %d keys and %d events", len(store.keys), len(store.told))
	}
}

func TestWhatIsNotThereIsNotRevoked(t *testing.T) {
	store := &memory{}
	ring := openNew(t, store, keyring.NewMasterKey())
	if _, _, err := ring.Revoke(t.Context(), auth.Nobody, auth.Client{}, "unknown", ""); !errors.Is(err, auth.ErrNotFound) || len(store.told) != 0 {
		t.Errorf("got the error %v", err)
	}
}

func TestARevocationThatIsOvertakenIsTriedAgain(t *testing.T) {
	tests := map[string]func(t *testing.T, other *keyring.Keyring, keyID string){
		"by a rotation":          func(t *testing.T, other *keyring.Keyring, _ string) { rotate(t, other, "") },
		"by the same revocation": func(t *testing.T, other *keyring.Keyring, keyID string) { revoke(t, other, keyID) },
		"by a rotation and a revocation": func(t *testing.T, other *keyring.Keyring, keyID string) {
			rotate(t, other, "")
			revoke(t, other, keyID)
		},
	}
	for name, overtake := range tests {
		t.Run(name, func(t *testing.T) {
			store, master := &memory{}, keyring.NewMasterKey()
			ring, other := openNew(t, store, master), openNew(t, store, master)
			leaked := ring.Signing().KeyID
			store.late = func() { overtake(t, other, leaked) }
			_, signing := revoke(t, ring, leaked)
			if err := other.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, verifies := other.Verifying(leaked); verifies || other.Signing().KeyID != signing.KeyID {
				t.Error("the two do not agree on what signs")
			}
			revocations := 0
			for _, e := range store.told {
				if e.Action == auth.SigningKeyRevoked {
					revocations++
				}
			}
			if revocations != 1 {
				t.Errorf("it was revoked %d times", revocations)
			}
		})
	}
}

func TestARotationThatARevocationOvertookAnnouncesTheNextAfterIt(t *testing.T) {
	store, master := &memory{}, keyring.NewMasterKey()
	ring, other := openNew(t, store, master), openNew(t, store, master)
	leaked := ring.Signing().KeyID
	store.late = func() { revoke(t, other, leaked) }
	next := rotate(t, ring, "")
	if next.State != auth.KeyAnnounced || len(store.keys) != 3 || store.keys[2].KeyID != next.KeyID {
		t.Errorf("the successor is %+v of %d", next, len(store.keys))
	}
}

func TestNoKeySignsAgainWhenItsSuccessorWasRevokedAndClocksDiffer(t *testing.T) {
	c, store, master := newClock(), &memory{}, keyring.NewMasterKey()
	ring := openAt(t, store, master, c.now)
	first := ring.Signing()
	rotate(t, ring, "")
	c.add(48 * time.Hour)
	late := openAt(t, store, master, func() time.Time { return c.now().Add(-20 * time.Second) })
	_, signing := revoke(t, ring, ring.Signing().KeyID)
	if err := late.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k := late.Signing(); k.KeyID != signing.KeyID || k.KeyID == first.KeyID {
		t.Errorf("where the clock is late signs %s", k)
	}
	if _, verifies := late.Verifying(first.KeyID); verifies {
		t.Error("a retired key verifies")
	}
}
