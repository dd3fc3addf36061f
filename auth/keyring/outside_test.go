package keyring_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

func parsed(t *testing.T, text string) keyring.Key {
	t.Helper()
	k, _, err := keyring.ParsePrivate([]byte(text), start())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTheFirstKeyFromOutsideSignsAllVerifyAndStoredOnesUntilTheirTokensEnd(t *testing.T) {
	store, master, c, m := &memory{}, keyring.NewMasterKey(), newClock(), makeAll(t)
	stored := openAt(t, store, master, c.now).Signing()
	first, second := parsed(t, pkcs8(m.edwards)), parsed(t, pkcs8(m.rsa))
	ring := openWith(t, store, keyring.Settings{Master: master, Outside: []keyring.Key{first, second}}, c.now)
	if got := ring.Signing(); got.KeyID != first.KeyID {
		t.Errorf("%s signs", got)
	}
	want := map[string]auth.SigningKeyState{first.KeyID: auth.KeySigning, second.KeyID: auth.KeyVerifying, stored.KeyID: auth.KeyVerifying}
	for range 2 {
		for keyID, state := range want {
			got, _ := ring.State(keyID)
			if _, verifies := ring.Verifying(keyID); got != state || !verifies {
				t.Errorf("%s is %s", keyID, got)
			}
		}
		c.add(1000 * time.Hour) // another instance may sign with the stored key until the files are everywhere
		if err := ring.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	views := ring.Published()
	if len(views) != 3 || views[0].KeyID != first.KeyID || views[1].KeyID != second.KeyID || views[2].KeyID != stored.KeyID {
		t.Errorf("published are %+v", views)
	}
	if k, err := ring.SigningKey(first.ID); err != nil || k.KeyID != first.KeyID {
		t.Errorf("by its ID: %v", err)
	}
	back := openAt(t, store, master, c.now)
	if back.Signing().KeyID != stored.KeyID || len(store.keys) != 1 {
		t.Error("without the files the stored key does not sign again")
	}
}

func TestNoKeyIsStoredWhereTheFirstComesFromOutside(t *testing.T) {
	store, m := &memory{}, makeAll(t)
	ring := openWith(t, store, keyring.Settings{Master: keyring.NewMasterKey(), Outside: []keyring.Key{parsed(t, sec1(m.p384))}}, start)
	if len(store.keys) != 0 || ring.Signing().Algorithm != "ES384" {
		t.Errorf("there are %d stored keys", len(store.keys))
	}
	if _, found := ring.Find(t.Context(), "unknown"); found {
		t.Error("something unknown is found")
	}
	if err := ring.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhatWorksBesideServersThatSignByFilesMakesNoKey(t *testing.T) {
	store, master, m := &memory{}, keyring.NewMasterKey(), makeAll(t)
	openWith(t, store, keyring.Settings{Master: master, Outside: []keyring.Key{parsed(t, sec1(m.p384))}}, start)
	command := openWith(t, store, keyring.Settings{Master: master, Beside: true}, start)
	_, err := command.Rotate(t.Context(), auth.Nobody, auth.Client{}, "")
	if known, ok := errors.AsType[*auth.Error](err); !ok || known.Code != auth.Conflict {
		t.Errorf("rotate: %v", err)
	}
	if keys := command.Keys(); len(keys) != 0 || store.count() != 0 {
		t.Errorf("there are %d keys", store.count())
	}
	if _, err := command.Signing().Sign("text"); err == nil {
		t.Error("it signs")
	}
	first := &memory{}
	openWith(t, first, keyring.Settings{Master: master, Beside: true}, start)
	if first.count() != 1 {
		t.Error("before any server it makes no key")
	}
}

func TestASharedSecretSignsAndIsNotPublished(t *testing.T) {
	m := makeAll(t)
	shared, beside := parsed(t, octJWK(m.secret).String()), parsed(t, pkcs8(m.p256))
	ring := openWith(t, &memory{}, keyring.Settings{Master: keyring.NewMasterKey(), Outside: []keyring.Key{shared, beside}}, start)
	signature, err := ring.Signing().Sign("text")
	if err != nil || ring.Signing().Algorithm != "HS256" || shared.Verify("text", signature) != nil {
		t.Errorf("it does not sign: %v", err)
	}
	text, err := ring.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 1 || set.Keys[0]["kid"] != beside.KeyID || strings.Contains(string(text), b64(m.secret)) {
		t.Errorf("published is %s", text)
	}
	for _, k := range ring.Published() {
		if (k.PublicJWK == nil) != (k.KeyID == shared.KeyID) {
			t.Errorf("%s is shown as %v", k.KeyID, k.PublicJWK)
		}
	}
}

func TestAKeySetWithoutKeysIsAnEmptyList(t *testing.T) {
	shared := parsed(t, octJWK(makeAll(t).secret).String())
	ring := openWith(t, &memory{}, keyring.Settings{Master: keyring.NewMasterKey(), Outside: []keyring.Key{shared}}, start)
	if text, err := ring.KeySet(); string(text) != `{"keys":[]}` || err != nil {
		t.Errorf("it is %s, %v", text, err)
	}
}

func TestKeysFromOutsideAreNeitherRotatedNorRevokedHere(t *testing.T) {
	store, master, m := &memory{}, keyring.NewMasterKey(), makeAll(t)
	openNew(t, store, master)
	outside := parsed(t, pkcs8(m.p256))
	ring := openWith(t, store, keyring.Settings{Master: master, Outside: []keyring.Key{outside}}, start)
	conflicts := func(what string, err error) {
		if known, ok := errors.AsType[*auth.Error](err); !ok || known.Code != auth.Conflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := ring.Rotate(t.Context(), auth.Nobody, auth.Client{}, "")
	conflicts("rotate", err)
	_, _, err = ring.Revoke(t.Context(), auth.Nobody, auth.Client{}, outside.KeyID, "")
	conflicts("revoke", err)
	if len(store.keys) != 1 || len(store.told) != 0 {
		t.Error("something was made")
	}

	leaked := store.keys[0].KeyID
	revoke(t, ring, leaked)
	if _, verifies := ring.Verifying(leaked); verifies || ring.Signing().KeyID != outside.KeyID {
		t.Error("a stored key is not revoked beside one from outside")
	}
}

func TestTheClockDoesNotRotateKeysFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, master := &memory{}, keyring.NewMasterKey()
		openAt(t, store, master, func() time.Time { return time.Now().Add(-2 * quarter) })
		ring := openWith(t, store, keyring.Settings{Master: master, Outside: []keyring.Key{parsed(t, pkcs8(makeAll(t).p256))}}, time.Now)
		stop := follow(ring)
		time.Sleep(time.Hour)
		if said := stop(); len(said) > 0 || len(store.keys) != 1 {
			t.Errorf("it said %q, and there are %d keys", said, len(store.keys))
		}
	})
}

func TestOneKeyTwiceIsRefused(t *testing.T) {
	store, master, m := &memory{}, keyring.NewMasterKey(), makeAll(t)
	twice := []keyring.Key{parsed(t, pkcs8(m.p256)), parsed(t, ecJWK(m.p256).String())}
	_, err := keyring.OpenWith(t.Context(), store, keyring.Settings{Master: master, Outside: twice}, start)
	if err == nil || !strings.Contains(err.Error(), "twice") || len(store.secrets) != 0 {
		t.Errorf("got the error %v", err)
	}
}
