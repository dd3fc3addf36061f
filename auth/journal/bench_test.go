package journal_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
)

// BenchmarkNumberAHundredThousandEvents numbers what a great import leaves behind.
func BenchmarkNumberAHundredThousandEvents(b *testing.B) {
	const events = 100_000
	for b.Loop() {
		b.StopTimer()
		path := filepath.Join(b.TempDir(), "bench.db")
		s := open(b, path)
		j := journal.New(s, key(), time.Now)
		bulk(b, path, events)
		b.StartTimer()
		var longest time.Duration
		for numbered := journal.Batch; numbered == journal.Batch; {
			began := time.Now()
			n, err := j.Number(b.Context())
			must(b, err)
			longest, numbered = max(longest, time.Since(began)), n
		}
		b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest-batch")
	}
	b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSixteenWriters records events while nobody numbers them, and while two instances do.
func BenchmarkSixteenWriters(b *testing.B) {
	const writers = 16
	for name, instances := range map[string]int{"unfollowed": 0, "followed_by_two": 2} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bench.db")
			s := open(b, path)
			ctx, stop := context.WithCancel(b.Context())
			var following sync.WaitGroup
			for range instances {
				f := journal.NewFollower(journal.New(open(b, path), key(), time.Now))
				must(b, f.Load(ctx))
				following.Go(func() { f.Run(ctx, func(err error) { b.Error(err) }) })
			}
			b.ResetTimer()
			var writing sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for i := w; i < b.N; i += writers {
						if err := s.Record(b.Context(), auth.NewEvent(auth.SignedIn, time.Now(), desk())); err != nil {
							b.Error(err)
						}
					}
				})
			}
			writing.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.StopTimer()
			stop()
			following.Wait()
		})
	}
}

// BenchmarkVerify walks a journal of ten thousand events.
func BenchmarkVerify(b *testing.B) {
	const events = 10_000
	path := filepath.Join(b.TempDir(), "bench.db")
	s := open(b, path)
	j := journal.New(s, key(), time.Now)
	bulk(b, path, events)
	for n := journal.Batch; n == journal.Batch; {
		numbered, err := j.Number(b.Context())
		must(b, err)
		n = numbered
	}
	for b.Loop() {
		_, err := j.Verify(b.Context(), journal.Head{})
		must(b, err)
	}
	b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPollOfNothing is what an instance does twice a second where nothing happens.
func BenchmarkPollOfNothing(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "bench.db"))
	j := journal.New(s, key(), time.Now)
	for b.Loop() {
		_, err := j.Number(b.Context())
		must(b, err)
		_, err = j.Head(b.Context())
		must(b, err)
	}
}
