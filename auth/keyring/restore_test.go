package keyring_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

func TestAStoreThatWasPutBackDoesNotBringBackALeakedKey(t *testing.T) {
	for name, superseded := range map[string]bool{
		"one that signed gets a successor again": false,
		"one that was superseded does not":       true,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { putBack(t, superseded) })
		})
	}
}

// putBack has two servers see a store put back to before the first key was revoked.
func putBack(t *testing.T, superseded bool) {
	store, master := &memory{}, keyring.NewMasterKey()
	one, other := openAt(t, store, master, time.Now), openAt(t, store, master, time.Now)
	leaked := one.Signing()
	if superseded {
		rotate(t, one, "")
		time.Sleep(2 * time.Hour)
	}
	stopOne, stopOther := follow(one), follow(other)
	copied := slices.Clone(store.keys)
	told := len(store.told)
	revoke(t, one, leaked.KeyID)
	time.Sleep(time.Second)
	synctest.Wait()

	store.mu.Lock()
	store.keys, store.told = copied, store.told[:told]
	store.mu.Unlock()
	time.Sleep(time.Second)
	synctest.Wait()

	for _, ring := range []*keyring.Keyring{one, other, openAt(t, store, master, time.Now)} {
		if _, verifies := ring.Verifying(leaked.KeyID); verifies {
			t.Error("it verifies")
		}
		if _, err := ring.Signing().Sign("text"); err != nil || ring.Signing().KeyID == leaked.KeyID {
			t.Errorf("%v signs: %v", ring.Signing(), err)
		}
	}
	if n := store.count(); n != 2 {
		t.Errorf("there are %d keys, not the leaked one and the one that signs", n)
	}
	again := store.told[told:]
	if len(again) != 1 || again[0].Action != auth.SigningKeyRevoked || again[0].Details["reason"] != "the database is behind" {
		t.Errorf("on record is %+v", again)
	}
	if said := append(stopOne(), stopOther()...); len(said) > 0 {
		t.Errorf("it said %q", said)
	}
}
