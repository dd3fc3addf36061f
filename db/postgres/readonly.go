package postgres

import (
	"database/sql"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// renewal replaces the connections of a pool once a server has said that it is read-only: it may be a standby by now, or
// the sessions have begun while the database was set so, and such a session stays read-only when the database is not any
// more.
type renewal struct {
	pool  *sql.DB
	idle  int
	rests atomic.Bool
}

// renewalPause is the least time between two renewals: while all is read-only, those who only read need connections.
const renewalPause = time.Second

// keeps tells the driver whether to go on with a connection after an error.
func (r *renewal) keeps(_ *pgconn.PgConn, answer *pgconn.PgError) bool {
	if answer.Code == readOnlyTransaction {
		r.begin()
		return false
	}
	return answer.SeverityUnlocalized != "FATAL" && answer.Severity != "FATAL"
}

// begin closes what idles, unless that was done just now. What is in use finds out by itself.
func (r *renewal) begin() {
	if !r.rests.CompareAndSwap(false, true) {
		return
	}
	time.AfterFunc(renewalPause, func() { r.rests.Store(false) })
	go func() {
		r.pool.SetMaxIdleConns(0)
		r.pool.SetMaxIdleConns(r.idle)
	}()
}
