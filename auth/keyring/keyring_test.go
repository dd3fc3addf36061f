package keyring_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

func TestAnEmptyStoreGetsAKeyThatSignsAtOnceAndASecretOfEachKind(t *testing.T) {
	store := &memory{}
	ring := openNew(t, store, keyring.NewMasterKey())

	key := ring.Signing()
	if key.Generation != 1 || key.Algorithm != keyring.ES256 || !key.ID.Is(auth.KeyPrefix) {
		t.Errorf("the first key is %d, %s, %s", key.Generation, key.Algorithm, key.ID)
	}
	if s, _ := ring.State(key.KeyID); s != auth.KeySigning {
		t.Errorf("the first key is %s", s)
	}
	refresh, cursor := ring.Secret(keyring.RefreshSecret), ring.Secret(keyring.CursorSecret)
	if len(refresh.Bytes) != 32 || len(cursor.Bytes) != 32 || bytes.Equal(refresh.Bytes, cursor.Bytes) {
		t.Error("the secrets are not 32 bytes each, or not two")
	}
	if refresh.Version != 1 || cursor.Version != 1 {
		t.Errorf("the versions are %d and %d", refresh.Version, cursor.Version)
	}
	if len(store.keys) != 1 || len(store.secrets) != 3 {
		t.Errorf("the store holds %d keys and %d secrets", len(store.keys), len(store.secrets))
	}
}

func TestASecondOpeningFindsEverythingAgain(t *testing.T) {
	store, master := &memory{}, keyring.NewMasterKey()
	first := openNew(t, store, master)
	second := openNew(t, store, master)

	sameRing(t, first, second)
	if len(store.keys) != 1 || len(store.secrets) != 3 {
		t.Errorf("the store holds %d keys and %d secrets", len(store.keys), len(store.secrets))
	}
}

// sameRing fails unless what one ring signs the other verifies, and their secrets are the same.
func sameRing(t *testing.T, a, b *keyring.Keyring) {
	t.Helper()
	signature, err := a.Signing().Sign("text")
	if err != nil {
		t.Fatal(err)
	}
	key, found := b.Verifying(a.Signing().KeyID)
	if !found {
		t.Fatal("one keyring does not know the key with which the other signs")
	}
	if err := key.Verify("text", signature); err != nil {
		t.Error("one keyring does not verify what the other signs")
	}
	if err := key.Verify("another text", signature); !errors.Is(err, keyring.ErrSignature) {
		t.Errorf("a signature over another text: %v", err)
	}
	for _, kind := range []string{keyring.RefreshSecret, keyring.CursorSecret, keyring.JournalSecret} {
		if !bytes.Equal(a.Secret(kind).Bytes, b.Secret(kind).Bytes) {
			t.Errorf("the secrets of kind %s differ", kind)
		}
	}
}

func TestOfEightThatOpenAnEmptyStoreAtOnceAllHaveOneKeyAndOneSecretOfEachKind(t *testing.T) {
	for range 50 {
		store, master := &memory{}, keyring.NewMasterKey()
		rings := make([]*keyring.Keyring, 8)
		var all sync.WaitGroup
		for i := range rings {
			all.Go(func() {
				ring, err := keyring.Open(context.Background(), store, master, start)
				if err != nil {
					t.Errorf("open: %v", err)
				}
				rings[i] = ring
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		for _, ring := range rings[1:] {
			sameRing(t, rings[0], ring)
		}
		if len(store.keys) != 1 || len(store.secrets) != 3 {
			t.Fatalf("the store holds %d keys and %d secrets", len(store.keys), len(store.secrets))
		}
	}
}

func TestOfTwoMasterKeysThatMeetAnEmptyStoreOneWinsAndTheOtherSealsNothing(t *testing.T) {
	for range 50 {
		store := &memory{}
		errs := make([]error, 2)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = keyring.Open(context.Background(), store, keyring.NewMasterKey(), start) })
		}
		all.Wait()
		failed := 0
		for _, err := range errs {
			if err != nil {
				failed++
				if _, wrong := errors.AsType[*keyring.WrongMasterKeyError](err); !wrong {
					t.Fatalf("the loser's error: %v", err)
				}
			}
		}
		by := map[string]bool{}
		for _, s := range store.secrets {
			by[s.SealedBy] = true
		}
		by[store.keys[0].SealedBy] = true
		if failed != 1 || len(by) != 1 || len(store.secrets) != 3 {
			t.Fatalf("%d failed, %d master keys sealed, %d secrets", failed, len(by), len(store.secrets))
		}
	}
}

func TestOpeningReportsWhatTheStoreSays(t *testing.T) {
	broken := errors.New("no such table")
	if _, err := keyring.Open(t.Context(), &memory{fails: broken}, keyring.NewMasterKey(), start); !errors.Is(err, broken) {
		t.Errorf("open: %v", err)
	}
	if _, _, err := keyring.SealedBy(t.Context(), &memory{fails: broken}); !errors.Is(err, broken) {
		t.Errorf("sealed by: %v", err)
	}
}

func TestSealedByTellsWhetherANewMasterKeyMayBeMade(t *testing.T) {
	store, master := &memory{}, keyring.NewMasterKey()
	if _, found, err := keyring.SealedBy(t.Context(), store); found || err != nil {
		t.Errorf("an empty store: %t, %v", found, err)
	}
	openNew(t, store, master)
	if by, found, err := keyring.SealedBy(t.Context(), store); by != master.Fingerprint() || !found || err != nil {
		t.Errorf("a full store: %s, %t, %v", by, found, err)
	}
	store.keys = nil
	if by, found, err := keyring.SealedBy(t.Context(), store); by != master.Fingerprint() || !found || err != nil {
		t.Errorf("a store with secrets alone: %s, %t, %v", by, found, err)
	}
}

func TestThePublishedKeyIsPublicOnlyAndNamedByItsThumbprint(t *testing.T) {
	store := &memory{}
	openNew(t, store, keyring.NewMasterKey())
	sealed := store.keys[0]

	var jwk map[string]any
	if err := json.Unmarshal(sealed.Public, &jwk); err != nil {
		t.Fatal(err)
	}
	want := []string{"alg", "crv", "kid", "kty", "use", "x", "y"}
	if got := slices.Sorted(maps.Keys(jwk)); !slices.Equal(got, want) {
		t.Errorf("the members are %q", got)
	}
	if jwk["alg"] != "ES256" || jwk["use"] != "sig" || jwk["kid"] != sealed.KeyID {
		t.Errorf("alg %v, use %v, kid %v", jwk["alg"], jwk["use"], jwk["kid"])
	}
	// RFC 7638, section 3.1: the required members of an EC key, by name.
	required := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, jwk["x"], jwk["y"])
	digest := sha256.Sum256([]byte(required))
	if thumbprint := base64.RawURLEncoding.EncodeToString(digest[:]); sealed.KeyID != thumbprint {
		t.Errorf("the key's ID is %s, its thumbprint %s", sealed.KeyID, thumbprint)
	}
}

func TestSecretVersionFindsEarlierSecretsAndSecretTheNewest(t *testing.T) {
	store, master := &memory{}, keyring.NewMasterKey()
	openNew(t, store, master)
	ring := openNew(t, store, master)

	if s, found := ring.SecretVersion(keyring.RefreshSecret, 1); !found || s.Kind != keyring.RefreshSecret {
		t.Error("version 1 is not found")
	}
	for _, version := range []int64{-1, 0, 2} {
		if _, found := ring.SecretVersion(keyring.RefreshSecret, version); found {
			t.Errorf("version %d is found", version)
		}
	}
	if _, found := ring.SecretVersion("unknown", 1); found {
		t.Error("a secret of an unknown kind is found")
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind without secrets yields one")
		}
	}()
	ring.Secret("unknown")
}

func TestKeysStandWhereTheClockPutsThem(t *testing.T) {
	const hour = time.Hour
	end := keyring.MaxTokenLife + time.Minute
	tests := map[string]struct {
		signsFrom []time.Duration // since start, by generation
		at        time.Duration
		signing   int // index
		states    []auth.SigningKeyState
	}{
		"a lone key signs":                          {[]time.Duration{0}, hour, 0, []auth.SigningKeyState{"SIGNING"}},
		"a lone key signs for good":                 {[]time.Duration{0}, 10000 * hour, 0, []auth.SigningKeyState{"SIGNING"}},
		"a lone key signs where the clock is late":  {[]time.Duration{0}, -hour, 0, []auth.SigningKeyState{"SIGNING"}},
		"of none that sign, the newest does":        {[]time.Duration{0, hour}, -hour, 1, []auth.SigningKeyState{"VERIFYING", "SIGNING"}},
		"a successor is announced first":            {[]time.Duration{0, hour}, hour - 1, 0, []auth.SigningKeyState{"SIGNING", "ANNOUNCED"}},
		"and then signs, and the first verifies":    {[]time.Duration{0, hour}, hour, 1, []auth.SigningKeyState{"VERIFYING", "SIGNING"}},
		"until the last token has ended":            {[]time.Duration{0, hour}, hour + end - 1, 1, []auth.SigningKeyState{"VERIFYING", "SIGNING"}},
		"and is retired then":                       {[]time.Duration{0, hour}, hour + end, 1, []auth.SigningKeyState{"RETIRED", "SIGNING"}},
		"a successor's own successor":               {[]time.Duration{0, hour, 2 * hour}, 2 * hour, 2, []auth.SigningKeyState{"VERIFYING", "VERIFYING", "SIGNING"}},
		"a newer key that signs at once goes first": {[]time.Duration{0, 9 * hour, hour}, hour, 2, []auth.SigningKeyState{"VERIFYING", "VERIFYING", "SIGNING"}},
		"and the one that it overtook never signs":  {[]time.Duration{0, 9 * hour, hour}, 9 * hour, 2, []auth.SigningKeyState{"VERIFYING", "VERIFYING", "SIGNING"}},
		"and both before it are retired by when it signed": {
			[]time.Duration{0, 9 * hour, hour}, hour + end, 2, []auth.SigningKeyState{"RETIRED", "RETIRED", "SIGNING"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			master, store := keyring.NewMasterKey(), &memory{}
			for i, signsFrom := range test.signsFrom {
				other := &memory{}
				openNew(t, other, master)
				key := other.keys[0]
				key.Generation, key.SignsFrom = int64(i+1), start().Add(signsFrom)
				store.keys = append(store.keys, key)
				store.secrets = other.secrets
			}
			ring, err := keyring.Open(t.Context(), store, master, func() time.Time { return start().Add(test.at) })
			if err != nil {
				t.Fatal(err)
			}
			if got := ring.Signing().Generation; got != int64(test.signing+1) {
				t.Errorf("generation %d signs", got)
			}
			for i, key := range store.keys {
				state, found := ring.State(key.KeyID)
				if !found || state != test.states[i] {
					t.Errorf("generation %d is %s, not %s", i+1, state, test.states[i])
				}
				if _, verifies := ring.Verifying(key.KeyID); verifies != (test.states[i] != auth.KeyRetired) {
					t.Errorf("generation %d is %s and verifies: %t", i+1, state, verifies)
				}
			}
		})
	}
}

func TestAKeyThatTheRingDoesNotHoldIsNotFound(t *testing.T) {
	ring := openNew(t, &memory{}, keyring.NewMasterKey())
	for _, id := range []string{"", "unknown", ring.Signing().KeyID + "A"} {
		if _, found := ring.Verifying(id); found {
			t.Errorf("%q verifies", id)
		}
		if _, found := ring.State(id); found {
			t.Errorf("%q has a state", id)
		}
	}
}
