package main

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fieldward/fieldward/auth"
)

const (
	signUpAda = `mutation { s: signUp(input: {email: "ada@example.com", name: "Ada", password: "correct horse battery"}) { accessToken } }`
	signInAda = `mutation { s: signIn(input: {email: "ada@example.com", password: "correct horse battery"}) { accessToken } }`
)

func TestWhatOneProcessDoesIsToldAndFeltOnTheSocketsOfAnother(t *testing.T) {
	program, err := exec.LookPath("fieldward")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	here, killHere := launch(t, program, folder)
	defer killHere()
	there, killThere := launch(t, program, folder)
	defer killThere()
	token := tokenOf(t, here, signUpAda)
	time.Sleep(1200 * time.Millisecond) // by then all have been told of the session that has begun
	s := (&api{url: there}).socket(t, token)
	s.subscribe("s", followSessions)
	if got := s.ask("q", `{ me { id } }`); got.at("me.id") == nil {
		t.Fatalf("answered %v", got)
	}
	tokenOf(t, here, signInAda)
	began := time.Now()
	if f := s.read(); f.ID != "s" || f.Type != "next" || !strings.Contains(string(f.Payload), "STARTED") {
		t.Errorf("told %s %s", f.Type, f.Payload)
	}
	told := time.Since(began)
	if status, body := answerTo(t, here, token, `mutation { signOutEverywhere { endedSessions } }`); status != http.StatusOK {
		t.Fatalf("answered %d, %s", status, body)
	}
	began = time.Now()
	if got := s.closed(); got != "4403 The token is not valid, or no longer" {
		t.Errorf("closed with %s", got)
	}
	felt := time.Since(began)
	t.Logf("told elsewhere after %s, and closed after %s", told, felt)
	if told > 2*time.Second || felt > 2*time.Second { // on a machine that does other things, too
		t.Error("that is too long")
	}
}

func TestASIGTERMClosesSocketsWithARestartBeforeTheProcessEnds(t *testing.T) {
	program, err := exec.LookPath("fieldward")
	if err != nil {
		t.Fatal(err)
	}
	server := newInstance(t, program, "sqlite:"+filepath.Join(t.TempDir(), "fieldward.db"))
	server.start()
	a := &api{url: server.url()}
	s := a.socket(t, tokenOf(t, a.url, signUpAda))
	s.subscribe("s", followSessions)
	e := a.events(t, tokenOf(t, a.url, signInAda), a.url+"/graphql", asBody(t, followSessions))
	s.subscribe("in", signInAda) // whose hash takes a while
	time.Sleep(2 * time.Millisecond)
	began := time.Now()
	if err := server.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := s.closed(); got != "1012 Service restart" {
		t.Errorf("closed with %s", got)
	}
	if text := e.rest(); strings.Contains(text, "complete") {
		t.Errorf("the stream ends with %q", text)
	}
	if err := server.process.Wait(); err != nil {
		t.Errorf("the process ends with %v: %s", err, server.log.String())
	}
	t.Logf("ended %s after the signal", time.Since(began))
	if strings.Contains(server.log.String(), "cut off") {
		t.Errorf("something was cut off: %s", server.log.String())
	}
}

func TestASlowReaderLosesItsSocketAndNothingIsLeftOfIt(t *testing.T) {
	leavesNothing(t)
	a := newAPI(t)
	dialer := net.Dialer{}
	slow := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(4 << 10)
		}
		return conn, err
	}}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, a.url+"/graphql", &websocket.DialOptions{ //nolint:bodyclose // Dial closes it
		HTTPClient: slow, Subprotocols: []string{socketProtocol}, HTTPHeader: http.Header{"Authorization": {"Bearer " + a.token(t, "root@example.com", auth.RoleAdmin)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	s := &sock{t, conn}
	s.init("-")
	s.read()
	const whole = `{ __schema { types { name description fields { name description type { name } args { name description type { name } } } } } }`
	wrote := make(chan int, 1)
	go func() {
		text := `{"id":"%","type":"subscribe","payload":{"query":"` + whole + `"}}`
		n := 0
		for conn.Write(ctx, websocket.MessageText, []byte(strings.Replace(text, "%", strings.Repeat("x", n+1), 1))) == nil {
			n++
		}
		wrote <- n
	}()
	began := time.Now()
	for a.streams.Open() > 0 {
		if time.Since(began) > 40*time.Second {
			t.Fatal("the socket is open still")
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("after %s, and %d messages", time.Since(began), <-wrote)
}
