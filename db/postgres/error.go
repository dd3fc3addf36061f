package postgres

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// The error codes that are told apart (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	uniqueViolation     = "23505"
	serializationFailed = "40001"
	completionUnknown   = "40003"
	deadlockDetected    = "40P01"
	readOnlyTransaction = "25006"
	idleTooLong         = "25P03"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014" // by statement_timeout too
	ioFailed            = "58030"
	wrongAuthorization  = "28000"
	wrongPassword       = "28P01"
	noSuchDatabase      = "3D000"
	tooManyConnections  = "53300"
	startingUp          = "57P03"

	classConnection = "08"
	classResources  = "53" // the disk is full, memory or connections are short
	classOperator   = "57P"
)

// code is the code of the error that the server answered, or empty.
func code(err error) string {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code
	}
	return ""
}

func isTaken(err error) bool { return code(err) == uniqueViolation }

func isOvertaken(err error) bool {
	c := code(err)
	return c == serializationFailed || c == deadlockDetected
}

// isUnavailable tells of what passes without a change to the program or the data: the server cannot be reached, is
// short of something, locked, or read-only for a while.
func isUnavailable(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true // whatever the server says: at the start it let us in
	}
	switch c := code(err); c {
	case "":
		return isConnectionLost(err)
	case serializationFailed, deadlockDetected, completionUnknown, readOnlyTransaction, idleTooLong, lockNotAvailable,
		queryCanceled, ioFailed:
		return true
	default:
		return isOfClass(c, classConnection, classResources, classOperator)
	}
}

// isUnanswered tells of a connection that ended, or a time that was up, and of errors of the server that say as much, or
// are its last words. The driver's own word on whether it had sent anything is not asked for: where the connection ends
// while it waits for the answer to a COMMIT, it says that it had not (MultiResultReader of pgx v5.12.0).
func isUnanswered(err error) bool {
	if c := code(err); c != "" {
		return c == completionUnknown || isOfClass(c, classConnection, classOperator)
	}
	return isConnectionLost(err)
}

// isConnectionLost tells that the connection ended on the way, or that nothing came in time.
func isConnectionLost(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, pgconn.ErrConnClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// isWorthWaiting tells of an error with which the lease on migrating may still be had: someone else holds it.
func isWorthWaiting(err error) bool { return code(err) == "" || isUnavailable(err) }

func isOfClass(c string, classes ...string) bool {
	for _, class := range classes {
		if strings.HasPrefix(c, class) {
			return true
		}
	}
	return false
}
