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

// writerPath names the file that a child process writes to, prunerPath the one that it prunes.
const (
	writerPath = "FIELDWARD_TEST_JOURNAL"
	prunerPath = "FIELDWARD_TEST_PRUNE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(writerPath); path != "" {
		_, _ = fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	if path := os.Getenv(prunerPath); path != "" {
		if err := pruneUntilKilled(path); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// pruneUntilKilled prunes what there is, and tells each step.
func pruneUntilKilled(path string) error {
	ctx := context.Background()
	s, err := sqlitedb.Open(ctx, path)
	if err != nil {
		return err
	}
	telling := &breaking{Store: s, prune: func(step int, prune func() error) error {
		err := prune()
		_, _ = fmt.Println(step)
		time.Sleep(5 * time.Millisecond) // so that it is killed in between
		return err
	}}
	_, err = journal.New(telling, key(), time.Now).Prune(ctx, journal.Pruning{Before: cutoff(), Refusing: refusing})
	return err
}

func TestKilledWhileItPrunesTheJournalIsWholeAndPruningGoesOn(t *testing.T) {
	const old, young = 12 * journal.Batch, 3
	path := filepath.Join(t.TempDir(), "test.db")
	d := database{Store: open(t, path), pool: raw(t, path)}
	d.age(t, old)
	happen(t, d.Store, young)
	j := journal.New(d, key(), time.Now)
	numberAll(t, j)
	torn := 0
	for begins := int64(0); begins < old; {
		runAndKill(t, prunerPath, path, 30*time.Millisecond)
		began := verify(t, d, journal.Head{}).Checkpoint.Number
		if left := all(t, d.Store); left[0].Link.Number != began+1 || began <= begins || began%journal.Batch != 0 {
			t.Fatalf("the chain begins after %d, and the first event is %d", began, left[0].Link.Number)
		}
		if begins = began; begins < old {
			torn++
		}
	}
	done, err := pruneOld(t, d)
	must(t, err)
	if done.Removed != 0 || torn == 0 {
		t.Errorf("it was killed halfway %d times, and at last %d were left to prune", torn, done.Removed)
	}
	t.Logf("killed halfway %d times", torn)
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

// writeAndKill has a child write for a while, and returns what it told.
func writeAndKill(t *testing.T, path string) (told []auth.ID) {
	t.Helper()
	for _, line := range runAndKill(t, writerPath, path, 100*time.Millisecond) {
		told = append(told, auth.ID(line))
	}
	return told
}

// runAndKill runs a child process on the file for a while after it has told something, kills it, and returns the lines
// that it told.
func runAndKill(t *testing.T, what, path string, atMost time.Duration) (told []string) {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	child := exec.CommandContext(t.Context(), program)
	child.Env = append(os.Environ(), what+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the child tells nothing: %v", child.Wait())
	}
	told = append(told, lines.Text())
	time.AfterFunc(rand.N(atMost), func() { _ = child.Process.Kill() })
	for lines.Scan() {
		told = append(told, lines.Text())
	}
	_ = child.Wait() // it was killed
	return told
}
