package postgres_test

import (
	"context"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/db"
)

// The load that the journal keeps pace with.
const (
	loadWriters = 16
	loadRate    = 4000 // events a second
	loadTime    = 3 * time.Second
	roundTrip   = 2 * time.Millisecond
)

// BenchmarkSixteenWritersTwoMillisecondsAway records events over a wire that takes 2 ms for each round trip, while nobody
// numbers them and while one instance follows the journal, in turns on one database: as fast as the writers can, and at
// a rate. In between what has no number gets one, while nobody writes. The ratio is what numbering leaves of the writers' rate. How late an event is handed to who follows counts
// from when it was begun to be recorded.
func BenchmarkSixteenWritersTwoMillisecondsAway(b *testing.B) {
	for name, rate := range map[string]int{"as_fast_as_they_can": 0, "at_4000_a_second": loadRate} {
		b.Run(name, func(b *testing.B) {
			address := delayed(b, server(b).Database(b), roundTrip)
			s := open(b, address)
			j := journal.New(s, []byte("0123456789abcdef0123456789abcdef"), time.Now)
			var plain, alone, numbered load
			for b.Loop() {
				plain.add(record(b, s, rate))
				alone.add(numberAll(b, j))
				numbered.add(followed(b, s, j, rate))
			}
			b.ReportMetric(plain.rate(), "events/s-unnumbered")
			b.ReportMetric(numbered.rate(), "events/s-numbered")
			b.ReportMetric(alone.rate(), "events/s-numbering-alone")
			b.ReportMetric(numbered.rate()/plain.rate(), "ratio")
			b.ReportMetric(float64(numbered.latest.Milliseconds()), "ms-latest")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// load is what was recorded in a time.
type load struct {
	events int
	took   time.Duration
	latest time.Duration // from an event's beginning until it was handed on
}

func (l *load) add(other load) {
	l.events += other.events
	l.took += other.took
	l.latest = max(l.latest, other.latest)
}

func (l *load) rate() float64 { return float64(l.events) / l.took.Seconds() }

// record has the writers record events for a while, at a rate where there is one.
func record(b *testing.B, s *db.Store, rate int) load {
	b.Helper()
	began := time.Now()
	var writing sync.WaitGroup
	events := make([]int, loadWriters)
	for w := range loadWriters {
		writing.Go(func() {
			for time.Since(began) < loadTime {
				if rate > 0 {
					time.Sleep(time.Until(began.Add(time.Duration(events[w]*loadWriters+w) * time.Second / time.Duration(rate))))
				}
				if err := s.Record(b.Context(), auth.NewEvent(auth.SignedIn, time.Now(), auth.Client{UserAgent: new("Desk/1.0")})); err != nil {
					b.Error(err)
					return
				}
				events[w]++
			}
		})
	}
	writing.Wait()
	l := load{took: time.Since(began)}
	for _, n := range events {
		l.events += n
	}
	return l
}

// numberAll numbers what nobody has numbered so far.
func numberAll(b *testing.B, j *journal.Journal) load {
	b.Helper()
	began := time.Now()
	var l load
	for n := journal.Batch; n == journal.Batch; l.events += n {
		var err error
		n, err = j.Number(b.Context())
		must(b, err)
	}
	l.took = time.Since(began)
	return l
}

// followed is record while an instance numbers and reads the journal, until it has been handed the last event.
func followed(b *testing.B, s *db.Store, j *journal.Journal, rate int) load {
	b.Helper()
	var mu sync.Mutex
	var handed int
	var latest time.Duration
	f := journal.NewFollower(j, journal.Subscriber{Take: func(events ...auth.Event) {
		mu.Lock()
		defer mu.Unlock()
		handed += len(events)
		for _, e := range events {
			latest = max(latest, time.Since(e.At))
		}
	}})
	must(b, f.Load(b.Context()))
	ctx, stop := context.WithCancel(b.Context())
	var following sync.WaitGroup
	following.Go(func() { f.Run(ctx, func(err error) { b.Error(err) }) })
	defer following.Wait()
	defer stop()
	l := record(b, s, rate)
	for {
		mu.Lock()
		all := handed == l.events
		l.latest = latest
		mu.Unlock()
		if all || b.Failed() {
			return l
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// delayed is the database's address over a wire on which what a client sends arrives later by so much.
func delayed(b *testing.B, address string, by time.Duration) string {
	b.Helper()
	u, err := url.Parse(address)
	must(b, err)
	to := u.Host
	return with(b, address, func(u *url.URL) {
		u.Host = listen(b, func(client net.Conn) {
			server, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer func() { _ = server.Close() }()
			go func() {
				defer func() { _ = client.Close() }()
				part := make([]byte, 64<<10)
				for {
					n, err := server.Read(part)
					if _, failed := client.Write(part[:n]); err != nil || failed != nil {
						return
					}
				}
			}()
			wire(client, server, by)
		})
	})
}

// sent is what was sent, and when it arrives.
type sent struct {
	bytes []byte
	at    time.Time
}

// wire carries on sending while what was sent before is on its way.
func wire(client, server net.Conn, by time.Duration) {
	under := make(chan sent, 1024)
	go func() {
		defer close(under)
		for {
			part := make([]byte, 16<<10)
			n, err := client.Read(part)
			if err != nil {
				return
			}
			under <- sent{part[:n], time.Now().Add(by)}
		}
	}()
	for part := range under {
		time.Sleep(time.Until(part.at))
		if _, err := server.Write(part.bytes); err != nil {
			return
		}
	}
}
