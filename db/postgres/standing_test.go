package postgres_test

import (
	"testing"
	"time"
)

// TestDatabaseThatIsReadOnlyForAWhileIsSaidToBeSo makes it so in both ways: for the sessions that begin from then on,
// which stay so, and for all.
func TestDatabaseThatIsReadOnlyForAWhileIsSaidToBeSo(t *testing.T) {
	h := newHouse(t)
	admin := raw(t, parameter(t, h.proxy.url, "default_transaction_read_only", "off"))
	var name string
	must(t, admin.QueryRow(`SELECT current_database()`).Scan(&name))
	set := func(statement string) {
		t.Helper()
		_, err := admin.Exec(statement)
		must(t, err)
	}
	must(t, h.Ping(t.Context()))
	set(`ALTER DATABASE ` + name + ` SET default_transaction_read_only = on`)
	h.proxy.block(true)
	h.proxy.block(false)
	isUnavailable(t, h.Ping(t.Context()), "The server is busy.")
	_, err := h.EndAll(t.Context(), h.user.User.ID, event(h.user))
	isUnavailable(t, err, "The server is busy.")
	if _, err := h.User(t.Context(), h.user.User.ID); err != nil {
		t.Errorf("reading: %v", err)
	}
	set(`ALTER DATABASE ` + name + ` RESET default_transaction_read_only`)
	for begun := time.Now(); h.Ping(t.Context()) != nil; time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 5*time.Second {
			t.Fatal("it is still said to be read-only")
		}
	}
	_, err = h.EndAll(t.Context(), h.user.User.ID, event(h.user))
	must(t, err)
}

func TestDatabaseTellsItsTime(t *testing.T) {
	h := newHouse(t)
	before := time.Now()
	at, found, err := h.Clock(t.Context())
	must(t, err)
	if after := time.Now(); !found || at.Before(before.Add(-time.Second)) || at.After(after.Add(time.Second)) {
		t.Errorf("it tells %s (%v) between %s and %s", at, found, before, after)
	}
}
