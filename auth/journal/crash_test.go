package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	sqlitedb "github.com/fieldward/fieldward/db/sqlite"
)

// writerPath names the file that a child process writes to.
const writerPath = "FIELDWARD_TEST_JOURNAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerPath); path != "" {
		_, _ = fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled records events, tells the ID of each that is kept, and numbers them meanwhile.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	s, err := sqlitedb.Open(ctx, path)
	if err != nil {
		return err
	}
	j := journal.New(s, key(), time.Now)
	failed := make(chan error)
	go func() {
		for {
			if _, err := j.Number(ctx); err != nil {
				failed <- err
			}
		}
	}()
	go func() {
		for {
			e := auth.NewEvent(auth.SignedIn, time.Now(), desk())
			if err := s.Record(ctx, e); err != nil {
				failed <- err
			}
			_, _ = fmt.Println(e.ID)
		}
	}()
	return <-failed
}

func TestKilledBetweenAnEventAndItsNumberTheJournalLosesNothing(t *testing.T) {
	const kills = 15
	path := filepath.Join(t.TempDir(), "test.db")
	s := open(t, path)
	j := journal.New(s, key(), time.Now)
	var acknowledged []auth.ID
	waited := 0
	for range kills {
		acknowledged = append(acknowledged, writeAndKill(t, path)...)
		if n, err := j.Number(t.Context()); err != nil {
			t.Fatal(err)
		} else if n > 0 {
			waited++
		}
		numberAll(t, j)
		if _, err := j.Verify(t.Context(), journal.Head{}); err != nil {
			t.Fatal(err)
		}
	}
	entries := all(t, s)
	numbered := make(map[auth.ID]int64)
	for i, e := range entries {
		if e.Link.Number != int64(i)+1 || numbered[e.ID] != 0 {
			t.Fatalf("event %s has the number %d at place %d", e.ID, e.Link.Number, i+1)
		}
		numbered[e.ID] = e.Link.Number
	}
	lost := slices.DeleteFunc(acknowledged, func(id auth.ID) bool { return numbered[id] != 0 })
	if len(lost) > 0 || len(entries) < kills {
		t.Errorf("of %d events these were acknowledged, and lost: %v", len(entries), lost)
	}
	t.Logf("%d kills, %d of them with events that had no number; %d events, none lost", kills, waited, len(entries))
}

// writeAndKill runs a child process for a while, kills it, and returns what it told.
func writeAndKill(t *testing.T, path string) (told []auth.ID) {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	child := exec.CommandContext(t.Context(), program)
	child.Env = append(os.Environ(), writerPath+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the child tells nothing: %v", child.Wait())
	}
	told = append(told, auth.ID(lines.Text()))
	time.AfterFunc(rand.N(100*time.Millisecond), func() { _ = child.Process.Kill() })
	for lines.Scan() {
		told = append(told, auth.ID(lines.Text()))
	}
	_ = child.Wait() // it was killed
	return told
}
