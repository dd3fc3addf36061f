package keyring_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth/keyring"
)

func TestAnUnknownKeyIsReadOnceAndNotAgainWithinASecond(t *testing.T) {
	store, master, c := &memory{}, keyring.NewMasterKey(), newClock()
	server, command := openAt(t, store, master, c.now), openAt(t, store, master, c.now)
	reads := store.reads
	for i := range 1000 {
		if _, found := server.Find(t.Context(), fmt.Sprint("unknown ", i)); found {
			t.Fatal("a key is found that nobody made")
		}
	}
	if n := store.reads - reads; n != 1 {
		t.Errorf("a thousand unknown names were %d readings", n)
	}
	next := rotate(t, command, "")
	if _, found := server.Find(t.Context(), next.KeyID); found {
		t.Error("it was read within the second")
	}
	c.add(time.Second)
	if _, found := server.Find(t.Context(), next.KeyID); !found {
		t.Error("another process's key is not found")
	}
	reads = store.reads
	c.add(time.Minute)
	for range 1000 {
		if _, found := server.Find(t.Context(), next.KeyID); !found {
			t.Fatal("the key is lost")
		}
	}
	if store.reads != reads {
		t.Error("a known key is read again")
	}
	c.add(-time.Hour)
	if server.Find(t.Context(), "unknown"); store.reads != reads+1 {
		t.Error("a clock that was set back keeps keys from being read")
	}
}

func TestARetiredKeyIsNotLookedFor(t *testing.T) {
	store, c := &memory{}, newClock()
	ring := openAt(t, store, keyring.NewMasterKey(), c.now)
	first := ring.Signing()
	rotate(t, ring, "")
	c.add(48 * time.Hour)
	reads := store.reads
	if _, found := ring.Find(t.Context(), first.KeyID); found || store.reads != reads {
		t.Errorf("it is found: %t, after %d readings", found, store.reads-reads)
	}
}

// slow is a store whose readings of keys take a second.
type slow struct{ *memory }

func (s slow) SigningKeys(ctx context.Context) ([]keyring.SealedKey, error) {
	select {
	case <-time.After(time.Second):
		return s.memory.SigningKeys(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestManyThatMeetANewKeyAtOnceWaitForOneReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, master := &memory{}, keyring.NewMasterKey()
		openAt(t, store, master, time.Now)
		server := openAt(t, slow{store}, master, time.Now)
		next := rotate(t, openAt(t, store, master, time.Now), "")
		reads := store.reads
		left, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { server.Find(left, next.KeyID) })
		synctest.Wait()
		leave() // who began the reading goes away; the others still wait for it
		for range 50 {
			all.Go(func() {
				if _, found := server.Find(t.Context(), next.KeyID); !found {
					t.Error("one of many does not find the key")
				}
			})
		}
		all.Wait()
		if n := store.reads - reads; n != 1 {
			t.Errorf("there were %d readings", n)
		}
	})
}

func BenchmarkFindOfAnUnknownKey(b *testing.B) {
	store := &memory{}
	ring := openAt(b, store, keyring.NewMasterKey(), time.Now)
	for b.Loop() {
		ring.Find(b.Context(), "unknown")
	}
}
