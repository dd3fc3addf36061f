package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fieldward/fieldward/auth"
)

// UserList prints who there is.
type UserList struct {
	StoreSettings `embed:""`

	Role          string `help:"Only those with this role." placeholder:"ROLE" env:"-"`
	EmailContains string `help:"Only those whose address contains this, in capital or small letters." placeholder:"TEXT" env:"-"`
	Disabled      bool   `help:"Only those who are disabled." env:"-"`
	JSON          bool   `name:"json" help:"Print JSON lines, a user on each." env:"-"`
}

// pageOfUsers is how many are read and aligned at a time, so that a long list needs little memory.
const pageOfUsers = 500

// Run prints the list, page by page.
func (u *UserList) Run(ctx context.Context, t Terminal, h House) (err error) {
	filter, err := u.filter()
	if err != nil {
		return err
	}
	accounts, done, err := h.Accounts(ctx, u.StoreSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	page := auth.Page{Limit: pageOfUsers}
	for first := true; ; first = false {
		users, err := accounts.Users(ctx, filter, page)
		if err != nil {
			return err
		}
		if err := u.print(t.Out, users.Items, first); err != nil {
			return fmt.Errorf("print the users: %w", err)
		}
		if !users.HasNext {
			return nil
		}
		page.Beyond = users.Items[len(users.Items)-1].ID
	}
}

func (u *UserList) filter() (auth.UserFilter, error) {
	var f auth.UserFilter
	if u.EmailContains != "" {
		f.EmailContains = &u.EmailContains
	}
	if u.Disabled {
		f.Disabled = &u.Disabled
	}
	if u.Role != "" {
		roles, err := parseRoles("--role", []string{u.Role})
		if err != nil {
			return f, err
		}
		f.Role = &roles[0]
	}
	return f, nil
}

func (u *UserList) print(out io.Writer, users []auth.User, first bool) error {
	if u.JSON {
		return printJSON(out, users)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if first {
		_, _ = fmt.Fprintln(table, "ID\tE-MAIL\tNAME\tROLES\tCREATED\tDISABLED")
	}
	for _, user := range users {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", user.ID, user.Email, user.Name, roleNames(user.Roles),
			user.CreatedAt.Format(time.DateOnly), sinceWhen(user))
	}
	return table.Flush()
}

func roleNames(roles []auth.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}

// sinceWhen a user is disabled, and why.
func sinceWhen(u auth.User) string {
	switch {
	case u.DisabledAt == nil:
		return "-"
	case u.DisabledReason == nil:
		return u.DisabledAt.Format(time.DateOnly)
	default:
		return u.DisabledAt.Format(time.DateOnly) + ": " + *u.DisabledReason
	}
}

// listed is a user in JSON.
type listed struct {
	ID             auth.ID           `json:"id"`
	Email          auth.EmailAddress `json:"email"`
	EmailVerified  bool              `json:"emailVerified"`
	Name           string            `json:"name"`
	Roles          []auth.Role       `json:"roles"`
	CreatedAt      time.Time         `json:"createdAt"`
	LastSignInAt   *time.Time        `json:"lastSignInAt"`
	DisabledAt     *time.Time        `json:"disabledAt"`
	DisabledReason *string           `json:"disabledReason"`
}

func printJSON(out io.Writer, users []auth.User) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for _, u := range users {
		if err := e.Encode(listed{
			u.ID, u.Email, u.EmailVerified, u.Name, u.Roles, u.CreatedAt, u.LastSignInAt, u.DisabledAt, u.DisabledReason,
		}); err != nil {
			return err
		}
	}
	return nil
}
