package db_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/db/sqlite"
)

// record is what was asked of databases: each text once, with the values of its first time.
type record struct {
	mu     sync.Mutex
	values map[string][]any
	// lost is for the next statement that stands alone, and is done: its answer is lost.
	lost bool
}

var errLost = errors.New("the answer is lost")

func (r *record) add(statement string, args []driver.NamedValue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	statement = strings.Join(strings.Fields(statement), " ")
	if _, known := r.values[statement]; known {
		return
	}
	values := make([]any, len(args))
	for _, a := range args {
		values[a.Ordinal-1] = a.Value
	}
	r.values[statement] = values
}

func (r *record) answer(done driver.Result, err error) (driver.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost && err == nil {
		r.lost = false
		return nil, errLost
	}
	return done, err
}

// open makes a store in a SQLite file that puts on record what it is asked.
func (r *record) open(t *testing.T) *db.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	plain, err := sqlite.Open(t.Context(), path)
	must(t, err)
	must(t, plain.Migrate(t.Context()))
	must(t, plain.Close())
	engine := db.EngineOf(plain)
	const always = "_busy_timeout=5000&_foreign_keys=1"
	engine.Writer, engine.Reader = r.pool(t, path, always+"&_txlock=immediate"), r.pool(t, path, always)
	engine.Writer.SetMaxOpenConns(1)
	engine.IsUnanswered = func(err error) bool { return errors.Is(err, errLost) }
	s := db.New(engine)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func (r *record) pool(t *testing.T, path, parameters string) *sql.DB {
	t.Helper()
	plain, err := sql.Open("sqlite", "")
	must(t, err)
	defer func() { must(t, plain.Close()) }()
	return sql.OpenDB(connector{
		driver: plain.Driver(), record: r, source: (&url.URL{Scheme: "file", Path: path, RawQuery: parameters}).String(),
	})
}

// connector makes connections that put on record what they are asked.
type connector struct {
	driver driver.Driver
	record *record
	source string
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	made, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	return connection{made.(conn), c.record}, nil
}

type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type connection struct {
	conn
	record *record
}

func (c connection) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	c.record.add(statement, args)
	return c.record.answer(c.conn.ExecContext(ctx, statement, args))
}

func (c connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.record.add(query, args)
	return c.conn.QueryContext(ctx, query, args)
}

func (c connection) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	made, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return prepared{made.(stmt), c.record, text}, nil
}

type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type prepared struct {
	stmt
	record *record
	text   string
}

func (p prepared) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	p.record.add(p.text, args)
	return p.stmt.ExecContext(ctx, args)
}

func (p prepared) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	p.record.add(p.text, args)
	return p.stmt.QueryContext(ctx, args)
}
