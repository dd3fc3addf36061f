// Fieldward is a GraphQL API server in which every field states, in the schema, which claims open it.
// This file joins the parts; each of them says what it is for in its own package.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/term"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/auth/journal"
	"github.com/fieldward/fieldward/auth/keyring"
	"github.com/fieldward/fieldward/auth/password"
	"github.com/fieldward/fieldward/auth/session"
	"github.com/fieldward/fieldward/auth/token"
	"github.com/fieldward/fieldward/auth/upkeep"
	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/db"
	"github.com/fieldward/fieldward/graph"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/web"
	"github.com/fieldward/fieldward/web/document"
)

func main() {
	os.Exit(cli.Run(untilSignal(), os.Args[1:], cli.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, cli.House{
		Serve:       serve,
		Accounts:    openAccounts,
		Schema:      graph.SDL,
		Permissions: graph.PermissionTable,
		Explain:     explain,
		Keys:        openKeyring,
		Journal:     openJournal,
		Migrations:  migrations,
		Migrate:     migrate,
		Move:        moveHouse,
		Backup:      backUp,
	}))
}

// sessionsPerUser is how many live sessions a user may have; the oldest goes.
const sessionsPerUser = 50

// claimsHook adds the private claims of a server of one's own to its users' tokens: see token.Hook. This one adds none.
func claimsHook(context.Context, auth.User) (map[string]any, error) { return nil, nil }

// house is the domain on its store.
type house struct {
	store       *db.Store
	keys        *keyring.Keyring
	doubts      []string // about settings that are taken all the same
	journal     *journal.Journal
	follower    *journal.Follower
	feed        *journal.Feed
	streams     *web.Streams
	revocations *session.Revocations
	verifier    *token.Verifier
	watch       *token.Verifier // asks no database, whatever the verifier does
	sessions    *session.Manager
	accounts    *account.Manager
	upkeep      *upkeep.Keeper
	trial       *trial
}

// open opens the database, has its tables ready, and builds the domain on it.
func open(ctx context.Context, s cli.ServeSettings) (*house, error) {
	store, err := openStore(ctx, s)
	if err != nil {
		return nil, err
	}
	h, err := build(ctx, store, s)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return h, nil
}

func openStore(ctx context.Context, s cli.ServeSettings) (*db.Store, error) {
	if err := s.CheckMasterKey(); err != nil {
		return nil, err
	}
	if s.NoMigrate {
		return openMigrated(ctx, s.StoreSettings)
	}
	return openTables(ctx, s.StoreSettings)
}

func build(ctx context.Context, store *db.Store, s cli.ServeSettings) (*house, error) {
	doubts, err := ready(ctx, store, s)
	if err != nil {
		return nil, err
	}
	keys, keyDoubts, err := openKeys(ctx, store, s)
	if err != nil {
		return nil, err
	}
	doubts = append(doubts, keyDoubts...)
	events := journal.New(store, keys.Secret(keyring.JournalSecret).Bytes, time.Now)
	revocations := session.NewRevocations(s.AccessTokenTTL+2*token.Leeway, time.Now)
	tokens := token.Settings{
		Issuer: s.Issuer, Audience: s.AcceptedAudience(), TokenAudience: []string{s.AcceptedAudience()}, TTL: s.AccessTokenTTL,
	}
	sessions := session.NewManager(store, token.NewIssuer(keys, tokens, claimsHook, time.Now), keys, revocations, session.Settings{
		Issuer: s.Issuer, TTL: s.SessionTTL, IdleTTL: s.SessionIdleTTL, AccessTTL: s.AccessTokenTTL,
		Grace: s.RefreshGrace, PerUser: sessionsPerUser,
	}, time.Now)
	accounts := account.NewManager(store, sessions, password.NewHasher(runtime.GOMAXPROCS(0)/2), account.Settings{
		SignUpClosed: s.SignUp == "closed", MaxSignUps: s.MaxSignUps, Passwords: password.Policy{MinLength: s.PasswordMinLength},
	}, time.Now)
	chores := []upkeep.Chore{{Name: "sessions", Clear: sessions.Forget}, {Name: "tallies", Clear: accounts.ForgetTallies}}
	feed := journal.NewFeed()
	verifier := token.NewVerifier(keys, tokens, decides(s, revocations, store), time.Now)
	watch := verifier
	if s.Revocation == "strict" {
		watch = token.NewVerifier(keys, tokens, revocations, time.Now)
	}
	return &house{
		store: store, feed: feed, streams: web.NewStreams(), keys: keys, doubts: doubts, journal: events, revocations: revocations, sessions: sessions, accounts: accounts,
		follower: journal.NewFollower(events, journal.Subscriber{
			Load: func(ctx context.Context) error { return revocations.Load(ctx, store) }, Take: revocations.Apply,
		}, feed.Subscriber()), // after the revocations: what tells of an end does not reach whom it ends
		verifier: verifier, watch: watch,
		upkeep: upkeep.New(store, chores, time.Now),
	}, nil
}

// decides is what a token is held against on each request.
func decides(s cli.ServeSettings, r *session.Revocations, store *db.Store) token.Revocations {
	if s.Revocation == "strict" {
		return session.NewStrict(r, store)
	}
	return r
}

// openKeys opens the keys and secrets, with the keys that files hold. Files that are wrong leave the database as it was.
func openKeys(ctx context.Context, store *db.Store, s cli.ServeSettings) (_ *keyring.Keyring, doubts []string, err error) {
	outside, doubts, err := s.SigningKeys()
	if err != nil {
		return nil, nil, err
	}
	sealedBy, _, err := keyring.SealedBy(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	master, err := s.MasterKey(sealedBy)
	if err != nil {
		return nil, nil, err
	}
	previous, err := s.PreviousMasterKey()
	if err != nil {
		return nil, nil, err
	}
	keys, err := keyring.OpenWith(ctx, store, keyring.Settings{
		Master: master, Previous: previous, Algorithm: s.SigningAlgorithm, Outside: outside, Beside: s.Beside,
	}, time.Now)
	return keys, doubts, err
}

// openAccounts is for the commands that work on a database while, or before, the server runs.
func openAccounts(ctx context.Context, s cli.StoreSettings) (*account.Manager, func() error, error) {
	h, err := openBeside(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return h.accounts, h.store.Close, nil
}

// openKeyring is likewise.
func openKeyring(ctx context.Context, s cli.StoreSettings) (*keyring.Keyring, func() error, error) {
	h, err := openBeside(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return h.keys, h.store.Close, nil
}

// openJournal is likewise, but makes no database: an empty one would be a good answer to a wrong name.
func openJournal(ctx context.Context, s cli.StoreSettings) (*journal.Journal, func() error, error) {
	if !s.IsPostgres() {
		if _, err := os.Stat(s.SQLiteFile()); err != nil {
			return nil, nil, fmt.Errorf("open the database: %w", err)
		}
	}
	h, err := openBeside(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return h.journal, h.store.Close, nil
}

// openBeside opens a database as a server would that is started here without a flag.
func openBeside(ctx context.Context, s cli.StoreSettings) (*house, error) {
	settings, err := s.ServerBeside()
	if err != nil {
		return nil, err
	}
	if os.Getenv("FIELDWARD_SIGNING_ALGORITHM") == "" {
		settings.SigningAlgorithm = "" // the server's may be a flag: keys go on as they are
	}
	return open(ctx, settings)
}

// explain asks the guard of the schema that is in the program.
func explain(name, document string, variables map[string]any, c auth.Caller) (string, error) {
	_, keeper, err := graph.New(graph.Domain{}, time.Now)
	if err != nil {
		return "", err
	}
	explained, err := keeper.Explain(&ast.Source{Name: name, Input: document}, variables, c)
	return explained.String(), err
}

// serve runs the server until ctx ends. It listens first: where the port is in use, nothing has been made.
func serve(ctx context.Context, s cli.ServeSettings, first cli.First) (err error) {
	log := newLog(os.Stderr, s)
	if s.Check {
		return check(s, os.Stdout, log, time.Now)
	}
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.Listen, err)
	}
	defer func() { _ = listener.Close() }() // the server has closed it already, where it ran
	tried, err := openTrial(s.TrialSchema, log)
	if err != nil {
		return err
	}
	h, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.store.Close()) }()
	h.trial = tried
	warn(log, append(s.Doubts(), h.doubts...))
	stop, err := h.follow(ctx, log)
	if err != nil {
		return err
	}
	defer stop()
	var draining atomic.Bool
	handler, err := h.handler(s, &draining, log)
	if err != nil {
		return err
	}
	if first != nil {
		if err := first(ctx, h.accounts); err != nil {
			return err
		}
	}
	if err := h.greet(ctx, os.Stdout, listener.Addr(), s); err != nil {
		return err
	}
	defer tried.end()
	return h.run(drained(ctx, s.DrainDelay, &draining, log), newHTTPServer(s, parting(handler, &draining), log, time.Now), listener, log)
}

// handler is the web around the schema and its guard.
func (h *house) handler(s cli.ServeSettings, draining *atomic.Bool, log *slog.Logger) (http.Handler, error) {
	schema, keeper, err := graph.New(graph.Domain{
		Accounts: h.accounts, Sessions: h.sessions, Journal: h.journal, Keys: h.keys,
		Feed: h.feed, CursorKey: h.keys.Secret(keyring.CursorSecret).Bytes,
	}, time.Now, append(h.trial.options(), guard.WithoutPlansFor(document.HoldsSecret))...)
	if err != nil {
		return nil, fmt.Errorf("read the rules of the schema:\n%w", err)
	}
	h.trial.begin(schema.Schema())
	documents, err := documentsOf(s)
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		Verifier:       h.verifier,
		Watch:          h.watch,
		Streams:        h.streams,
		Cookies:        web.Cookies{Opens: h.sessions.Opens, Plain: s.PlainIssuer()},
		AllowedOrigins: s.AllowedOrigins,
		TrustedProxies: s.Proxies(),
		GraphQL: web.GraphQL{
			Schema:        schema,
			Extensions:    []graphql.HandlerExtension{keeper},
			Present:       keeper.Present(graph.Present(log)),
			Recover:       graph.Recover,
			Introspection: s.Introspection,
			Documents:     documents,
			MaxBody:       s.MaxBody,
			Sockets:       web.Sockets{MaxSubscriptions: s.MaxSubscriptions, InitWithin: s.MaxConnectionInit},
			SDL:           graph.SDLFor(keeper),
		},
		Issuer:   s.Issuer,
		KeySet:   h.keys.KeySet,
		GraphiQL: s.GraphiQL,
		Ready:    readiness{draining, h.follower, h.store, time.Now}.check,
		Log:      log,
	})
}

// greet says where the server is, and how to make the first administrator where there is none.
func (h *house) greet(ctx context.Context, out io.Writer, at net.Addr, s cli.ServeSettings) error {
	scheme := "http://"
	if s.UsesTLS() {
		scheme = "https://"
	}
	address := scheme + at.String()
	lines := []string{"Fieldward listens on " + address, "  GraphQL    " + address + "/graphql"}
	if s.GraphiQL {
		lines = append(lines, "  GraphiQL   "+address+"/")
	}
	if s.TrialSchema != "" {
		lines = append(lines, "  Trial      the rules of "+s.TrialSchema+" are tried, without effect")
	}
	admin := auth.RoleAdmin
	admins, err := h.accounts.CountUsers(ctx, auth.UserFilter{Role: &admin})
	if err != nil {
		return err
	}
	if admins == 0 {
		on := ""
		if s.HoldsPassword() {
			on = ", with the same FIELDWARD_DATABASE"
		}
		lines = append(lines, "There is no administrator yet. Make one, while this runs"+on+":",
			"  "+program()+" user add --email you@example.com --name 'Your Name' --role ADMIN"+elsewhere(s.StoreSettings))
	}
	_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// program is how the program is called: go run leaves its binaries in folders of that name.
func program() string {
	if path, err := os.Executable(); err == nil && strings.Contains(path, "go-build") {
		return "go run ."
	}
	return os.Args[0]
}

// elsewhere are the flags that find a database that is not where it is by default.
func elsewhere(s cli.StoreSettings) string {
	flags := ""
	defaults, err := cli.DefaultServeSettings()
	switch {
	case err != nil || s.Database == defaults.Database:
	case s.HoldsPassword(): // what is printed is kept, and read by others
	default:
		flags += " --database '" + s.Database + "'"
	}
	if s.MasterKeyFile != "" {
		flags += " --master-key-file '" + s.MasterKeyFile + "'"
	}
	return flags
}

func newLog(out *os.File, s cli.ServeSettings) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "text" || s.LogFormat == "auto" && term.IsTerminal(int(out.Fd())) {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}
