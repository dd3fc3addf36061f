package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

// kills is how often the server is killed.
const kills = 100

// TestKilledAHundredTimesItLosesNoAcknowledgedWrite kills the server with -9 at random while clients sign up, refresh
// and sign out, and holds what they were told against the database after each start.
func TestKilledAHundredTimesItLosesNoAcknowledgedWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fieldward.db")
	server := newInstance(t, buildProgram(t), "sqlite:"+file, "FIELDWARD_LOG_LEVEL=error")
	clients := make([]*client, 4)
	var acknowledged atomic.Int64
	for i := range clients {
		clients[i] = &client{name: fmt.Sprintf("client%d", i), acknowledged: &acknowledged}
	}
	for round := range kills {
		server.start()
		before := acknowledged.Load()
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, c := range clients {
			wg.Go(func() { c.work(ctx, t, server.url()) })
		}
		for i := 0; round%2 == 0 && acknowledged.Load() == before && i < 3000; i++ {
			time.Sleep(10 * time.Millisecond) // however slow the machine is, there is something to lose
		}
		time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
		server.end(syscall.SIGKILL)
		stop()
		wg.Wait()
	}
	store, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for _, c := range clients {
		c.check(t, store)
	}
	t.Logf("%d kills, %d acknowledged writes, none lost", kills, acknowledged.Load())
	if n := acknowledged.Load(); n < kills/2 {
		t.Errorf("only %d writes were acknowledged between %d kills", n, kills)
	}
}

// client remembers what it was told.
type client struct {
	name         string
	signUps      int
	live         []told // sessions, each with the last refresh token that was answered
	ended        []told // sessions that were signed out
	acknowledged *atomic.Int64
}

type told struct {
	session auth.ID
	refresh string
	counter uint64
}

// work signs up now and then, refreshes, and signs out, until the server is gone.
func (c *client) work(ctx context.Context, t *testing.T, url string) {
	for ctx.Err() == nil {
		switch n := rand.IntN(10); {
		case len(c.live) == 0 || n == 0:
			c.signUps++
			c.send(ctx, t, url, `signUp(input: {email: $a, name: "Crash", password: "correct horse battery"}) `+answered,
				fmt.Sprintf("%s-%d@example.com", c.name, c.signUps), func(s told) { c.live = append(c.live, s) })
		case n == 1 && len(c.live) > 1:
			out := c.live[0]
			c.live = c.live[1:] // whatever comes of it: an end that is not acknowledged may have happened
			c.send(ctx, t, url, `signOut(input: {refreshToken: $a}) { endedSessions }`, out.refresh, func(told) {
				c.ended = append(c.ended, out)
			})
		default:
			i := rand.IntN(len(c.live))
			c.send(ctx, t, url, `refreshSession(input: {refreshToken: $a}) `+answered, c.live[i].refresh, func(s told) { c.live[i] = s })
		}
	}
}

const answered = `{ session { id } refreshToken }`

// send runs one mutation, and notes what was acknowledged.
func (c *client) send(ctx context.Context, t *testing.T, url, mutation, argument string, note func(told)) {
	kind := "Secret"
	if strings.HasPrefix(mutation, "signUp") {
		kind = "EmailAddress"
	}
	query := fmt.Sprintf("mutation($a: %s!) { r: %s }", kind, mutation)
	status, body, err := post(http.DefaultClient, url, "-", query, map[string]any{"a": argument})
	if err != nil || ctx.Err() != nil && status == 0 {
		return // the server is gone: nothing was acknowledged
	}
	var got struct {
		Data struct {
			R *struct {
				Session      struct{ ID auth.ID }
				RefreshToken string
			}
		}
		Errors []struct{ Extensions map[string]any }
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return // cut off in the middle of an answer
	}
	if got.Data.R == nil {
		if len(got.Errors) > 0 && got.Errors[0].Extensions["code"] != "EMAIL_TAKEN" { // an unacknowledged sign-up was kept
			t.Errorf("%s is refused: %s", query, body)
			time.Sleep(10 * time.Millisecond)
		}
		return
	}
	c.acknowledged.Add(1)
	s := told{session: got.Data.R.Session.ID, refresh: got.Data.R.RefreshToken}
	if parts := strings.Split(s.refresh, "."); len(parts) == 4 {
		_, _ = fmt.Sscan(parts[2], &s.counter)
	}
	note(s)
}

// check holds what the client was told against the database.
func (c *client) check(t *testing.T, store *db.Store) {
	t.Helper()
	for _, s := range c.live {
		stored, _, err := store.Session(t.Context(), s.session)
		if err != nil || stored.EndedAt != nil || stored.Counter < s.counter {
			t.Errorf("session %s was at %d: %+v, %v", s.session, s.counter, stored, err)
		}
	}
	for _, s := range c.ended {
		if stored, _, err := store.Session(t.Context(), s.session); err != nil || stored.EndedAt == nil {
			t.Errorf("session %s was ended: %+v, %v", s.session, stored, err)
		}
	}
}
