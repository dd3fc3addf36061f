package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// instant is a time as a database keeps it: UTC, cut to microseconds. It is written as text of one width, so that an
// engine that keeps it as text sorts it by time; another reads the text as a timestamp (RFC 3339).
type instant time.Time

const instantLayout = "2006-01-02T15:04:05.000000Z"

// Value implements driver.Valuer. It fails outside the years 1 to 9999, which would be wider or unknown to an engine.
func (i instant) Value() (driver.Value, error) {
	t := time.Time(i).UTC()
	if year := t.Year(); year < 1 || year > 9999 {
		return nil, fmt.Errorf("write a time in the year %d", year)
	}
	return t.Format(instantLayout), nil
}

// Scan implements sql.Scanner.
func (i *instant) Scan(src any) error {
	switch v := src.(type) {
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		*i = instant(t)
		return err
	case time.Time:
		*i = instant(v.UTC())
		return nil
	default:
		return fmt.Errorf("read a time from %T", src)
	}
}

// writtenInstant is an instant as it was written, letter by letter. What is not is read as the zero time: another text
// for the same time would sort elsewhere, and text that is no time must not stop the reading.
type writtenInstant time.Time

// Scan implements sql.Scanner.
func (i *writtenInstant) Scan(src any) error {
	var read instant
	err := read.Scan(src)
	text, isText := src.(string)
	if isText && (err != nil || time.Time(read).Format(instantLayout) != text) {
		return nil
	}
	*i = writtenInstant(read)
	return err
}
