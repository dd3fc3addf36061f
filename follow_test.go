package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/cli"
)

func TestEachMinuteInWhichSomethingHappenedTheJournalsHeadIsLogged(t *testing.T) {
	settings, err := cli.DefaultServeSettings()
	if err != nil {
		t.Fatal(err)
	}
	settings.Database = "sqlite:" + filepath.Join(t.TempDir(), "test.db")
	synctest.Test(t, func(t *testing.T) {
		h, err := open(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = h.store.Close() }()
		var log syncBuffer
		stop, err := h.follow(t.Context(), slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		for minute, heads := range []int{0, 1, 1, 2} {
			if got := strings.Count(log.String(), "head="); got != heads {
				t.Errorf("after %d minutes %d heads are logged: %s", minute, got, log.String())
			}
			if minute != 1 {
				if err := h.store.Record(t.Context(), auth.NewEvent(auth.SignedIn, time.Now(), auth.Client{})); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		head, err := h.journal.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), head.String()) {
			t.Errorf("the head %s is not in the log: %s", head, log.String())
		}
	})
}
