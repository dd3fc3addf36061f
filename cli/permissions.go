package cli

import "io"

// Permissions prints who may see what.
type Permissions struct{}

// Help is what --help says besides the flags.
func (Permissions) Help() string {
	return `A Markdown table: a line for each field, and for each argument and input field with a rule of its own; a column for
each role. It is graph/permissions.md of the sources that the program was built from. No database is opened.`
}

// Run prints it.
func (Permissions) Run(t Terminal, h House) error {
	_, err := io.WriteString(t.Out, h.Permissions())
	return err
}
