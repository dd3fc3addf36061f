package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/token"
	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/db/sqlite"
)

// newHouse is a house whose accounts are in a file that lasts for the test.
func newHouse(t *testing.T) (cli.House, *account.Manager) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Open(t.Context(), store, keyring.NewMasterKey(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	issuer := token.NewIssuer(keys, token.Settings{Issuer: "https://fieldward.example"}, nil, time.Now)
	sessions := session.NewManager(store, issuer, keys, session.NewRevocations(time.Hour, time.Now), session.Settings{}, time.Now)
	m := account.NewManager(store, sessions, password.NewHasher(1), account.Settings{}, time.Now)
	return cli.House{
		Accounts: func(context.Context, cli.StoreSettings) (*account.Manager, func() error, error) {
			return m, func() error { return nil }, nil
		},
	}, m
}

// output is what a command prints, which may be read while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func count(t *testing.T, m *account.Manager) int {
	t.Helper()
	n, err := m.CountUsers(t.Context(), auth.UserFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const hash = "$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

func writeUsers(t *testing.T, to io.Writer, from, until int) {
	t.Helper()
	for i := from; i < until; i++ {
		if _, err := fmt.Fprintf(to, `{"email":"user%d@example.com","name":"User","passwordHash":"%s"}`+"\n", i, hash); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnInterruptedImportKeepsWhatIsDoneAndSaysHowFarItCame(t *testing.T) {
	house, m := newHouse(t)
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	ctx, interrupt := context.WithCancel(t.Context())
	var out, errs output
	code := make(chan int)
	go func() {
		code <- cli.Run(ctx, []string{"user", "import", "-"}, cli.Terminal{In: in, Out: &out, Err: &errs}, house)
	}()
	writeUsers(t, to, 0, 700) // a batch, and less than another one; then nothing comes any more
	for count(t, m) < 500 {
		time.Sleep(10 * time.Millisecond)
	}
	interrupt()
	if c := <-code; c != 1 {
		t.Errorf("it ended with %d", c)
	}
	if got := withoutProgress(errs.String()); got != "fieldward: interrupted after line 500: run it again for the rest\n" {
		t.Errorf("it said %q", got)
	}
	if got := out.String(); got != "Users: 500 imported, 0 there already, 0 bad.\n" || count(t, m) != 500 {
		t.Errorf("it said %q of %d users", got, count(t, m))
	}
}

// withoutProgress is what was said but how far the import is, which it tells where it takes long.
func withoutProgress(said string) string {
	var rest strings.Builder
	for line := range strings.Lines(said) {
		if !strings.HasSuffix(line, " so far\n") {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

func TestAnImportThatIsRunAgainGoesOn(t *testing.T) {
	house, m := newHouse(t)
	path := filepath.Join(t.TempDir(), "users.jsonl")
	for _, want := range []string{"1234 imported, 0 there already", "766 imported, 1234 there already"} {
		var file bytes.Buffer
		writeUsers(t, &file, 0, 1234)
		if strings.HasPrefix(want, "766") {
			writeUsers(t, &file, 1234, 2000)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs output
		code := cli.Run(t.Context(), []string{"user", "import", path}, cli.Terminal{Out: &out, Err: &errs}, house)
		if code != 0 || out.String() != "Users: "+want+", 0 bad.\n" || withoutProgress(errs.String()) != "" {
			t.Errorf("it ended with %d, and said %q and %q", code, out.String(), errs.String())
		}
	}
	if count(t, m) != 2000 {
		t.Errorf("there are %d users", count(t, m))
	}
}

func TestAListOfManyIsPrintedWhole(t *testing.T) {
	house, _ := newHouse(t)
	path := filepath.Join(t.TempDir(), "users.jsonl")
	var file bytes.Buffer
	writeUsers(t, &file, 0, 1100)
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs output
	terminal := cli.Terminal{Out: &out, Err: &errs}
	if code := cli.Run(t.Context(), []string{"user", "import", path}, terminal, house); code != 0 {
		t.Fatal(errs.String())
	}
	for flag, lines := range map[string]int{"--disabled": 1, "--role=USER": 1101, "--json": 1100, "--email-contains=user1": 1 + 211} {
		out = output{}
		if code := cli.Run(t.Context(), []string{"user", "list", flag}, terminal, house); code != 0 {
			t.Error(errs.String())
		}
		seen := map[string]bool{}
		for line := range strings.Lines(out.String()) {
			seen[line] = true
		}
		if len(seen) != lines {
			t.Errorf("with %s there are %d different lines, want %d", flag, len(seen), lines)
		}
	}
}
