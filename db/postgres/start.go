package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	leastVersion = 15
	// versionUnit is how PostgreSQL counts: 15.4 is 150004.
	versionUnit = 10000
)

// unfitError says why the program cannot work with a database that answers.
type unfitError struct{ reason string }

func (e *unfitError) Error() string { return e.reason }

// server is what a database says of itself.
type server struct {
	version  string
	number   int
	encoding string
	readOnly bool
	schema   *string
	mayMake  bool
	migrated bool
	foreign  bool
}

// recognize fails with an unfitError where the program cannot work with the database.
func recognize(ctx context.Context, pool *sql.DB) error {
	const look = `
		SELECT version(), CAST(current_setting('server_version_num') AS BIGINT), current_setting('server_encoding'),
		       current_setting('transaction_read_only') = 'on', current_schema(),
		       COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE),
		       EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = '` + versionTable + `'),
		       EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema()
		               AND tablename IN ('users', 'sessions', 'signing_keys', 'secrets', 'events'))`
	var s server
	err := pool.QueryRowContext(ctx, look).Scan(
		&s.version, &s.number, &s.encoding, &s.readOnly, &s.schema, &s.mayMake, &s.migrated, &s.foreign)
	if err != nil {
		return err
	}
	if reason := s.unfit(); reason != "" {
		return &unfitError{reason}
	}
	return nil
}

// unfit is the reason why the program cannot work with the server, or empty.
func (s server) unfit() string {
	switch {
	case s.number < leastVersion*versionUnit && !s.isCompatible():
		return fmt.Sprintf("it is PostgreSQL %d, and %d or later is needed", s.number/versionUnit, leastVersion)
	case s.encoding != "UTF8":
		return "it keeps its text as " + s.encoding + ", and UTF8 is needed: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
	case s.readOnly:
		return "it is read-only: a standby, or set so"
	case s.schema == nil:
		return "none of the schemas in its search_path exists for this user"
	case !s.migrated && s.foreign:
		return "the schema " + *s.schema + " holds tables of another program"
	case !s.migrated && !s.mayMake:
		return "this user may not make tables in the schema " + *s.schema + ": run fieldward migrate as one who may, or GRANT CREATE ON SCHEMA " + *s.schema + " TO the user"
	}
	return ""
}

// isCompatible tells of engines that speak PostgreSQL's protocol and count their versions otherwise.
func (s server) isCompatible() bool {
	return strings.Contains(s.version, "CockroachDB") || strings.Contains(s.version, "-YB-")
}

// describe says what is wrong with the database, where it cannot be worked with.
func (s settings) describe(err error) error {
	c := s.connection
	at := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
	if unfit, ok := errors.AsType[*unfitError](err); ok {
		return fmt.Errorf("the database %q at %s: %w", c.Database, at, unfit)
	}
	switch code(err) {
	case wrongPassword:
		return fmt.Errorf("PostgreSQL at %s refuses the password of the user %q", at, c.User)
	case wrongAuthorization:
		return fmt.Errorf("PostgreSQL at %s refuses the user %q: %s", at, c.User, answer(err))
	case noSuchDatabase:
		return fmt.Errorf("PostgreSQL at %s has no database %q", at, c.Database)
	case tooManyConnections:
		return fmt.Errorf("PostgreSQL at %s has no connection left: %s", at, answer(err))
	case startingUp:
		return fmt.Errorf("PostgreSQL at %s is not ready yet: %s", at, answer(err))
	case "":
		return unreached(at, c.Host, err)
	}
	return fmt.Errorf("open the database %q at %s: %s", c.Database, at, answer(err))
}

// answer is what the server said.
func answer(err error) string {
	said, _ := errors.AsType[*pgconn.PgError](err)
	return said.Message + " (" + said.Code + ")"
}

// unreached says why there is no answer.
func unreached(at, host string, err error) error {
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("the database's host %q is not found: %s", host, name.Err)
	}
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, misnamed := errors.AsType[x509.HostnameError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s, where PostgreSQL should be", at)
	case unknown || misnamed || untrusted:
		return fmt.Errorf("the certificate of PostgreSQL at %s is not trusted (sslrootcert says whom to trust): %w", at, err)
	case pgconn.Timeout(err) && !errors.Is(err, context.Canceled):
		return fmt.Errorf("PostgreSQL at %s does not answer in time", at)
	}
	return fmt.Errorf("connect to PostgreSQL at %s: %w", at, err)
}
