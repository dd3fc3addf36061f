package main

import (
	"bytes"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// cutter stands between a server and PostgreSQL, and cuts connections in the middle of changes while it is told to.
type cutter struct {
	address string
	cuts    atomic.Bool
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{address: l.Addr().String()}
	var relaying sync.WaitGroup
	relaying.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			relaying.Go(func() { c.relay(client, to) })
		}
	})
	t.Cleanup(func() { _ = l.Close() }) // the connections end with their server
	return c
}

func (c *cutter) cut(on bool) { c.cuts.Store(on) }

// relay hands on what both say. Where it cuts, the server has got the change, or has not; its answer is lost either way.
func (c *cutter) relay(client net.Conn, to string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var silent atomic.Bool
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		defer func() { _ = client.Close() }()
		part := make([]byte, 64<<10)
		for {
			n, err := server.Read(part)
			if err != nil || silent.Load() {
				return
			}
			if _, err := client.Write(part[:n]); err != nil {
				return
			}
		}
	}()
	part := make([]byte, 64<<10)
	for {
		n, err := client.Read(part)
		if err != nil {
			return
		}
		cuts := c.cuts.Load() && ends(part[:n]) && rand.IntN(4) == 0
		if cuts {
			silent.Store(true)
			if rand.IntN(2) == 0 {
				return
			}
		}
		if _, err := server.Write(part[:n]); err != nil {
			return
		}
		if cuts {
			<-answered // so that it has been done
			return
		}
	}
}

// ends tells of a COMMIT, or of a prepared statement's arguments, which may be a change by themselves.
func ends(sent []byte) bool {
	return bytes.Contains(sent, []byte("commit\x00")) || len(sent) > 0 && sent[0] == 'B'
}
