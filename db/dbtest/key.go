package dbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/db"
)

func keySentences() sentences {
	return sentences{
		"signing keys are read back by generation":                readsBackKeys,
		"of parallel keys of one generation one remains":          generationIsUnique,
		"secrets are read back by kind and version":               readsBackSecrets,
		"of parallel secrets of one kind and version one remains": versionIsUnique,
		"key rings that open at once on an empty store are one":   keyringsAgree,
		"a key is on record only where it was added":              tellsOfAddedKeys,
		"key rings that rotate at once announce one successor":    keyringsRotateOnce,
		"a revocation is whole or has not happened":               revokesWhole,
		"of parallel revocations of one key one succeeds":         revokesOnce,
		"what is sealed again is that, all of it or nothing":      resealsWhole,
	}
}

func sealedKey(generation int64) keyring.SealedKey {
	return keyring.SealedKey{
		ID: auth.NewID(auth.KeyPrefix, noon()), Generation: generation, Algorithm: "ES256",
		KeyID: fmt.Sprint("thumbprint ", generation), Public: []byte(`{"kty":"EC"}`), Sealed: []byte{0, 1, 0xff, 0},
		SealedBy: "fingerprint", CreatedAt: noon(), SignsFrom: noon().Add(time.Hour),
	}
}

func readsBackKeys(t *testing.T, s *db.Store) {
	none, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "how many there are at first", len(none), 0)
	var want []keyring.SealedKey
	for generation := range int64(12) {
		want = append(want, sealedKey(generation+1))
	}
	for _, i := range []int{11, 0, 5, 1, 2, 3, 4, 6, 7, 8, 9, 10} {
		must(t, s.AddSigningKey(ask(), want[i]))
	}
	got, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "the keys", got, want)
}

func generationIsUnique(t *testing.T, s *db.Store) {
	first := sealedKey(1)
	must(t, s.AddSigningKey(ask(), first))
	read := make([][]keyring.SealedKey, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		if err := s.AddSigningKey(ask(), sealedKey(int64(i%2+1))); err != nil {
			return err
		}
		read[i], err = s.SigningKeys(ask())
		return err
	}) {
		must(t, err)
	}
	last, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "how many remain", len(last), 2)
	same(t, "the first", last[0], first)
	for i, keys := range read {
		same(t, fmt.Sprint("what ", i, " read"), keys, last[:len(keys)])
		if len(keys) < i%2+1 {
			t.Errorf("%d did not read the key that it found taken", i)
		}
	}
}

func sealedSecret(kind string, version int64) keyring.SealedSecret {
	return keyring.SealedSecret{
		Kind: kind, Version: version, Sealed: []byte(auth.NewID(kind, noon())), SealedBy: "fingerprint", CreatedAt: noon(),
	}
}

func readsBackSecrets(t *testing.T, s *db.Store) {
	none, err := s.Secrets(ask())
	must(t, err)
	same(t, "how many there are at first", len(none), 0)
	want := []keyring.SealedSecret{
		sealedSecret("cursor", 1), sealedSecret("cursor", 2), sealedSecret("cursor", 10), sealedSecret("refresh", 1),
	}
	for _, i := range []int{3, 2, 0, 1} {
		must(t, s.AddSecret(ask(), want[i]))
	}
	got, err := s.Secrets(ask())
	must(t, err)
	same(t, "the secrets", got, want)
}

func versionIsUnique(t *testing.T, s *db.Store) {
	read := make([][]keyring.SealedSecret, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		if err := s.AddSecret(ask(), sealedSecret("refresh", 1)); err != nil {
			return err
		}
		read[i], err = s.Secrets(ask())
		return err
	}) {
		must(t, err)
	}
	same(t, "how many remain", len(read[0]), 1)
	for _, secrets := range read {
		same(t, "what each read", secrets, read[0])
	}
}

func keyringsAgree(t *testing.T, s *db.Store) {
	master := keyring.NewMasterKey()
	rings := make([]*keyring.Keyring, parallel)
	for _, err := range inParallel(func(i int) (err error) {
		rings[i], err = keyring.Open(ask(), s, master, noon)
		return err
	}) {
		must(t, err)
	}
	for _, ring := range rings {
		same(t, "the key that signs", ring.Signing().KeyID, rings[0].Signing().KeyID)
		for _, kind := range []string{keyring.RefreshSecret, keyring.CursorSecret} {
			if !bytes.Equal(ring.Secret(kind).Bytes, rings[0].Secret(kind).Bytes) {
				t.Errorf("there is more than one secret of the kind %s", kind)
			}
		}
	}
	keys, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "how many keys there are", len(keys), 1)
}

// told is what is on record of keys.
func told(t *testing.T, s *db.Store) []auth.Event {
	t.Helper()
	all, err := s.Events(ask(), auth.EventFilter{Actions: []auth.Action{auth.SigningKeyRotated, auth.SigningKeyRevoked}},
		auth.Page{Limit: 100, Backward: true})
	must(t, err)
	return all.Items
}

func keyEvent(a auth.Action, k keyring.SealedKey) auth.Event {
	e := auth.NewEvent(a, noon(), auth.Client{})
	e.SubjectID = &k.ID
	return e
}

func tellsOfAddedKeys(t *testing.T, s *db.Store) {
	first, second := sealedKey(1), sealedKey(1)
	tells := keyEvent(auth.SigningKeyRotated, first)
	must(t, s.AddSigningKey(ask(), first, tells))
	must(t, s.AddSigningKey(ask(), second, keyEvent(auth.SigningKeyRotated, second)))
	same(t, "what is on record", told(t, s), []auth.Event{tells})
}

func keyringsRotateOnce(t *testing.T, s *db.Store) {
	master := keyring.NewMasterKey()
	announced := make([]auth.SigningKey, parallel)
	for _, err := range inParallel(func(i int) error {
		ring, err := keyring.Open(ask(), s, master, noon)
		if err != nil {
			return err
		}
		announced[i], err = ring.Rotate(ask(), auth.Nobody, auth.Client{}, "")
		return err
	}) {
		must(t, err)
	}
	for _, k := range announced {
		same(t, "the successor", k.KeyID, announced[0].KeyID)
	}
	keys, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "how many keys there are", len(keys), 2)
	same(t, "how often a rotation is on record", len(told(t, s)), 1)
}

// revocation revokes the key in favour of one of that generation.
func revocation(k keyring.SealedKey, generation int64) keyring.Revocation {
	successor := sealedKey(generation)
	return keyring.Revocation{
		ID: k.ID, At: noon(), Successor: &successor, Event: keyEvent(auth.SigningKeyRevoked, k),
	}
}

func revokesWhole(t *testing.T, s *db.Store) {
	first, second := sealedKey(1), sealedKey(2)
	must(t, s.AddSigningKey(ask(), first))
	must(t, s.AddSigningKey(ask(), second))
	unchanged := func(what string, err error) {
		t.Helper()
		fails(t, what, err, keyring.ErrOvertaken)
		keys, err := s.SigningKeys(ask())
		must(t, err)
		same(t, "the keys after "+what, keys, []keyring.SealedKey{first, second})
		same(t, "what is on record after "+what, len(told(t, s)), 0)
	}
	unchanged("a successor of a generation that is taken", s.RevokeSigningKey(ask(), revocation(first, 2)))
	unchanged("a key that is not there", s.RevokeSigningKey(ask(), revocation(sealedKey(1), 3)))
	fails(t, "a caller who has gone", s.RevokeSigningKey(cut(), revocation(first, 3)), context.Canceled)

	r := revocation(first, 3)
	must(t, s.RevokeSigningKey(ask(), r))
	first.RevokedAt = &r.At
	alone := keyring.Revocation{ID: second.ID, At: noon().Add(time.Second), Event: keyEvent(auth.SigningKeyRevoked, second)}
	must(t, s.RevokeSigningKey(ask(), alone))
	second.RevokedAt = &alone.At
	keys, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "the keys", keys, []keyring.SealedKey{first, second, *r.Successor})
	same(t, "how much is on record", len(told(t, s)), 2)
	fails(t, "a second time", s.RevokeSigningKey(ask(), revocation(first, 4)), keyring.ErrOvertaken)
}

func revokesOnce(t *testing.T, s *db.Store) {
	leaked := sealedKey(1)
	must(t, s.AddSigningKey(ask(), leaked))
	errs := inParallel(func(int) error { return s.RevokeSigningKey(ask(), revocation(leaked, 2)) })
	oneSucceeds(t, errs, keyring.ErrOvertaken)
	keys, err := s.SigningKeys(ask())
	must(t, err)
	same(t, "how many keys there are", len(keys), 2)
	same(t, "how often it is on record", len(told(t, s)), 1)
}

func resealsWhole(t *testing.T, s *db.Store) {
	keys := []keyring.SealedKey{sealedKey(1), sealedKey(2)}
	secrets := []keyring.SealedSecret{sealedSecret("cursor", 1), sealedSecret("cursor", 2), sealedSecret("refresh", 1)}
	for i := range keys {
		must(t, s.AddSigningKey(ask(), keys[i]))
	}
	for i := range secrets {
		must(t, s.AddSecret(ask(), secrets[i]))
	}
	holds := func(what string) {
		t.Helper()
		gotKeys, err := s.SigningKeys(ask())
		must(t, err)
		gotSecrets, err := s.Secrets(ask())
		must(t, err)
		same(t, "the keys "+what, gotKeys, keys)
		same(t, "the secrets "+what, gotSecrets, secrets)
	}
	again := func(all keyring.Sealed) keyring.Sealed {
		same(t, "what is handed over", all, keyring.Sealed{Keys: keys, Secrets: secrets})
		for i := range all.Keys {
			all.Keys[i].Sealed, all.Keys[i].SealedBy = []byte{byte(i), 7}, "another"
		}
		for i := range all.Secrets {
			all.Secrets[i].Sealed, all.Secrets[i].SealedBy = []byte{byte(i), 8}, "another"
		}
		return all
	}
	opens := func(all keyring.Sealed) (keyring.Sealed, error) { return again(all), nil }
	broken := errors.New("it does not open")
	fails(t, "what does not open", s.Reseal(ask(), func(all keyring.Sealed) (keyring.Sealed, error) {
		return again(all), broken
	}), broken)
	fails(t, "a caller who has gone", s.Reseal(cut(), opens), context.Canceled)
	holds("where it failed")

	must(t, s.Reseal(ask(), opens))
	for i := range keys {
		keys[i].Sealed, keys[i].SealedBy = []byte{byte(i), 7}, "another"
	}
	for i := range secrets {
		secrets[i].Sealed, secrets[i].SealedBy = []byte{byte(i), 8}, "another"
	}
	holds("afterwards")
}
