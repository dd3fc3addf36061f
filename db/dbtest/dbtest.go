// Package dbtest is the contract of a store, written as tests: what the Store interfaces of auth/account, auth/session,
// auth/journal, auth/keyring and auth/upkeep say, and that a change is whole or has not happened.
// An engine is supported when Run passes on it, with nothing skipped. It asks nothing about how an engine does it.
package dbtest

import (
	"context"
	"testing"

	"github.com/fieldward/fieldward/db"
)

// Run holds the stores that open makes against the contract. Each is empty and migrated, and is closed by open's own
// t.Cleanup; many are open at once.
func Run(t *testing.T, open func(t *testing.T) *db.Store) {
	for _, topic := range []sentences{
		userSentences(), importSentences(), listSentences(), sessionSentences(), openSentences(),
		endSentences(), eventSentences(), keySentences(), changeSentences(), userChangeSentences(), throttleSentences(),
		journalSentences(), pruneSentences(), standingSentences(), forgetSentences(), leaseSentences(),
	} {
		for sentence, holds := range topic {
			t.Run(sentence, func(t *testing.T) {
				t.Parallel()
				holds(t, open(t))
			})
		}
	}
}

// sentences say what is true of a store, each with the test that tells.
type sentences map[string]func(*testing.T, *db.Store)

// ask is the context of a call that nobody cuts off.
func ask() context.Context { return context.Background() }
