package dbtest

import (
	"bytes"
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
