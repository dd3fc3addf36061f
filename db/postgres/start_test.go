package postgres_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldward/fieldward/db/postgres"
)

// with is the URL with something changed.
func with(t testing.TB, address string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	change(u)
	return u.String()
}

// parameter is the URL with a parameter set.
func parameter(t *testing.T, address, name, value string) string {
	t.Helper()
	return with(t, address, func(u *url.URL) {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	})
}

const secret = "s3cret"

func isRefused(t *testing.T, address, want string) {
	t.Helper()
	s, err := postgres.Open(t.Context(), address)
	if err == nil {
		_ = s.Close()
		t.Fatalf("it was opened, want %q", want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got the error %q, want it to say %q", err, want)
	}
	if u, parsed := url.Parse(address); parsed == nil && u.User != nil {
		if p, _ := u.User.Password(); p != "" && strings.Contains(err.Error(), p) {
			t.Errorf("the error holds the password: %q", err)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the error holds the password: %q", err)
	}
}

func TestWhatIsWrongAtTheStartIsSaidInPlainWords(t *testing.T) {
	good := server(t).Empty(t)
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	tests := map[string]struct {
		change func(u *url.URL)
		want   string
	}{
		"a wrong password":        {func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }, "refuses the password of the user"},
		"an unknown user":         {func(u *url.URL) { u.User = url.UserPassword("nobody_here", secret) }, `refuses the password of the user "nobody_here"`},
		"an unknown database":     {func(u *url.URL) { u.Path = "/nowhere" }, `has no database "nowhere"`},
		"an unknown host":         {func(u *url.URL) { u.Host = "nowhere.invalid" }, `the database's host "nowhere.invalid" is not found`},
		"a port without a server": {func(u *url.URL) { u.Host = closedPort(t) }, "nothing listens at 127.0.0.1:"},
		"a host that is silent":   {func(u *url.URL) { u.Host, u.RawQuery = silent, "sslmode=disable&connect_timeout=1" }, "does not answer in time"},
		"a certificate of nobody's": {
			func(u *url.URL) { u.Host, u.RawQuery = listen(t, selfSigned(t)), "sslmode=verify-full" }, "is not trusted",
		},
		"a file that is not there": {
			func(u *url.URL) { u.RawQuery = "sslmode=verify-full&sslrootcert=/nowhere/root.crt" }, "/nowhere/root.crt",
		},
		"an unknown mode of TLS":   {func(u *url.URL) { u.RawQuery = "sslmode=maybe" }, "one of its parameters"},
		"no number of connections": {func(u *url.URL) { u.RawQuery += "&pool_max_conns=many" }, "pool_max_conns is not a number"},
		"a single connection":      {func(u *url.URL) { u.RawQuery += "&pool_max_conns=1" }, "pool_max_conns is not a number from 2"},
		"an unknown parameter":     {func(u *url.URL) { u.RawQuery += "&no_such_parameter=1" }, "no_such_parameter"},
		"a missing schema":         {func(u *url.URL) { u.RawQuery += "&search_path=nowhere" }, "none of the schemas"},
		"a standby":                {func(u *url.URL) { u.RawQuery += "&default_transaction_read_only=on" }, "it is read-only"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { isRefused(t, with(t, good, test.change), test.want) })
	}
}

func TestUnreadableURLIsNotRepeated(t *testing.T) {
	for _, address := range []string{
		"postgres://ada:" + secret + "/#@localhost/db", "postgres://ada:" + secret + "@local host:x/db",
		"postgres://ada:%zz" + secret + "@localhost/db", "postgres://ada:" + secret + "@localhost:port/db",
		"postgres://ada:x@localhost/db?password=" + secret + "&sslmode=never", "mysql://ada:" + secret + "@localhost/db",
	} {
		isRefused(t, address, "the database's URL is not of the form postgres://")
	}
}

func TestPasswordMayStandInAFile(t *testing.T) {
	address := server(t).Empty(t)
	u, err := url.Parse(address)
	must(t, err)
	password, _ := u.User.Password()
	file := filepath.Join(t.TempDir(), "pgpass")
	must(t, os.WriteFile(file, []byte("*:*:*:*:"+password+"\n"), 0o600))
	t.Setenv("PGPASSFILE", file)
	s, err := postgres.Open(t.Context(), with(t, address, func(u *url.URL) { u.User = url.User(u.User.Username()) }))
	must(t, err)
	must(t, s.Close())
}

func TestOldServersAreRefusedAndCompatibleOnesTaken(t *testing.T) {
	tests := map[string]struct {
		number int
		want   string
	}{
		"PostgreSQL 14.9 on x86_64-pc-linux-gnu":                  {140009, "it is PostgreSQL 14, and 15 or later is needed"},
		"PostgreSQL 15.0 on x86_64-pc-linux-gnu":                  {150000, ""},
		"PostgreSQL 18.1 on x86_64-pc-linux-gnu":                  {180001, ""},
		"CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, go1.23.7)": {130000, ""},
		"PostgreSQL 11.2-YB-2.25.1.0-b0 on x86_64-pc-linux-gnu":   {110002, ""},
	}
	for version, test := range tests {
		if got := postgres.Unfit(version, test.number); got != test.want {
			t.Errorf("%s: %q, want %q", version, got, test.want)
		}
	}
}

func TestDatabaseThatIsNotOursIsRefusedUntouched(t *testing.T) {
	address := server(t).Empty(t)
	pool := raw(t, address)
	_, err := pool.Exec(`CREATE TABLE users (name TEXT)`)
	must(t, err)
	isRefused(t, address, "the schema public holds tables of another program")
	var tables int
	must(t, pool.QueryRow(`SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables))
	if tables != 1 {
		t.Errorf("there are %d tables now", tables)
	}

	_, err = pool.Exec(`CREATE SCHEMA ours`)
	must(t, err)
	s := open(t, parameter(t, address, "search_path", "ours"))
	must(t, s.Migrate(t.Context()))
	must(t, s.AddUser(t.Context(), ada()))
}

func TestDatabaseInAnotherEncodingIsRefused(t *testing.T) {
	address := server(t).Empty(t)
	pool := raw(t, address)
	const name = "fieldward_test_latin"
	_, err := pool.Exec(`CREATE DATABASE ` + name + ` TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'`)
	must(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(`DROP DATABASE ` + name)
		must(t, err)
	})
	isRefused(t, with(t, address, func(u *url.URL) { u.Path = "/" + name }), "it keeps its text as LATIN1, and UTF8 is needed")
}

func TestUserWhoMayNotMakeTablesIsToldHow(t *testing.T) {
	address := server(t).Empty(t)
	pool := raw(t, address)
	const name = "fieldward_test_guest"
	_, err := pool.Exec(`CREATE ROLE ` + name + ` LOGIN PASSWORD '` + secret + `'`)
	must(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(`DROP OWNED BY ` + name + `; DROP ROLE ` + name)
		must(t, err)
	})
	guest := with(t, address, func(u *url.URL) { u.User = url.UserPassword(name, secret) })
	isRefused(t, guest, "GRANT CREATE ON SCHEMA public TO the user")

	must(t, open(t, address).Migrate(t.Context()))
	_, err = pool.Exec(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ` + name)
	must(t, err)
	s := open(t, guest)
	must(t, s.Migrate(t.Context())) // where nothing is left to do, nothing is written
	must(t, s.AddUser(t.Context(), ada()))
}

// listen answers each connection, until the test ends.
func listen(t testing.TB, answer func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				answer(c)
			}()
		}
	}()
	return l.Addr().String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

// selfSigned is a PostgreSQL as far as its certificate, which nobody has signed.
func selfSigned(t *testing.T) func(net.Conn) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	t.Cleanup(web.Close)
	return func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, 8)); err != nil { // SSLRequest
			return
		}
		_, _ = c.Write([]byte("S"))
		_ = tls.Server(c, &tls.Config{Certificates: web.TLS.Certificates}).HandshakeContext(t.Context())
	}
}
