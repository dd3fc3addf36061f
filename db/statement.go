package db

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements keeps each text prepared, so that it is parsed and planned once on each connection. There are as many as
// there are queries in this package: no text is made from what a caller sends.
type statements struct {
	db     *sql.DB
	byText sync.Map // string → *sql.Stmt
}

// prepared returns the statement for a text. Whoever prepares it second at the same time throws theirs away.
func (s *statements) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if known, ok := s.byText.Load(text); ok {
		return known.(*sql.Stmt), nil
	}
	made, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	kept, second := s.byText.LoadOrStore(text, made)
	if second {
		defer func() { _ = made.Close() }() // nobody has used it
	}
	return kept.(*sql.Stmt), nil
}

func (s *statements) close() error {
	var all []error
	for _, stmt := range s.byText.Range {
		all = append(all, stmt.(*sql.Stmt).Close())
	}
	return errors.Join(all...)
}
