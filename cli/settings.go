package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/password"
)

// StoreSettings say where the data is. They are flags of every command that needs it.
type StoreSettings struct {
	Database      string `help:"Where the data is: sqlite:FILE or postgres://USER@HOST/NAME. Others on this machine can read a password in a flag: put it into FIELDWARD_DATABASE, or a file that PGPASSFILE names." default:"sqlite:fieldward.db"`
	MasterKeyFile string `help:"File with the master key, 32 bytes in base64, that seals the keys in the database. By default a file beside the embedded database, made at the first start; with PostgreSQL there is none. FIELDWARD_MASTER_KEY may hold the key itself instead." type:"path" placeholder:"FILE"`

	Config string `help:"File with settings in YAML: the names of flags, each with its value, or a list. Arguments and the environment go before it." type:"path" placeholder:"FILE"`

	// OwnMasterKey leaves the environment's key unread: a database that is thrown away has one of its own.
	OwnMasterKey bool `kong:"-"`
}

const sqliteScheme = "sqlite:"

// SQLiteFile is the path of the embedded database.
func (s StoreSettings) SQLiteFile() string { return strings.TrimPrefix(s.Database, sqliteScheme) }

// IsPostgres tells that the data is on a PostgreSQL server.
func (s StoreSettings) IsPostgres() bool {
	return strings.HasPrefix(s.Database, "postgres://") || strings.HasPrefix(s.Database, "postgresql://")
}

// HoldsPassword tells that the database's URL is not for others to read. One that is no URL may hold anything.
func (s StoreSettings) HoldsPassword() bool {
	if !s.IsPostgres() {
		return false
	}
	u, err := url.Parse(s.Database)
	if err != nil {
		return true
	}
	_, inside := u.User.Password()
	return inside || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// Validate names every problem.
func (s StoreSettings) Validate() error {
	if !s.IsPostgres() && (!strings.HasPrefix(s.Database, sqliteScheme) || s.SQLiteFile() == "") {
		return errors.New("--database: it is neither sqlite:FILE nor postgres://USER@HOST/NAME") // what it is may hold a password
	}
	return nil
}

// ServeSettings are all settings of the server.
type ServeSettings struct {
	StoreSettings `embed:""`

	// Beside is for a command that works on the database of servers, whose flags it does not know.
	Beside bool `kong:"-"`

	Listen   string `help:"Address to listen on." default:"localhost:8080"`
	Issuer   string `help:"Public address of this server, and the iss of its tokens." default:"http://localhost:8080"`
	Audience string `help:"The aud that a token must carry to be accepted here. By default the issuer." placeholder:"URL"`

	SigningAlgorithm string   `help:"Algorithm of new signing keys: ES256, EdDSA, ES384 or RS256. Keys that there are stay as they are." enum:"ES256,EdDSA,ES384,RS256" default:"ES256"`
	SigningKeyFile   []string `help:"File with a private signing key, a JWK or PEM (PKCS #8, SEC 1, PKCS #1); may be repeated. The first signs, all verify, and no other key is made or rotated. A shared secret for HS256 is a JWK of 32 bytes or more." type:"path" placeholder:"FILE"`

	AccessTokenTTL time.Duration `name:"access-token-ttl" help:"How long an access token lives." default:"10m"`
	SessionTTL     time.Duration `name:"session-ttl" help:"How long a session lives at the most." default:"720h"`
	SessionIdleTTL time.Duration `name:"session-idle-ttl" help:"How long a session lives unused." default:"336h"`
	RefreshGrace   time.Duration `help:"How long the refresh token before the current one is answered with the current one again, for lost answers and two tabs. 0 turns it off." default:"60s"`

	Revocation string `help:"How a token that was revoked is refused: fast, from memory, which another process of the server feels within a second; or strict, by asking the database on each request." enum:"fast,strict" default:"fast"`

	AllowedOrigins []string `name:"allowed-origin" help:"Origin of the pages elsewhere that may ask this server, with cookies too: https://app.example.com, as a browser writes it. May be given several times." placeholder:"ORIGIN"`

	SignUp            string `help:"Whether anyone may sign up: open or closed." enum:"open,closed" default:"open"`
	MaxSignUps        int    `help:"How many may sign up per minute from one network: the /24 of an IPv4 address, the /56 of an IPv6 address. Attempts count too. 0 sets no limit." default:"20"`
	PasswordMinLength int    `help:"The least number of characters of a new password." default:"8"`

	TrustedProxies []string `name:"trusted-proxy" help:"Network of proxies, or the address of one, whose X-Forwarded-For says where a request comes from: 10.0.0.0/8. May be given several times." placeholder:"NETWORK"`

	TLSCert string `name:"tls-cert" help:"File with the certificate, and those that lead to it, as PEM. What is renewed in its place is used within a minute." type:"path" placeholder:"FILE"`
	TLSKey  string `name:"tls-key" help:"File with its private key, as PEM." type:"path" placeholder:"FILE"`

	ReadTimeout time.Duration `help:"How long a request may take to arrive." default:"5s"`
	DrainDelay  time.Duration `help:"How long to go on answering after SIGTERM, while /readyz says no: at least as long as a balancer takes to notice. Ctrl-C does not wait." default:"5s"`

	GraphiQL      bool `name:"graphiql" help:"Serve the GraphiQL page at /." default:"true" negatable:""`
	Introspection bool `help:"Answer introspection." default:"true" negatable:""`

	LimitSettings `embed:"" group:"Limits:"`

	Documents     string `help:"File with the documents that clients may name instead of sending them: a JSON object from names to texts, as the client preset of GraphQL Code Generator writes it." type:"path" placeholder:"FILE"`
	DocumentsOnly bool   `help:"Run the documents of --documents, and no others."`

	Check bool `help:"Say what is wrong with the settings, and serve nothing."`

	TrialSchema string `help:"Schema file whose rules are tried beside those in force, without effect: the log says whom they would deny what, by coordinate." type:"path" placeholder:"FILE"`

	NoMigrate bool `help:"Start only on a database that has every migration of this version: fieldward migrate applies them. The server's user needs no right to make tables then."`

	LogFormat string     `help:"text or json. By default text on a terminal, else json." enum:"auto,text,json" default:"auto"`
	LogLevel  slog.Level `help:"debug, info, warn or error." default:"info"`
}

// The bounds of what may be set.
const (
	maxAccessTokenTTL = time.Hour
	maxPasswordMin    = 64
	maxReadTimeout    = time.Minute
	maxDrainDelay     = 10 * time.Minute
)

// Validate names every problem.
func (s ServeSettings) Validate() error {
	problems := []error{
		s.StoreSettings.Validate(), s.LimitSettings.Validate(), s.validateIssuer(), validateOrigins(s.AllowedOrigins),
		s.validateProxies(), s.validateTLS(),
	}
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	_, _, err := s.SigningKeys()
	problems = append(problems, err)
	wrong(s.Audience == auth.ClientFieldward, "--audience: %s is the aud of ID tokens, which must not pass for access tokens", s.Audience)
	_, _, err = net.SplitHostPort(s.Listen)
	wrong(err != nil, "--listen: %q is not HOST:PORT", s.Listen)
	wrong(s.AccessTokenTTL < time.Minute || s.AccessTokenTTL > maxAccessTokenTTL,
		"--access-token-ttl: %s is not from 1m to %s", s.AccessTokenTTL, maxAccessTokenTTL)
	wrong(s.SessionTTL < s.AccessTokenTTL, "--session-ttl: %s is shorter than --access-token-ttl", s.SessionTTL)
	wrong(s.SessionIdleTTL < s.AccessTokenTTL, "--session-idle-ttl: %s is shorter than --access-token-ttl", s.SessionIdleTTL)
	wrong(s.SessionIdleTTL > s.SessionTTL, "--session-idle-ttl: %s is longer than --session-ttl", s.SessionIdleTTL)
	wrong(s.RefreshGrace < 0 || s.RefreshGrace > s.AccessTokenTTL,
		"--refresh-grace: %s is not from 0 to --access-token-ttl", s.RefreshGrace)
	wrong(s.ReadTimeout < time.Second || s.ReadTimeout > maxReadTimeout,
		"--read-timeout: %s is not from 1s to %s", s.ReadTimeout, maxReadTimeout)
	wrong(s.DrainDelay < 0 || s.DrainDelay > maxDrainDelay, "--drain-delay: %s is not from 0 to %s", s.DrainDelay, maxDrainDelay)
	wrong(s.MaxSignUps < 0, "--max-sign-ups: %d is less than 0", s.MaxSignUps)
	wrong(s.PasswordMinLength < password.LeastMinLength || s.PasswordMinLength > maxPasswordMin,
		"--password-min-length: %d is not from %d to %d", s.PasswordMinLength, password.LeastMinLength, maxPasswordMin)
	_, err = s.Manifest()
	problems = append(problems, err)
	wrong(s.DocumentsOnly && s.Documents == "", "--documents-only: there are no --documents, so that nothing would run")
	return errors.Join(problems...)
}

func (s ServeSettings) validateIssuer() error {
	u, err := url.Parse(s.Issuer)
	switch {
	case err != nil || !isAddress(u) || strings.HasSuffix(s.Issuer, "/"):
		return errors.New("--issuer: it is not an address such as https://api.example.com, without a slash at its end")
	case u.String() != s.Issuer: // others compare it byte by byte
		return fmt.Errorf("--issuer: write it %s", u)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("--issuer: %s is neither https nor a loopback address: its tokens could be read on the way", s.Issuer)
	}
}

// isAddress reports whether paths can be put behind it, and reach a server.
func isAddress(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return u.Hostname() != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" &&
		(u.Path == "" || path.Clean(u.Path) == u.Path)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// AcceptedAudience is the audience, which is the issuer unless it is set.
func (s ServeSettings) AcceptedAudience() string {
	if s.Audience == "" {
		return s.Issuer
	}
	return s.Audience
}

// DefaultServeSettings are the settings of a server of which nothing was set.
func DefaultServeSettings() (ServeSettings, error) { return readServeSettings() }

// ServerBeside are the settings of a server that is started here on this store without another flag: what the environment and
// the file set holds for the commands that work beside it, too.
func (s StoreSettings) ServerBeside() (ServeSettings, error) {
	settings, err := readServeSettings(kong.DefaultEnvars(environmentPrefix), kong.Resolvers(&configFile{path: s.Config}))
	settings.StoreSettings, settings.Beside = s, true
	return settings, err
}

func readServeSettings(options ...kong.Option) (ServeSettings, error) {
	var s ServeSettings
	parser, err := kong.New(&s, options...)
	if err != nil {
		return s, fmt.Errorf("read the settings: %w", err)
	}
	if _, err := parser.Parse(nil); err != nil {
		return s, fmt.Errorf("read the settings: %w", err)
	}
	return s, nil
}
