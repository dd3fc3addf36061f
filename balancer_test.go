package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// balancer hands requests to the instances in turn, and to none that says it is not ready, or does not answer.
type balancer struct {
	url string

	mu    sync.Mutex
	turns int
	in    []*url.URL
}

// lookEvery is how often a balancer looks after each instance. An instance is told to drain for longer.
const lookEvery = 100 * time.Millisecond

func newBalancer(t *testing.T, instances ...*instance) *balancer {
	t.Helper()
	b := &balancer{}
	ctx, stop := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	for _, i := range instances {
		at, err := url.Parse(i.url())
		if err != nil {
			t.Fatal(err)
		}
		b.set(at, i.ready(5*time.Second))
		looking.Go(func() {
			for ctx.Err() == nil {
				b.set(at, isOK(at.String()+"/readyz", time.Second))
				time.Sleep(lookEvery)
			}
		})
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(b.next())
			r.SetXForwarded()
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 100},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			t.Logf("the balancer is not answered by %s: %v", r.URL.Host, err)
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(func() {
		server.Close()
		stop()
		looking.Wait()
	})
	b.url = server.URL
	return b
}

func (b *balancer) set(at *url.URL, ready bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch in := slices.Contains(b.in, at); {
	case ready && !in:
		b.in = append(b.in, at)
	case !ready && in:
		b.in = slices.DeleteFunc(b.in, func(u *url.URL) bool { return u == at })
	}
}

// next is whose turn it is. Where none is ready it is an address at which nobody listens.
func (b *balancer) next() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.in) == 0 {
		return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	}
	b.turns++
	return b.in[b.turns%len(b.in)]
}
