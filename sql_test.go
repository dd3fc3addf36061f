package main

import (
	"database/sql"
	"net/url"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// behind runs an SQL statement behind the program's back: "sql STATEMENT", on $FIELDWARD_DATABASE or the file fieldward.db.
func behind(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql STATEMENT")
	}
	driver, source := "pgx", ts.Getenv("FIELDWARD_DATABASE")
	if !strings.HasPrefix(source, "postgres:") {
		driver, source = "sqlite", (&url.URL{Scheme: "file", Path: ts.MkAbs("fieldward.db"), RawQuery: "_busy_timeout=10000"}).String()
	}
	pool, err := sql.Open(driver, source)
	ts.Check(err)
	defer func() { _ = pool.Close() }()
	_, err = pool.Exec(args[0])
	ts.Check(err)
}
