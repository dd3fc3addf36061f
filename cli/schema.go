package cli

import (
	"errors"
	"io"

	"github.com/fieldward/fieldward/auth"
)

// Schema prints the schema.
type Schema struct {
	Role  []string `help:"Print what a caller with this role sees; may be repeated. All of it where none is given." placeholder:"ROLE" env:"-"`
	Rules bool     `help:"Print the rules too." env:"-"`
}

// Run prints it. No database is opened.
func (s *Schema) Run(t Terminal, h House) error {
	text, err := h.Schema(s.Role, s.Rules)
	if unknown, ok := errors.AsType[*auth.Error](err); ok && unknown.Code == auth.InvalidInput {
		return &wrongUseError{"--role: " + unknown.Message}
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(t.Out, text)
	return err
}
