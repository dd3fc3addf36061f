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
	"github.com/fieldward/fieldward/auth/account"
)

// User holds the commands for users.
type User struct {
	Add UserAdd `cmd:"" help:"Add a user. The password is asked for, or read from standard input."`
}

// UserAdd adds a user.
type UserAdd struct {
	StoreSettings `embed:""`

	Email         string   `help:"E-mail address to sign in with." required:"" env:"-"`
	Name          string   `help:"The name that others see." required:"" env:"-"`
	Role          []string `help:"USER, SUPPORT or ADMIN; may be repeated. USER where none is given." placeholder:"ROLE" env:"-"`
	PasswordStdin bool     `help:"Read the password from the first line of standard input." env:"-"`
}

// Run adds the user, and prints the ID.
func (u *UserAdd) Run(ctx context.Context, t Terminal, h House) (err error) {
	roles, err := parseRoles(u.Role)
	if err != nil {
		return err
	}
	password, err := u.password(t)
	if err != nil {
		return err
	}
	accounts, done, err := h.Accounts(ctx, u.StoreSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	added, err := accounts.Add(ctx, account.Details{Email: u.Email, Name: u.Name, Password: password, Roles: roles})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(t.Out, "Added %s: %s\n", added.Email, added.ID)
	return nil
}

func parseRoles(names []string) ([]auth.Role, error) {
	var roles []auth.Role
	for _, name := range names {
		r, err := auth.ParseRole(strings.ToUpper(name))
		if err != nil {
			return nil, &wrongUseError{"--role: " + err.Error()}
		}
		roles = append(roles, r)
	}
	return roles, nil
}

func (u *UserAdd) password(t Terminal) (auth.Secret, error) {
	if u.PasswordStdin {
		return firstLine(t.In)
	}
	if !term.IsTerminal(int(t.In.Fd())) {
		return "", &wrongUseError{"there is no terminal to ask for the password on: give it with --password-stdin"}
	}
	first, err := ask(t, "Password: ")
	if err != nil {
		return "", err
	}
	again, err := ask(t, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

// ask reads a line that the terminal does not show.
func ask(t Terminal, prompt string) (auth.Secret, error) {
	_, _ = fmt.Fprint(t.Err, prompt)
	line, err := term.ReadPassword(int(t.In.Fd()))
	_, _ = fmt.Fprintln(t.Err)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return auth.Secret(line), nil
}

func firstLine(r io.Reader) (auth.Secret, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return auth.Secret(strings.TrimRight(line, "\r\n")), nil
}
