package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/authtest"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/token"
	"github.com/fieldward/fieldward/db/sqlite"
)

const parallel = 20

// outcome is what came of calls at once.
type outcome struct {
	refresh map[string]int // how many were answered each refresh token
	refused int
}

// atOnce calls renew twenty times, and other once in between where there is one.
func atOnce(t *testing.T, renew func(i int) (session.Opened, error), other func()) outcome {
	t.Helper()
	var (
		mu    sync.Mutex
		all   sync.WaitGroup
		start = make(chan struct{})
		came  = outcome{refresh: map[string]int{}}
	)
	for i := range parallel {
		all.Go(func() {
			<-start
			o, err := renew(i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				came.refresh[o.Tokens.Refresh]++
			case errors.Is(err, auth.ErrSessionEnded):
				came.refused++
			default:
				t.Errorf("renew: %v", err)
			}
		})
	}
	if other != nil {
		all.Go(func() {
			<-start
			other()
		})
	}
	close(start)
	all.Wait()
	return came
}

// twin is another instance of the server on the same database file.
func (w *world) twin(t *testing.T) *session.Manager {
	t.Helper()
	store, err := sqlite.Open(t.Context(), w.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := keyring.Open(t.Context(), store, w.master, w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	tokens := token.Settings{Issuer: issuer, Audience: issuer, TokenAudience: []string{issuer}, TTL: accessTTL}
	r := session.NewRevocations(accessTTL+2*token.Leeway, w.clock.Now)
	return session.NewManager(store, token.NewIssuer(keys, tokens, nil, w.clock.Now), keys, r, session.Settings{
		Issuer: issuer, TTL: modelTTL, IdleTTL: modelIdle, Grace: w.grace, PerUser: limit,
	}, w.clock.Now)
}

func TestAcrossTwoInstancesThereIsNeverAFork(t *testing.T) {
	tests := map[string]struct {
		grace time.Duration
		ahead bool
		good  int
	}{
		"all go on with one token":                         {grace, false, parallel},
		"without a grace time one goes on":                 {0, false, 1},
		"all go on where the database has lost writes":     {grace, true, parallel},
		"one does, where it has, and without a grace time": {0, true, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.grace)
			instances := []*session.Manager{w.Manager, w.twin(t)}
			o := w.open(t)
			if test.ahead {
				o = newTokenAhead(t, w)
			}
			ctx := context.WithoutCancel(t.Context())
			came := atOnce(t, func(i int) (session.Opened, error) {
				return instances[i%2].Renew(ctx, auth.Secret(o.Tokens.Refresh), desk)
			}, nil)
			if len(came.refresh) != 1 || came.refused != parallel-test.good {
				t.Fatalf("there are %d refresh tokens, and %d were refused", len(came.refresh), came.refused)
			}
			for successor := range came.refresh {
				_, err := w.Renew(ctx, auth.Secret(successor), desk)
				if good := err == nil; good != (test.grace > 0) {
					t.Errorf("the successor is answered %v", err)
				}
			}
		})
	}
}

func TestWhatEndsASessionEndsItForAllWhoRenewItAtOnce(t *testing.T) {
	tests := map[string]func(t *testing.T, w *world, first, last session.Opened){
		"signing out": func(t *testing.T, w *world, _, last session.Opened) {
			if n, err := w.End(context.WithoutCancel(t.Context()), last.Caller, "", desk); err != nil || n != 1 {
				t.Errorf("%d sessions ended, %v", n, err)
			}
		},
		"signing out everywhere": func(t *testing.T, w *world, _, last session.Opened) {
			if n, err := w.EndAll(context.WithoutCancel(t.Context()), last.Caller, desk); err != nil || n != 1 {
				t.Errorf("%d sessions ended, %v", n, err)
			}
		},
		"a thief with an old token": func(t *testing.T, w *world, first, _ session.Opened) {
			_, err := w.Renew(context.WithoutCancel(t.Context()), auth.Secret(first.Tokens.Refresh), auth.Client{IPAddress: authtest.Text("198.51.100.7")})
			if !errors.Is(err, auth.ErrSessionEnded) {
				t.Errorf("the thief is answered %v", err)
			}
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, grace)
			first := w.open(t)
			last := w.renew(t, w.renew(t, first))
			ctx := context.WithoutCancel(t.Context())
			came := atOnce(t, func(int) (session.Opened, error) {
				return w.Renew(ctx, auth.Secret(last.Tokens.Refresh), desk)
			}, func() { end(t, w, first, last) })
			if len(came.refresh) > 1 {
				t.Errorf("there are %d refresh tokens", len(came.refresh))
			}
			came.refresh[last.Tokens.Refresh] = 0
			for refresh := range came.refresh {
				w.ended(t, refresh)
			}
			if w.accepted(t, last.Tokens.Access) {
				t.Error("the access token is still accepted")
			}
			if s := w.stored(t, first); s.EndedAt == nil {
				t.Error("the session has not ended")
			}
		})
	}
}
