package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"
)

// cut is where a proxy cuts the connection.
type cut int

const (
	never cut = iota
	// before drops what the client has sent.
	before
	// after hands it on, waits until the server answers, and drops the answer.
	after
)

// proxy stands between the store and the server.
type proxy struct {
	url    string
	server string

	mu   sync.Mutex
	at   func(sent []byte) bool
	how  cut
	gone bool // whether nothing gets through after the cut
	open map[net.Conn]bool
}

func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	p := &proxy{server: u.Host, open: map[net.Conn]bool{}}
	p.url = with(t, address, func(u *url.URL) { u.Host = listen(t, p.relay) })
	return p
}

// cutOnce cuts the first connection whose client sends what at tells, and no other.
func (p *proxy) cutOnce(how cut, at func(sent []byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.how, p.at = how, at
}

// block lets nothing through, from now on or from the next cut on, until it is told otherwise.
func (p *proxy) block(gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = gone
	if gone && p.at == nil {
		p.closeAll()
	}
}

func (p *proxy) closeAll() {
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *proxy) relay(client net.Conn) {
	p.mu.Lock()
	if p.gone && p.at == nil {
		p.mu.Unlock()
		return
	}
	p.open[client] = true
	p.mu.Unlock()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	answers := make(chan struct{}) // closed at the cut
	dropped := make(chan struct{}) // closed when the answer has come
	go func() {
		defer func() { _ = client.Close() }()
		part := make([]byte, 64<<10)
		for {
			n, err := server.Read(part)
			select {
			case <-answers:
				close(dropped)
				return
			default:
			}
			if _, failed := client.Write(part[:n]); err != nil || failed != nil {
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
		how := p.hit(part[:n])
		if how == before {
			return
		}
		if how == after {
			close(answers)
		}
		if _, err := server.Write(part[:n]); err != nil {
			return
		}
		if how == after {
			<-dropped
			return
		}
	}
}

// hit tells whether to cut here, once.
func (p *proxy) hit(sent []byte) cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil || !p.at(sent) {
		return never
	}
	p.at = nil
	if p.gone {
		p.closeAll()
	}
	return p.how
}

// commits tells of a COMMIT, as the driver sends it.
func commits(sent []byte) bool { return bytes.Contains(sent, []byte("commit\x00")) }

// executes tells of the arguments of a prepared statement: Bind (https://www.postgresql.org/docs/current/protocol-flow.html).
func executes(sent []byte) bool { return len(sent) > 0 && sent[0] == 'B' }
