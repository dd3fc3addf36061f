// Command load asks a running server over and over, on connections that it keeps, and says how many requests a second
// that were, and how much processor time the server and its database spent on one. The server works on a database
// that bench/data has filled: see bench/sample for the users and their password. It is for Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldward/fieldward/bench/sample"
)

// load is what to ask of whom.
type load struct {
	address     string
	what        string
	connections int
	seconds     time.Duration
	server      int // process IDs; 0 where they are not known
	database    int
	users       atomic.Int64 // the next who signs in
}

func main() {
	l := &load{}
	flag.StringVar(&l.address, "address", "127.0.0.1:8080", "the server's")
	flag.StringVar(&l.what, "ask", "me", "me, users (a page of 100), refresh or sign-in")
	flag.IntVar(&l.connections, "connections", 50, "how many ask at once")
	flag.DurationVar(&l.seconds, "time", 3*time.Second, "how long a run takes")
	flag.IntVar(&l.server, "server", 0, "the server's process, to count its processor time")
	flag.IntVar(&l.database, "database", 0, "the database's process, whose children count too")
	first := flag.Int64("first", 1, "the first user that signs in")
	runs := flag.Int("runs", 5, "how many runs there are")
	flag.Parse()
	l.users.Store(*first)
	if err := l.run(context.Background(), *runs); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// result is what came of a run.
type result struct {
	perSecond, server, database float64 // processor time in µs for each request
}

func (l *load) run(ctx context.Context, runs int) error {
	askers := make([]*asker, l.connections)
	for i := range askers {
		var err error
		if askers[i], err = l.newAsker(ctx); err != nil {
			return err
		}
		defer askers[i].close()
	}
	var all []result
	for range runs {
		r, err := l.once(askers)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	say := func(what string, of func(result) float64) {
		values := make([]float64, len(all))
		for i, r := range all {
			values[i] = of(r)
		}
		slices.Sort(values)
		_, _ = fmt.Fprintf(os.Stdout, "%-10s %-28s %10.0f  (%.0f to %.0f)\n", l.what, what, values[len(values)/2], values[0], values[len(values)-1])
	}
	say("requests a second", func(r result) float64 { return r.perSecond })
	say("µs of the server for each", func(r result) float64 { return r.server })
	say("µs of the database for each", func(r result) float64 { return r.database })
	return nil
}

// once has all ask for the time of a run.
func (l *load) once(askers []*asker) (result, error) {
	var asked atomic.Int64
	errs := make([]error, len(askers))
	server, database := processorTime(l.server), processorTime(l.database)
	began := time.Now() //nolint:forbidigo // the tool has no server around it
	var all sync.WaitGroup
	for i, a := range askers {
		all.Go(func() {
			for errs[i] == nil && time.Since(began) < l.seconds {
				if errs[i] = a.ask(); errs[i] == nil {
					asked.Add(1)
				}
			}
		})
	}
	all.Wait()
	took, n := time.Since(began), float64(asked.Load())
	if n == 0 {
		errs = append(errs, errors.New("nothing was answered"))
	}
	return result{
		perSecond: n / took.Seconds(),
		server:    float64((processorTime(l.server) - server).Microseconds()) / n,
		database:  float64((processorTime(l.database) - database).Microseconds()) / n,
	}, errors.Join(errs...)
}

// user is the next of the sample's who is no one special, and not disabled.
func (l *load) user() string {
	for {
		if i := l.users.Add(1); i%5000 != 0 && i%500 != 1 {
			return string(sample.Email(int(i)))
		}
	}
}
