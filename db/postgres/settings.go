package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	connectTimeout     = 5 * time.Second
	defaultConnections = 20
	maxConnections     = 1000
	connectionsSetting = "pool_max_conns"
	applicationName    = "fieldward"
)

// settings are what a URL says.
type settings struct {
	connection  *pgx.ConnConfig
	connections int
}

// parse reads the URL. Of what the driver says about a URL that it cannot read nothing is passed on: it may hold the
// password.
func parse(url string) (settings, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return settings{}, unreadable(err)
	}
	s := settings{connection: config, connections: defaultConnections}
	if text, ok := config.RuntimeParams[connectionsSetting]; ok {
		delete(config.RuntimeParams, connectionsSetting) // it is ours, and not the server's
		s.connections, err = strconv.Atoi(text)
		if err != nil || s.connections < 2 || s.connections > maxConnections {
			return settings{}, fmt.Errorf("the database's URL: %s is not a number from 2 to %d", connectionsSetting, maxConnections)
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name": applicationName,
		// The last resort against a statement that nobody waits for any more: whoever does has a shorter deadline.
		"statement_timeout": "30s",
		// A program that stands still in the middle of a change must not keep its rows from the others: the journal's
		// head is one, without which none of them is ready. No change takes longer (changeTime).
		"idle_in_transaction_session_timeout": "10s",
	} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	return s, nil
}

func unreadable(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("read what the database's URL names: %w", file)
	}
	return errors.New("the database's URL is not of the form postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full " +
		"(in a password, write @ : / ? # % as %40 %3A %2F %3F %23 %25), or one of its parameters is not what PostgreSQL knows")
}
