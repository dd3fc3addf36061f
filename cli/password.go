package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"github.com/fieldward/fieldward/auth"
)

// NewPassword is where a password to be set comes from.
type NewPassword struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input." env:"-"`
}

// read takes the first line of standard input, or asks on the terminal, twice.
func (n NewPassword) read(ctx context.Context, t Terminal) (auth.Secret, error) {
	if n.PasswordStdin {
		return firstLine(t.In)
	}
	if !term.IsTerminal(int(t.In.Fd())) {
		return "", &wrongUseError{"there is no terminal to ask for the password on: give it with --password-stdin"}
	}
	first, err := ask(ctx, t, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := ask(ctx, t, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

// ask reads a line that the terminal does not show. Where ctx ends first, the terminal shows again what is typed.
func ask(ctx context.Context, t Terminal, prompt string) (auth.Secret, error) {
	fd := int(t.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	type answer struct {
		line []byte
		err  error
	}
	typed := make(chan answer, 1)
	_, _ = fmt.Fprint(t.Err, prompt)
	go func() {
		line, err := term.ReadPassword(fd)
		typed <- answer{line, err}
	}()
	defer func() { _, _ = fmt.Fprintln(t.Err) }()
	select {
	case a := <-typed:
		if a.err != nil {
			return "", fmt.Errorf("read the password: %w", a.err)
		}
		return auth.Secret(a.line), nil
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(fd, before))
	}
}

func firstLine(r io.Reader) (auth.Secret, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return auth.Secret(strings.TrimRight(line, "\r\n")), nil
}
