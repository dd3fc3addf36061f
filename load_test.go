package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
)

// pace is how long a client waits between two requests; paceRefused where it was refused.
const (
	pace        = 20 * time.Millisecond
	paceRefused = 60 * time.Millisecond
)

// load is what clients do at a server all at once, with a ledger of it.
type load struct {
	*ledger
	writers []*writer
	working sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context
}

// writer is a client with an account of its own, who changes it over and over.
type writer struct {
	*ledger
	store *db.Store // past the server, to see what came of a change
	user  auth.ID
	name  string
	n     int

	session         auth.ID
	access, refresh string
	counter         uint64
	// open is a renewal of which it is not yet known whether it happened.
	open *attempt
}

// opened is the answer of what opens or renews a session.
type opened struct {
	S struct {
		AccessToken, RefreshToken string
		Session                   struct{ ID auth.ID }
		User                      struct{ ID auth.ID }
	}
}

const openedFields = ` { accessToken refreshToken session { id } user { id } } }`

// begin signs so many writers up and lets them work, beside a client who reads, and others who look at what needs no
// database, and at whether the server is ready.
func begin(t *testing.T, l *ledger, store *db.Store, writers int) *load {
	t.Helper()
	all := &load{ledger: l}
	all.ctx, all.stop = context.WithCancel(t.Context())
	for i := range writers {
		w := &writer{ledger: l, store: store, name: fmt.Sprintf("writer%d-%d", i, rand.Uint32())}
		first, got := w.signUp(w.name + "@example.com")
		if first.answer != toldDone {
			t.Fatal(first)
		}
		w.user, w.session, w.access, w.refresh = got.S.User.ID, got.S.Session.ID, got.S.AccessToken, got.S.RefreshToken
		all.writers = append(all.writers, w)
	}
	return all
}

// work lets the clients work until halt.
func (l *load) work() {
	for _, w := range l.writers {
		l.repeat(0, w.change)
	}
	access := l.writers[0].access // it lives longer than any test
	l.repeat(0, func() attempt { return l.send(reading, "", access, `{ me { name } }`, nil, &struct{}{}) })
	l.repeat(100*time.Millisecond, func() attempt { return l.send(claiming, "", access, `{ claims { subject } }`, nil, &struct{}{}) })
	l.repeat(100*time.Millisecond, func() attempt { return l.get(keySet) })
	l.repeat(100*time.Millisecond, func() attempt { return l.get(probing) })
}

// repeat does something over and over, at its own pace where one is given.
func (l *load) repeat(own time.Duration, do func() attempt) {
	l.working.Go(func() {
		for l.ctx.Err() == nil {
			a := do()
			l.enter(a)
			switch {
			case own > 0:
				time.Sleep(own)
			case a.answer == toldDone:
				time.Sleep(pace)
			default:
				time.Sleep(paceRefused)
			}
		}
	})
}

func (l *load) halt() {
	l.stop()
	l.working.Wait()
}

// change makes the next change: mostly of the writer's name, now and then of its session, and rarely a whole account.
func (w *writer) change() attempt {
	w.n++
	switch {
	case w.n%40 == 39:
		return w.comeAndGo()
	case w.n%5 == 4 && w.resolve():
		return w.renew()
	}
	return w.rename()
}

func (w *writer) rename() attempt {
	const query = `mutation($n: String!) { updateProfile(input: {name: $n}) { user { updatedAt } } }`
	var got struct {
		UpdateProfile struct{ User struct{ UpdatedAt time.Time } }
	}
	a := w.send(renaming, string(w.user), w.access, query, map[string]any{"n": fmt.Sprintf("%s %d", w.name, w.n)}, &got)
	a.told = got.UpdateProfile.User.UpdatedAt
	if a.answer == toldLate && w.resolve() { // as any client does
		w.enter(w.renew())
	}
	return a
}

func (w *writer) renew() attempt {
	const query = `mutation($r: Secret!) { s: refreshSession(input: {refreshToken: $r})` + openedFields
	var got opened
	a := w.send(renewing, string(w.session), "-", query, map[string]any{"r": w.refresh}, &got)
	if a.answer == toldDone {
		w.access, w.refresh, w.counter = got.S.AccessToken, got.S.RefreshToken, counterOf(got.S.RefreshToken)
		a.counter = w.counter
		return a
	}
	w.open = &a
	return a
}

// resolve looks whether the renewal that was not acknowledged happened, if there is one. While nobody can tell, the
// writer renews nothing.
func (w *writer) resolve() bool {
	if w.open == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	stored, _, err := w.store.Session(ctx, w.session)
	if err != nil {
		return false
	}
	if stored.Counter > w.counter && w.open.answer == toldBusy {
		w.enter(attempt{kind: renewing, from: w.open.from, to: w.open.to, answer: toldWrong, said: "refused, and done all the same"})
	}
	w.counter, w.open = max(w.counter, stored.Counter), nil
	return true
}

func counterOf(refresh string) (n uint64) {
	if parts := strings.Split(refresh, "."); len(parts) == 4 {
		_, _ = fmt.Sscan(parts[2], &n)
	}
	return n
}

// comeAndGo signs someone up, and out again.
func (w *writer) comeAndGo() attempt {
	in, got := w.signUp(fmt.Sprintf("%s-%d@example.com", w.name, w.n))
	if in.answer != toldDone {
		return in
	}
	w.enter(in)
	const query = `mutation($r: Secret!) { signOut(input: {refreshToken: $r}) { endedSessions } }`
	return w.send(signingOut, string(got.S.Session.ID), "-", query, map[string]any{"r": got.S.RefreshToken}, &struct{}{})
}

func (w *writer) signUp(address string) (attempt, opened) {
	const query = `mutation($e: EmailAddress!, $p: Secret!) { s: signUp(input: {email: $e, name: "Load", password: $p})` + openedFields
	var got opened
	a := w.send(signingUp, address, "-", query, map[string]any{"e": address, "p": goodPassword}, &got)
	return a, got
}
