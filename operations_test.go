package main

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// documentBlock writes a block of code of docs/operations.md, the one below the comment with its name, to a file of that name.
func documentBlock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: document NAME")
	}
	text, err := os.ReadFile(ts.Getenv("SOURCES") + "/docs/operations.md")
	ts.Check(err)
	_, after, found := strings.Cut(string(text), "<!-- "+args[0]+" -->\n```")
	block, _, ended := strings.Cut(after, "\n```\n")
	if !found || !ended {
		ts.Fatalf("the document has no block %s", args[0])
	}
	_, code, _ := strings.Cut(block, "\n") // the first line names the language
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(code+"\n"), 0o600))
}

// superuser runs SQL at once; with -later, at the end of the story.
func superuser(t *testing.T) func(*testscript.TestScript, bool, []string) {
	t.Helper()
	return func(ts *testscript.TestScript, neg bool, args []string) {
		statements, later := args, false
		if len(args) > 0 && args[0] == "-later" {
			statements, later = args[1:], true
		}
		if neg || len(statements) == 0 {
			ts.Fatalf("usage: superuser [-later] STATEMENT ...")
		}
		run := func(failed func(error)) {
			pool, err := sql.Open("pgx", postgresServer(t).URL())
			failed(err)
			defer func() { _ = pool.Close() }() // it has answered
			for _, s := range statements {
				_, err := pool.Exec(s)
				failed(err)
			}
		}
		if !later {
			run(ts.Check)
			return
		}
		ts.Defer(func() {
			run(func(err error) {
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// login gives a role a password, and sets the variable to the URL of a database for it; without a role, the superuser's.
func login(t *testing.T) func(*testscript.TestScript, bool, []string) {
	t.Helper()
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) == 1 {
			ts.Setenv(args[0], postgresServer(t).URL())
			return
		}
		if neg || len(args) != 3 {
			ts.Fatalf("usage: login VARIABLE [ROLE DATABASE]")
		}
		password := rand.Text()
		superuser(t)(ts, false, []string{`ALTER ROLE ` + args[1] + ` PASSWORD '` + password + `'`})
		u, err := url.Parse(postgresServer(t).URL())
		ts.Check(err)
		u.User, u.Path = url.UserPassword(args[1], password), "/"+args[2]
		ts.Setenv(args[0], u.String())
	}
}
