package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// Keys holds the commands for signing keys. All of them work beside servers that run on the same database.
type Keys struct {
	List   KeysList   `cmd:"" help:"List the signing keys, newest first. Times are in UTC."`
	Rotate KeysRotate `cmd:"" help:"Announce a new signing key, which signs in an hour."`
	Revoke KeysRevoke `cmd:"" help:"Refuse what a leaked key has signed, and bring one that signs at once."`
	Reseal KeysReseal `cmd:"" help:"Seal everything in the database with the master key of now."`
}

// newKeys is how a key is made.
type newKeys struct {
	SigningAlgorithm string `help:"Algorithm of the new key: ES256, EdDSA, ES384 or RS256. By default that of the newest." enum:",ES256,EdDSA,ES384,RS256" default:"" placeholder:"NAME"`
}

// within opens the keys of the database, and does what is to be done with them.
func (h House) within(ctx context.Context, s StoreSettings, do func(*keyring.Keyring) error) (err error) {
	keys, done, err := h.Keys(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return do(keys)
}

// KeysList prints the keys.
type KeysList struct {
	StoreSettings `embed:""`

	JSON bool `name:"json" help:"Print JSON lines, a key on each." env:"-"`
}

// Run prints the list.
func (k *KeysList) Run(ctx context.Context, t Terminal, h House) error {
	return h.within(ctx, k.StoreSettings, func(keys *keyring.Keyring) error {
		if k.JSON {
			return printKeysJSON(t.Out, keys.Keys())
		}
		return printKeys(t.Out, keys.Keys())
	})
}

func printKeys(out io.Writer, keys []auth.SigningKey) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KID\tALGORITHM\tSTATE\tSIGNS FROM\tSIGNS UNTIL\tVERIFIES UNTIL")
	for _, k := range keys {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", k.KeyID, k.Algorithm, stateOf(k),
			moment(&k.SignsFrom), moment(k.SignsUntil), moment(k.VerifiesUntil))
	}
	return table.Flush()
}

// stateOf tells a revoked key from one that has retired in its time.
func stateOf(k auth.SigningKey) string {
	if k.RevokedAt != nil {
		return "REVOKED"
	}
	return string(k.State)
}

// moment is a time to the second, in UTC.
func moment(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// listedKey is a key in JSON.
type listedKey struct {
	ID            auth.ID        `json:"id"`
	KeyID         string         `json:"kid"`
	Algorithm     string         `json:"alg"`
	State         string         `json:"state"`
	CreatedAt     time.Time      `json:"createdAt"`
	SignsFrom     time.Time      `json:"signsFrom"`
	SignsUntil    *time.Time     `json:"signsUntil"`
	VerifiesUntil *time.Time     `json:"verifiesUntil"`
	RevokedAt     *time.Time     `json:"revokedAt"`
	PublicJWK     map[string]any `json:"publicJwk"`
}

func printKeysJSON(out io.Writer, keys []auth.SigningKey) error {
	e := json.NewEncoder(out)
	for _, k := range keys {
		if err := e.Encode(listedKey{
			k.ID, k.KeyID, string(k.Algorithm), stateOf(k), k.CreatedAt, k.SignsFrom, k.SignsUntil, k.VerifiesUntil, k.RevokedAt,
			k.PublicJWK,
		}); err != nil {
			return fmt.Errorf("print the keys: %w", err)
		}
	}
	return nil
}
