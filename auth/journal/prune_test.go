package journal_test

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
)

// past is when old events happened.
func past() time.Time { return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC) }

// cutoff is from when on events stay.
func cutoff() time.Time { return time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC) }

const refusing = time.Hour

// pruneOld prunes what happened before the cutoff.
func pruneOld(t testing.TB, s journal.Store) (journal.Pruned, error) {
	t.Helper()
	return journal.New(s, key(), time.Now).Prune(t.Context(), journal.Pruning{Before: cutoff(), Refusing: refusing})
}

// age records n old events at once, behind the store's back.
func (d database) age(t testing.TB, n int) {
	t.Helper()
	tx, err := d.pool.BeginTx(t.Context(), nil)
	must(t, err)
	stmt, err := tx.Prepare(`
		INSERT INTO events (id, happened_at, action, ip_address, user_agent)
		VALUES ($1, '2025-03-01T12:00:00.000000Z', 'USER_CREATED', '192.0.2.10', 'Desk/1.0')`)
	must(t, err)
	defer func() { _ = stmt.Close() }() // the transaction's end closes it too
	for range n {
		_, err := stmt.Exec(string(auth.NewID(auth.EventPrefix, past())))
		must(t, err)
	}
	must(t, tx.Commit())
}

// verify walks the journal, and fails the test where it is broken.
func verify(t testing.TB, d database, noted journal.Head) journal.Intact {
	t.Helper()
	intact, err := journal.New(d, key(), time.Now).Verify(t.Context(), noted)
	must(t, err)
	return intact
}

func TestWhatWasPrunedIsGoneAndTheChainGoesOnFromTheCheckpoint(t *testing.T) {
	onEngines(t, func(t *testing.T, d database) {
		const old, young = 2*journal.Batch + 7, 5
		j := journal.New(d, key(), time.Now)
		d.age(t, 3)
		numberAll(t, j)
		early := verify(t, d, journal.Head{}).Head
		d.age(t, old-3)
		numberAll(t, j)
		last := verify(t, d, journal.Head{}).Head
		kept := happen(t, d.Store, young)
		numberAll(t, j)
		before := verify(t, d, journal.Head{}).Head

		done, err := pruneOld(t, d)
		must(t, err)
		if done.Removed != old || done.Checkpoint.Head != last || time.Since(done.Checkpoint.At) > time.Minute {
			t.Errorf("pruned: %+v, and the last was %s", done, last)
		}
		left := all(t, d.Store)
		if len(left) != young+1 || left[0].Link.Number != old+1 || !slices.Contains(kept, left[0].ID) {
			t.Errorf("left are %d from %d on", len(left), left[0].Link.Number)
		}
		told := left[young].Event
		if told.Action != auth.JournalPruned || told.ActorID != nil || told.Details["first"] != 1.0 || told.Details["last"] != float64(old) ||
			told.Details["hash"] != last.Hash.String() || told.Details["before"] != "2025-04-01T00:00:00Z" {
			t.Errorf("told is %+v", told)
		}
		for _, noted := range []journal.Head{{}, last, before} {
			intact := verify(t, d, noted)
			if intact.Events() != young+1 || intact.Checkpoint != done.Checkpoint || intact.Number != old+young+1 {
				t.Errorf("from %s: intact is %+v", noted, intact)
			}
		}
		if _, err := j.Verify(t.Context(), early); !errors.Is(err, journal.ErrPruned) {
			t.Errorf("a head from before: %v", err)
		}
		last.Hash[0]++
		_, err = j.Verify(t.Context(), last)
		isBrokenAt(t, err, old)

		again, err := pruneOld(t, d)
		must(t, err)
		if again.Removed != 0 || again.Checkpoint != done.Checkpoint || len(all(t, d.Store)) != young+1 {
			t.Errorf("pruned again: %+v", again)
		}
	})
}

func TestEverythingMayBePrunedAndTheNumbersGoOn(t *testing.T) {
	onEngines(t, func(t *testing.T, d database) {
		d.age(t, 4) // without a number
		done, err := pruneOld(t, d)
		must(t, err)
		if done.Removed != 4 {
			t.Errorf("pruned: %+v", done)
		}
		if intact := verify(t, d, done.Checkpoint.Head); intact.Number != 5 || intact.Events() != 1 {
			t.Errorf("intact is %+v", intact)
		}
		must(t, d.Record(t.Context(), auth.NewEvent(auth.SignedIn, past(), desk())))
		if done, err = pruneOld(t, d); err != nil || done.Removed != 0 {
			t.Errorf("an old one after a young one: %+v, %v", done, err)
		}
	})
}

func TestVerifyFindsWhatWasDoneToAPrunedJournal(t *testing.T) {
	tests := map[string]struct {
		change string
		broken int64
	}{
		"nothing":                        {`SELECT 1`, 0},
		"the first that is left removed": {`DELETE FROM events WHERE number = 5`, 5},
		"more pruned without the key":    {`DELETE FROM events WHERE number = 5; UPDATE journal_checkpoint SET number = 5, hash = (SELECT hash FROM copied WHERE number = 5)`, 6},
		"another number":                 {`UPDATE journal_checkpoint SET number = 3`, 4},
		"another hash":                   {`UPDATE journal_checkpoint SET hash = {zero}`, 5},
		"half a hash":                    {`UPDATE journal_checkpoint SET hash = (SELECT salt FROM copied WHERE number = 5)`, 5},
		"another time":                   {`UPDATE journal_checkpoint SET pruned_at = '2026-01-31T08:15:00.000000Z'`, 5},
		"another count":                  {`UPDATE journal_checkpoint SET removed = 1`, 5},
		"another MAC":                    {`UPDATE journal_checkpoint SET mac = hash`, 5},
		"removed":                        {`DELETE FROM journal_checkpoint`, 1},
		"the older checkpoint":           {`DELETE FROM journal_checkpoint; INSERT INTO journal_checkpoint SELECT * FROM checkpoints`, 3},
		"put in before it":               {`INSERT INTO events SELECT * FROM copied WHERE number = 4`, 4},
		"all cut off to before it":       {`DELETE FROM events; UPDATE journal_head SET number = 3`, 4},
	}
	for engine, open := range engines() {
		for name, test := range tests {
			t.Run(engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := open(t)
				j := journal.New(d, key(), time.Now)
				d.age(t, 2)
				_, err := pruneOld(t, d) // leaves 3, which tells of it, and is young
				must(t, err)
				d.tamper(t, `CREATE TABLE checkpoints AS SELECT * FROM journal_checkpoint`)
				happen(t, d.Store, 1)
				numberAll(t, j)
				time.Sleep(time.Millisecond)
				soon := auth.Instant(time.Now())
				happen(t, d.Store, 3)
				numberAll(t, j)
				d.tamper(t, `CREATE TABLE copied AS SELECT * FROM events`)
				done, err := j.Prune(t.Context(), journal.Pruning{Before: soon})
				must(t, err)
				if done.Checkpoint.Number != 4 || done.Removed != 2 {
					t.Fatalf("pruned: %+v", done)
				}
				d.tamper(t, test.change)
				_, err = j.Verify(t.Context(), journal.Head{})
				isBrokenAt(t, err, test.broken)
			})
		}
	}
}

func TestNothingIsPrunedThatCanStillRefuseATokenOrWasTamperedWith(t *testing.T) {
	onEngines(t, func(t *testing.T, d database) {
		j := journal.New(d, key(), time.Now)
		d.age(t, journal.Batch+5)
		happen(t, d.Store, 1)
		numberAll(t, j)
		_, err := j.Prune(t.Context(), journal.Pruning{Before: time.Now().Add(-refusing + time.Minute), Refusing: refusing})
		if !errors.Is(err, journal.ErrStillRefusing) {
			t.Errorf("the error is %v", err)
		}
		d.tamper(t, `UPDATE events SET action = 'SIGNED_OUT' WHERE number = 503`)
		done, err := pruneOld(t, d)
		isBrokenAt(t, err, 503)
		if left := all(t, d.Store); done.Removed != 0 || len(left) != journal.Batch+6 {
			t.Errorf("%d went, and %d are left", done.Removed, len(left))
		}
	})
}

// breaking is a store whose Prune is interfered with.
type breaking struct {
	journal.Store
	prune func(step int, prune func() error) error
	steps int
}

func (b *breaking) Prune(ctx context.Context, r journal.Removal) error {
	b.steps++
	return b.prune(b.steps, func() error { return b.Store.Prune(ctx, r) })
}

func TestAPruneThatIsInterruptedTearsNothingAndGoesOn(t *testing.T) {
	const old = 3*journal.Batch + 1
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tests := map[string]struct {
		ctx     context.Context
		prune   func(step int, prune func() error) error
		removed int64
	}{
		"at the first step": {t.Context(), func(int, func() error) error { return errFault }, 0},
		"at a later step": {t.Context(), func(step int, prune func() error) error {
			if step == 3 {
				return errFault
			}
			return prune()
		}, 2 * journal.Batch},
		"by who waits for it": {ctx, func(_ int, prune func() error) error {
			defer cancel()
			return prune()
		}, journal.Batch},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := engines()["on SQLite"](t)
			d.age(t, old)
			happen(t, d.Store, 2)
			store := &breaking{Store: d, prune: test.prune}
			done, err := journal.New(store, key(), time.Now).Prune(test.ctx, journal.Pruning{Before: cutoff(), Refusing: refusing})
			if !errors.Is(err, errFault) && !errors.Is(err, context.Canceled) {
				t.Fatalf("the error is %v", err)
			}
			if done.Removed != test.removed || done.Checkpoint.Number != test.removed {
				t.Errorf("%+v went", done)
			}
			verify(t, d, journal.Head{})
			rest, err := pruneOld(t, d)
			must(t, err)
			if rest.Removed != old-test.removed || rest.Checkpoint.Number != old {
				t.Errorf("then %+v went", rest)
			}
			verify(t, d, journal.Head{})
		})
	}
}

func TestAStepOfAPruneWhoseAnswerWasLostIsCountedOnce(t *testing.T) {
	const old = 2*journal.Batch + 1
	for step := 1; step <= 3; step++ {
		d := engines()["on SQLite"](t)
		d.age(t, old)
		store := &breaking{Store: d, prune: func(at int, prune func() error) error {
			if err := prune(); err != nil || at != step {
				return err
			}
			return prune() // the store begins it anew
		}}
		done, err := journal.New(store, key(), time.Now).Prune(t.Context(), journal.Pruning{Before: cutoff(), Refusing: refusing})
		if err != nil || done.Removed != old {
			t.Errorf("step %d: %+v went, %v", step, done, err)
		}
		verify(t, d, done.Checkpoint.Head)
	}
}

func TestPrunesAndVerifyingAtTheSameTimeDoNotDisturbEachOther(t *testing.T) {
	onEngines(t, func(t *testing.T, d database) {
		const old, young, instances = 4 * journal.Batch, 20, 3
		d.age(t, old)
		happen(t, d.Store, young)
		numberAll(t, journal.New(d, key(), time.Now))
		var removed [instances]int64
		var working sync.WaitGroup
		for i := range instances {
			working.Go(func() {
				done, err := pruneOld(t, d)
				if err != nil {
					t.Error(err)
				}
				removed[i] = done.Removed
			})
			working.Go(func() {
				for range 5 {
					if _, err := journal.New(d, key(), time.Now).Verify(t.Context(), journal.Head{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		working.Wait()
		if sum := removed[0] + removed[1] + removed[2]; sum != old {
			t.Errorf("%v went, of %d", removed, old)
		}
		verify(t, d, journal.Head{})
	})
}

func TestWhoFollowsTheJournalLivesThroughAPrune(t *testing.T) {
	onEngines(t, func(t *testing.T, d database) {
		var r reader
		d.age(t, 20)
		j := journal.New(d, key(), time.Now)
		numberAll(t, j)
		f := journal.NewFollower(j, r.subscriber())
		must(t, f.Load(t.Context())) // its cursor is the last of those that go
		done, err := pruneOld(t, d)
		must(t, err)
		if done.Removed != 20 {
			t.Fatalf("%+v went", done)
		}
		stop := follow(t, f)
		waitFor(t, 10*time.Second, func() bool { return len(r.ids()) == 1 })
		want := happen(t, d.Store, 3)
		waitFor(t, 10*time.Second, func() bool { return len(r.ids()) == 4 })
		if errs := stop(); errs != nil || r.loaded() != 1 {
			t.Errorf("it was loaded %d times, and the errors are %v", r.loaded(), errs)
		}
		if r.seen[0].Action != auth.JournalPruned || !slices.Contains(want, r.seen[1].ID) {
			t.Errorf("seen is %+v", r.seen)
		}
	})
}

func TestWhoHasNotReadWhatWasPrunedLoadsAnew(t *testing.T) {
	for name, cursor := range map[string]int{"from the beginning": 0, "from an event that is gone": 3} {
		t.Run(name, func(t *testing.T) {
			var r reader
			d := engines()["on SQLite"](t)
			j := journal.New(d, key(), time.Now)
			d.age(t, cursor)
			numberAll(t, j)
			f := journal.NewFollower(j, r.subscriber())
			must(t, f.Load(t.Context()))
			d.age(t, 5)
			_, err := pruneOld(t, d)
			must(t, err)
			stop := follow(t, f)
			waitFor(t, 10*time.Second, func() bool { return r.loaded() == 2 })
			want := happen(t, d.Store, 1)
			waitFor(t, 10*time.Second, func() bool { return slices.Contains(r.ids(), want[0]) })
			if errs := stop(); errs != nil || r.loaded() != 2 {
				t.Errorf("it was loaded %d times, and the errors are %v", r.loaded(), errs)
			}
		})
	}
}

func TestACheckpointIsMadeAsItIsDocumented(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "test.db"))
	must(t, s.Record(t.Context(), auth.NewEvent(auth.SignedIn, past(), desk())))
	done, err := pruneOld(t, s)
	must(t, err)
	at := done.Checkpoint.At.UTC().Format("2006-01-02T15:04:05.000000Z")
	want := mac(key(), []byte("fieldward checkpoint 1"), binary.BigEndian.AppendUint64(nil, 1), done.Checkpoint.Hash[:],
		[]byte(at), binary.BigEndian.AppendUint64(nil, 1))
	if string(want) != string(done.Checkpoint.MAC[:]) {
		t.Errorf("the MAC is %s, and not %x", done.Checkpoint.MAC, want)
	}
}

func FuzzParseHead(f *testing.F) {
	zeros := strings.Repeat("0", 64)
	for _, text := range []string{"", ":", "0:" + zeros, "1:" + zeros, "01:" + zeros, "+1:" + zeros, "-1:" + zeros, "1:" + zeros + "0", "7:" + strings.Repeat("aF", 32)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		head, err := journal.ParseHead(text)
		if err != nil {
			if !errors.Is(err, journal.ErrNoHead) || head != (journal.Head{}) {
				t.Errorf("%q: %v, %v", text, head, err)
			}
			return
		}
		if !strings.EqualFold(head.String(), text) || head.Number < 0 || head.Number == 0 && head != (journal.Head{}) {
			t.Errorf("%q is read as %s", text, head)
		}
	})
}

func TestAHeadIsReadAsItIsWritten(t *testing.T) {
	hash := strings.Repeat("0b", 32)
	tests := map[string]bool{
		"7:" + hash: true, "7:" + strings.ToUpper(hash): true, "0:" + strings.Repeat("0", 64): true,
		"9223372036854775807:" + hash: true, "9223372036854775808:" + hash: false,
		"0:" + hash: false, "07:" + hash: false, "-7:" + hash: false, "7": false, "7:": false, "": false, ":" + hash: false,
		"7:" + hash + "0b": false, "7:" + hash[2:]: false, " 7:" + hash: false, "7:" + hash + "\n": false, "7:g" + hash[1:]: false,
	}
	for text, good := range tests {
		head, err := journal.ParseHead(text)
		if good != (err == nil) || good && !strings.EqualFold(head.String(), text) {
			t.Errorf("%q: %s, %v", text, head, err)
		}
	}
}
