package main_test

import (
	"path/filepath"
	"testing"
	"time"

	hot "github.com/fieldward/fieldward/bench/hot"
	"github.com/fieldward/fieldward/bench/sample"
	"github.com/fieldward/fieldward/db/sqlite"
)

func TestWhatWasNotFilledIsNotTimed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := sqlite.Open(t.Context(), path)
	must(t, err)
	must(t, s.Migrate(t.Context()))
	must(t, s.Close())
	if err := hot.Run(t.Context(), "sqlite:"+path, "2026-11-24T12:00:00Z", sample.Crowd{Users: 1, Sessions: 1, Seed: 1, Until: time.Now()}, 1); err == nil {
		t.Error("nobody was timed")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
