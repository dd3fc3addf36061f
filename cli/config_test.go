package cli_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/cli"
)

// served runs the program with the arguments, and is what the server was handed; nil where there was none.
func served(t *testing.T, args ...string) (settings *cli.ServeSettings, said string, code int) {
	t.Helper()
	var out strings.Builder
	code = cli.Run(t.Context(), args, cli.Terminal{Out: io.Discard, Err: &out}, cli.House{
		Serve: func(_ context.Context, s cli.ServeSettings, _ cli.First) error {
			settings = &s
			return nil
		},
		Accounts: func(_ context.Context, s cli.StoreSettings) (*account.Manager, func() error, error) {
			beside, err := s.ServerBeside()
			settings = &beside
			if err == nil {
				err = io.EOF
			}
			return nil, nil, err
		},
	})
	return settings, out.String(), code
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fieldward.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const config = `
listen: 127.0.0.1:9001
access-token-ttl: 5m
max-depth: 12
graphiql: false
allowed-origin: [https://a.example.com, https://b.example.com]
trusted-proxy: 10.0.0.0/8
database: sqlite:other.db
email: root@example.com # of another command
`

func TestAFileHasSettingsAndArgumentsAndTheEnvironmentGoBeforeIt(t *testing.T) {
	path := writeConfig(t, config)
	t.Setenv("FIELDWARD_MAX_DEPTH", "9")

	s, said, code := served(t, "--config", path, "--access-token-ttl", "7m")

	if code != 0 || s == nil {
		t.Fatalf("exits %d: %s", code, said)
	}
	if s.Listen != "127.0.0.1:9001" || s.GraphiQL || s.Database != "sqlite:other.db" {
		t.Errorf("of the file: %+v", s)
	}
	if diff := cmp.Diff([]string{"https://a.example.com", "https://b.example.com"}, s.AllowedOrigins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.0/8"}, s.TrustedProxies); diff != "" {
		t.Error(diff)
	}
	if s.AccessTokenTTL != 7*time.Minute {
		t.Errorf("the argument is 7m, and what holds %s", s.AccessTokenTTL)
	}
	if s.MaxDepth != 9 {
		t.Errorf("the environment says 9, and what holds is %d", s.MaxDepth)
	}
	if s.MaxAliases != 30 {
		t.Errorf("nobody says anything, and what holds is %d", s.MaxAliases)
	}
}

func TestTheEnvironmentMayNameTheFile(t *testing.T) {
	t.Setenv("FIELDWARD_CONFIG", writeConfig(t, config))
	s, said, code := served(t)
	if code != 0 || s.Listen != "127.0.0.1:9001" {
		t.Errorf("exits %d: %s, %+v", code, said, s)
	}
}

func TestACommandBesideTheServerHasTheFilesSettings(t *testing.T) {
	path := writeConfig(t, config+"session-ttl: 100h\nsession-idle-ttl: 50h\n")
	for name, args := range map[string][]string{
		"by its flag": {"user", "list", "--config", path},
	} {
		t.Run(name, func(t *testing.T) {
			s, said, _ := served(t, args...)
			if s == nil || s.Database != "sqlite:other.db" || s.SessionTTL != 100*time.Hour || s.MaxDepth != 12 {
				t.Errorf("%s: %+v", said, s)
			}
		})
	}
}

func TestAFileThatIsWrongIsRefusedWithAllThatIsWrongWithIt(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"no setting":        {"lisen: x\nmaster-key: x\nconfig: y\n", []string{"lisen is no setting", "master-key is no setting", "config is no setting"}},
		"an object":         {"listen: {host: x}\n", []string{"listen is neither"}},
		"a list of lists":   {"allowed-origin: [[x]]\n", []string{"allowed-origin is neither"}},
		"nothing":           {"listen:\n", []string{"listen is neither"}},
		"no YAML":           {"listen: [\n", []string{"no YAML"}},
		"a member twice":    {"listen: a:1\nlisten: b:1\n", []string{"no YAML"}},
		"no object":         {"- listen\n", []string{"no YAML"}},
		"no number":         {"max-depth: deep\n", []string{"--max-depth", "deep"}},
		"no time":           {"read-timeout: 5\n", []string{"--read-timeout"}},
		"beyond the bounds": {"max-depth: 0\nread-timeout: 5h\n", []string{"--max-depth: 0", "--read-timeout: 5h"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, said, code := served(t, "--config", writeConfig(t, test.text))
			if s != nil || code == 0 {
				t.Errorf("it is taken: %+v", s)
			}
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not tell of %q", said, want)
				}
			}
		})
	}
	if s, said, code := served(t, "--config", filepath.Join(t.TempDir(), "none.yaml")); s != nil || code == 0 || !strings.Contains(said, "--config") {
		t.Errorf("a file that is missing: %d, %s", code, said)
	}
}

func TestProxiesAreNetworksAndNotEveryone(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "2001:db8::/32": "2001:db8::/32", "2001:db8::7": "2001:db8::7/128",
	} {
		s, said, code := served(t, "--trusted-proxy", text)
		if code != 0 || len(s.Proxies()) != 1 || s.Proxies()[0].String() != want {
			t.Errorf("%s: exits %d, %s, %+v", text, code, said, s)
		}
	}
	for text, want := range map[string]string{
		"0.0.0.0/0": "every address", "::/0": "every address", "10.1.2.3/8": "10.0.0.0/8", "proxy.example.com": "no address",
		"10.0.0.0/64": "no network", "::ffff:10.0.0.0/104": "IPv4", "fe80::1%eth0": "no address", "*": "no address",
	} {
		if s, said, code := served(t, "--trusted-proxy", text); code == 0 || s != nil || !strings.Contains(said, want) {
			t.Errorf("%s: exits %d, %s", text, code, said)
		}
	}
}

func TestSettingsThatAreLikelyNotMeantAreDoubtedAndTaken(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(manifest, []byte(`{"a": "{ me { id } }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"as it comes":                            {nil, 0},
		"a loopback issuer on a public listener": {[]string{"--listen", "0.0.0.0:80"}, 1},
		"on every address":                       {[]string{"--listen", ":80"}, 1},
		"a public issuer on a public listener":   {[]string{"--listen", ":80", "--issuer", "https://api.example.com"}, 0},
		"GraphiQL where only the manifest's run": {[]string{"--documents", manifest, "--documents-only"}, 1},
		"without the page where only these run":  {[]string{"--documents", manifest, "--documents-only", "--no-graphiql"}, 0},
	} {
		s, said, code := served(t, test.args...)
		if code != 0 || len(s.Doubts()) != test.want {
			t.Errorf("%s: exits %d, %s, %v", name, code, said, s)
		}
	}
}
