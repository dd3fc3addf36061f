package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/fieldward/fieldward/auth/account"
)

// UserImport adds the users of another system.
type UserImport struct {
	StoreSettings `embed:""`

	File string `arg:"" help:"The file: JSON lines, a user on each. - is standard input."`
}

// Help is what --help says besides the flags.
func (UserImport) Help() string {
	return `Each line is a JSON object of up to 64 KiB:

  {"email": "ada@example.com", "name": "Ada", "passwordHash": "$2b$12$…",
   "roles": ["USER"], "emailVerified": true, "createdAt": "2021-03-04T05:06:07Z", "disabled": false}

The first three members are needed. Hashes are read of these kinds:

  bcrypt    $2a$, $2b$, $2y$; bcrypt$… and bcrypt_sha256$… (Django)
  Argon2    $argon2id$v=19$…, $argon2i$v=19$…; argon2$argon2id$… (Django)
  scrypt    $scrypt$ln=…,r=…,p=…$salt$key; scrypt$N$salt$r$p$key (Django);
            scrypt:N:r:p$salt$key (Werkzeug);
            $fbscrypt$v=1,n=…,r=…,p=…,ss=…,sk=…$salt$key (Firebase, with its salt separator and signer key)
  PBKDF2    $pbkdf2-sha256$… and with sha512, or neither for SHA-1 (passlib, PHC);
            pbkdf2_sha256$… (Django); pbkdf2:sha256:…$salt$key (Werkzeug)

Each user signs in with the password that they had, which is then hashed anew. A user whose address is there already is
left as it is, so that a second run changes nothing. A line that is bad is named, and the rest is imported.`
}

// Run imports the file, and fails in the end where a line was bad.
func (u *UserImport) Run(ctx context.Context, t Terminal, h House) (err error) {
	in := t.In
	if u.File != "-" {
		if in, err = os.Open(u.File); err != nil {
			return fmt.Errorf("read the users: %w", err)
		}
		defer func() { _ = in.Close() }() // it was only read
	}
	accounts, done, err := h.Accounts(ctx, u.StoreSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	i := importing{accounts: accounts, t: t, told: time.Now()}
	return i.run(ctx, in)
}

// importing is how far an import has come.
type importing struct {
	accounts          *account.Manager
	t                 Terminal
	told              time.Time // when the progress was last told
	line              int       // the last one that is done
	added, known, bad int
}

// run reads ahead while it writes. It does not wait for a reader that nothing comes to once ctx has ended.
func (i *importing) run(ctx context.Context, in io.Reader) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan []record)
	var failed error
	go func() {
		defer close(batches)
		failed = readRecords(reading, in, batches)
	}()
	for {
		select {
		case <-ctx.Done():
			return i.end(ctx.Err())
		case batch, more := <-batches:
			if !more {
				return i.end(failed)
			}
			if err := i.add(ctx, batch); err != nil {
				return i.end(err)
			}
		}
	}
}

// add imports a batch, and names the lines that are bad, in their order.
func (i *importing) add(ctx context.Context, batch []record) error {
	var newcomers []account.Newcomer
	for _, r := range batch {
		if r.err == nil {
			newcomers = append(newcomers, r.newcomer)
		}
	}
	done, err := i.accounts.Import(ctx, account.Operator, newcomers)
	if err != nil {
		return err
	}
	place := 0 // among the newcomers
	for _, r := range batch {
		wrong := r.err
		if wrong == nil {
			wrong = done.Bad[place]
			place++
		}
		if wrong != nil {
			i.bad++
			_, _ = fmt.Fprintf(i.t.Err, "fieldward: line %d: %s\n", r.line, strings.Join(lines(wrong), " "))
		}
		i.line = r.line
	}
	i.added += done.Added
	i.known += done.Known
	i.tell()
	return nil
}

// tellEvery is how often an import says how far it has come.
const tellEvery = 3 * time.Second

func (i *importing) tell() {
	if time.Since(i.told) < tellEvery {
		return
	}
	i.told = time.Now()
	_, _ = fmt.Fprintf(i.t.Err, "fieldward: line %d: %s so far\n", i.line, i)
}

// String counts the lines that are done.
func (i *importing) String() string {
	return fmt.Sprintf("%d imported, %d there already, %d bad", i.added, i.known, i.bad)
}

// end says what was done, and why that is not all.
func (i *importing) end(err error) error {
	_, _ = fmt.Fprintf(i.t.Out, "Users: %s.\n", i)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted after line %d: run it again for the rest", i.line)
	case err != nil:
		return fmt.Errorf("stopped after line %d, run it again for the rest: %w", i.line, err)
	case i.bad > 0:
		return fmt.Errorf("%d bad lines were not imported", i.bad)
	}
	return nil
}
