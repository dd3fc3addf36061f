package move

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// batchRows is how many rows are written by one statement, whose parameters must not be more than the 32,766 that
// SQLite takes.
const batchRows = 500

// plainName is how columns are named. What is named otherwise is not ours.
var plainName = regexp.MustCompile(`^[a-z][a-z_]*$`)

// table copies a table, batch by batch.
func (m mover) table(ctx context.Context, name string) (err error) {
	rows, err := m.source.QueryContext(ctx, `SELECT * FROM `+name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // what it would say, Err says
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	b := batch{tx: m.target, table: name, columns: columns}
	if b.kinds, err = m.kinds(ctx, name, columns); err != nil {
		return err
	}
	defer func() { _ = b.close() }() // it has said what was wrong
	for copied := int64(1); rows.Next(); copied++ {
		if err := b.add(ctx, rows); err != nil {
			return err
		}
		if m.tell != nil && copied%batchRows == 0 {
			m.tell(name, copied)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return b.write(ctx)
}

// kinds are the types of the target's columns. All that the source has must be there.
func (m mover) kinds(ctx context.Context, name string, columns []string) ([]string, error) {
	rows, err := m.target.QueryContext(ctx, `SELECT * FROM `+name+` WHERE 1 = 0`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // it has no rows
	there, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	kinds := make([]string, len(columns))
	for i, column := range columns {
		at := slices.IndexFunc(there, func(c *sql.ColumnType) bool { return c.Name() == column })
		if at < 0 || !plainName.MatchString(column) {
			return nil, fmt.Errorf("the column %q is in the first database alone", column)
		}
		kinds[i] = there[at].DatabaseTypeName()
	}
	return kinds, rows.Err()
}

// batch are rows on their way.
type batch struct {
	tx      *sql.Tx
	table   string
	columns []string
	kinds   []string

	values []any // of all rows, one after the other
	full   *sql.Stmt
}

// add takes in the row, and writes the batch when it is full.
func (b *batch) add(ctx context.Context, rows *sql.Rows) error {
	row := make([]any, len(b.columns))
	into := make([]any, len(row))
	for i := range row {
		into[i] = &row[i]
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	name := nameOf(row[0])
	for i, value := range row {
		carried, err := carry(value, b.kinds[i])
		if err != nil {
			return fmt.Errorf("the row %s has in the column %s %w", name, b.columns[i], err)
		}
		b.values = append(b.values, carried)
	}
	if len(b.values) < batchRows*len(b.columns) {
		return nil
	}
	return b.write(ctx)
}

// write writes the rows that wait.
func (b *batch) write(ctx context.Context) (err error) {
	waiting := len(b.values) / len(b.columns)
	switch {
	case waiting == 0:
		return nil
	case waiting < batchRows:
		_, err = b.tx.ExecContext(ctx, b.statement(waiting), b.values...)
	case b.full == nil:
		if b.full, err = b.tx.PrepareContext(ctx, b.statement(batchRows)); err != nil {
			return err
		}
		fallthrough
	default:
		_, err = b.full.ExecContext(ctx, b.values...)
	}
	if err != nil {
		last := b.values[(waiting-1)*len(b.columns)]
		return fmt.Errorf("write the rows from %s to %s: %w", nameOf(b.values[0]), nameOf(last), err)
	}
	b.values = b.values[:0]
	return nil
}

// statement inserts a number of rows.
func (b *batch) statement(rows int) string {
	var s strings.Builder
	s.WriteString(`INSERT INTO ` + b.table + ` ("` + strings.Join(b.columns, `", "`) + `") VALUES `)
	row := make([]string, len(b.columns))
	for first := range rows {
		if first > 0 {
			s.WriteString(`, `)
		}
		for i := range row {
			row[i] = `$` + strconv.Itoa(first*len(row)+i+1)
		}
		s.WriteString(`(` + strings.Join(row, `, `) + `)`)
	}
	return s.String()
}

func (b *batch) close() error {
	if b.full == nil {
		return nil
	}
	return b.full.Close()
}

// nameOf is how a row is named in an error: by its first column, which is never a secret.
func nameOf(key any) string {
	switch k := key.(type) {
	case []byte:
		return hex.EncodeToString(k)
	case string:
		return strconv.Quote(k)
	default:
		return fmt.Sprint(k)
	}
}
