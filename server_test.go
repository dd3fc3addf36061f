package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fieldward/fieldward/db/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fieldward": main, "ask": ask, "fetch": fetch, "makekey": makekey})
}

// TestStories runs the program as its users do. Beside testscript's own there are the commands start, interrupt, term and crash
// for a server in the background, take for a value of the last answer, database for $DATABASE, one on PostgreSQL ("database
// empty" is one without tables), sql for what is done behind the program's back, ask, a client, and forget for one of its
// cookies, document for a block of docs/operations.md, superuser for SQL, and login for a role's $URL on PostgreSQL. The
// folder of the project is in $SOURCES, and PostgreSQL's programs are on the PATH.
func TestStories(t *testing.T) {
	sources, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Values[serverKey{}] = &server{}
			env.Setenv("SOURCES", sources)
			if folder, err := postgrestest.Programs(); err == nil { // else they are on the PATH, or missed where they are called
				env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+folder)
			}
			env.Defer(func() { env.Values[serverKey{}].(*server).end(os.Kill) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":     start,
			"interrupt": func(ts *testscript.TestScript, _ bool, _ []string) { stop(ts, syscall.SIGINT) },
			"term":      func(ts *testscript.TestScript, _ bool, _ []string) { stop(ts, syscall.SIGTERM) },
			"crash":     func(ts *testscript.TestScript, _ bool, _ []string) { running(ts).end(os.Kill) },
			"take":      take,
			"exits":     exits,
			"forget":    forget,
			"sql":       behind,
			"document":  documentBlock,
			"superuser": superuser(t),
			"login":     login(t),
			"database": func(ts *testscript.TestScript, _ bool, args []string) {
				if slices.Contains(args, "empty") {
					ts.Setenv("DATABASE", postgresServer(t).Empty(t))
					return
				}
				ts.Setenv("DATABASE", postgresServer(t).Database(t))
			},
		},
	})
}

type serverKey struct{}

// server is a server in the background, or none.
type server struct {
	process *exec.Cmd
	out     *os.File
}

func running(ts *testscript.TestScript) *server { return ts.Value(serverKey{}).(*server) }

// end sends the signal, waits, and returns the exit code.
func (s *server) end(signal os.Signal) int {
	if s.process == nil {
		return 0
	}
	_ = s.process.Process.Signal(signal)
	_ = s.process.Wait()
	code := s.process.ProcessState.ExitCode()
	_ = s.out.Close()
	s.process = nil
	return code
}

var listens = regexp.MustCompile(`listens on (http://\S+)`)

// start runs "fieldward ARGS" on a free port of the loopback address, waits until it listens, and sets $URL. What it
// prints is in server.out and server.err.
func start(ts *testscript.TestScript, _ bool, args []string) {
	s := running(ts)
	if s.process != nil {
		ts.Fatalf("a server runs already")
	}
	out, err := os.Create(ts.MkAbs("server.out"))
	ts.Check(err)
	errs, err := os.Create(ts.MkAbs("server.err"))
	ts.Check(err)
	defer func() { _ = errs.Close() }()
	path, err := exec.LookPath("fieldward")
	ts.Check(err)
	s.out = out
	s.process = exec.Command(path, append(args, "--listen", "127.0.0.1:0")...)
	s.process.Dir = ts.MkAbs(".")
	s.process.Stdout, s.process.Stderr = out, errs
	s.process.Env = append(os.Environ(), "FIELDWARD_DRAIN_DELAY=0s", "HOME="+ts.Getenv("HOME"), "TMPDIR="+ts.Getenv("TMPDIR"), "FIELDWARD_MASTER_KEY="+ts.Getenv("FIELDWARD_MASTER_KEY"),
		"FIELDWARD_MASTER_KEY_PREVIOUS="+ts.Getenv("FIELDWARD_MASTER_KEY_PREVIOUS"))
	if database := ts.Getenv("FIELDWARD_DATABASE"); database != "" {
		s.process.Env = append(s.process.Env, "FIELDWARD_DATABASE="+database)
	}
	ts.Check(s.process.Start())
	for range 600 {
		if found := listens.FindStringSubmatch(ts.ReadFile("server.out")); found != nil {
			ts.Setenv("URL", found[1])
			ts.Setenv("HOSTPORT", strings.TrimPrefix(found[1], "http://"))
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.end(os.Kill)
	ts.Fatalf("the server does not listen: %s", ts.ReadFile("server.err"))
}

func stop(ts *testscript.TestScript, signal os.Signal) {
	if code := running(ts).end(signal); code != 0 {
		ts.Fatalf("the server ended with %d: %s", code, ts.ReadFile("server.err"))
	}
}

// exits runs a program, and fails the story unless its exit code is the one that is named first.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ...")
	}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	program := exec.Command(path, args[2:]...)
	program.Dir = ts.MkAbs(".")
	_ = program.Run()
	if code := strconv.Itoa(program.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("it exits with %s", code)
	}
}

// forget takes a cookie from a file of ask's, as a browser does when it has ended.
func forget(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: forget FILE COOKIE")
	}
	pot, err := newCookiePot(ts.MkAbs(args[0]))
	ts.Check(err)
	if _, kept := pot.Values[args[1]]; !kept {
		ts.Fatalf("there is no cookie %s", args[1])
	}
	delete(pot.Values, args[1])
	ts.Check(pot.keep())
}

// take sets the variable to the value at the dotted path of the JSON that the last command printed.
func take(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: take VARIABLE PATH")
	}
	var at any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &at))
	for name := range strings.SplitSeq(args[1], ".") {
		object, ok := at.(map[string]any)
		if !ok || object[name] == nil {
			ts.Fatalf("the answer has no %s", args[1])
		}
		at = object[name]
	}
	ts.Setenv(args[0], fmt.Sprint(at))
}

// ask is a client: "ask URL TOKEN QUERY [name=value …]" posts the query with its variables, and prints the status on
// standard error and the indented answer on standard output. A TOKEN of - sends none; one of @FILE sends the cookies in the
// file, keeps there what the answer sets, and prints its attributes on standard error.
func ask() {
	url, token, query := os.Args[1], os.Args[2], os.Args[3]
	client, pot := http.DefaultClient, &cookiePot{}
	file, cookies := strings.CutPrefix(token, "@")
	if cookies {
		var err error
		if pot, err = newCookiePot(file); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		token, client = "-", &http.Client{Jar: pot}
	}
	variables := map[string]any{}
	for _, pair := range os.Args[4:] {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	status, answer, err := post(client, url, token, query, variables)
	if cookies {
		err = errors.Join(err, pot.keep())
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, answer, "", "  "); err != nil {
		indented.Write(answer)
	}
	_, _ = fmt.Fprintln(os.Stderr, "status", status)
	for _, c := range pot.set {
		c.Value = ""
		_, _ = fmt.Fprintln(os.Stderr, "sets", c)
	}
	_, _ = io.Copy(os.Stdout, &indented)
	os.Exit(0)
}

// post sends one GraphQL request.
func post(c *http.Client, url, token, query string, variables map[string]any) (status int, answer []byte, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequest(http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	if token != "-" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(bufio.NewReader(resp.Body))
	return resp.StatusCode, answer, err
}
