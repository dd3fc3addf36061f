package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/fieldward/fieldward/bench/sample"
)

const (
	queryMe    = `{ me { id name } }`
	queryUsers = `{ users(first: 100) { nodes { id name email roles createdAt lastSignInAt } } }`
	signIn     = `mutation($i: SignInInput!) { signIn(input: $i) { accessToken refreshToken } }`
	refresh    = `mutation($i: RefreshSessionInput) { refreshSession(input: $i) { accessToken refreshToken } }`
)

// asker asks on a connection of its own, one request after the other.
type asker struct {
	load    *load
	conn    net.Conn
	in      *bufio.Reader
	request []byte // the same each time, where it is
	access  string
	refresh string
}

// newAsker connects, and signs in as far as what is asked needs it.
func (l *load) newAsker(ctx context.Context) (*asker, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	a := &asker{load: l, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	query, email := queryMe, l.user()
	switch l.what {
	case "users":
		query, email = queryUsers, string(sample.Email(0)) // who is ADMIN
	case "sign-in":
		return a, nil
	}
	if err := a.signIn(email); err != nil {
		return nil, err
	}
	a.request = a.post(body(query, nil))
	return a, nil
}

func (a *asker) close() { _ = a.conn.Close() }

func (a *asker) ask() error {
	switch a.load.what {
	case "sign-in":
		a.access = ""
		return a.signIn(a.load.user())
	case "refresh":
		return a.tokens(body(refresh, map[string]any{"refreshToken": a.refresh}))
	}
	_, err := a.send(a.request)
	return err
}

func (a *asker) signIn(email string) error {
	return a.tokens(body(signIn, map[string]any{"email": email, "password": sample.Password}))
}

// tokens asks for a pair of tokens, and keeps it.
func (a *asker) tokens(asked []byte) error {
	answer, err := a.send(a.post(asked))
	if err != nil {
		return err
	}
	var read struct {
		Data map[string]struct{ AccessToken, RefreshToken string }
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	for _, pair := range read.Data {
		a.access, a.refresh = pair.AccessToken, pair.RefreshToken
	}
	return nil
}

func body(query string, input map[string]any) []byte {
	written, _ := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"i": input}}) // text is all it holds
	return written
}

// post is the request as it goes out.
func (a *asker) post(body []byte) []byte {
	var b bytes.Buffer
	b.WriteString("POST /graphql HTTP/1.1\r\nHost: " + a.load.address + "\r\nContent-Type: application/json\r\n")
	if a.access != "" && a.load.what != "refresh" {
		b.WriteString("Authorization: Bearer " + a.access + "\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n")
	b.Write(body)
	return b.Bytes()
}

// send is the body of the answer, which must be a good one.
func (a *asker) send(request []byte) ([]byte, error) {
	if _, err := a.conn.Write(request); err != nil {
		return nil, fmt.Errorf("send a request: %w", err)
	}
	response, err := http.ReadResponse(a.in, nil)
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	answer, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // it was read to its end
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	if response.StatusCode != http.StatusOK || bytes.Contains(answer, []byte(`"errors"`)) {
		return nil, fmt.Errorf("the server answers %s: %.200s", response.Status, withoutTokens(answer))
	}
	return answer, nil
}

// withoutTokens leaves out what is not for the terminal: answers that hold tokens hold no errors.
func withoutTokens(answer []byte) []byte {
	if bytes.Contains(answer, []byte("Token")) {
		return nil
	}
	return answer
}
