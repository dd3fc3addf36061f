package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

// KeysRotate announces a successor.
type KeysRotate struct {
	StoreSettings `embed:""`
	newKeys       `embed:""`
}

// Help is what --help says besides the flags.
func (KeysRotate) Help() string {
	return "The new key is published at once and signs in an hour, so that whoever keeps the published keys has it in time. " +
		"The old one verifies until the last token that it signed has expired. While a key is announced, that one is told " +
		"again. Servers do this by themselves every 90 days, and need no restart."
}

// Run announces it, and prints its name.
func (k *KeysRotate) Run(ctx context.Context, t Terminal, h House) error {
	return h.within(ctx, k.StoreSettings, func(keys *keyring.Keyring) error {
		next, err := keys.Rotate(ctx, auth.Nobody, auth.Client{}, k.SigningAlgorithm)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(t.Out, "Announced %s (%s), which signs from %s UTC\n", next.KeyID, next.Algorithm, moment(&next.SignsFrom))
		return nil
	})
}

// KeysRevoke refuses what a key has signed.
type KeysRevoke struct {
	StoreSettings `embed:""`
	newKeys       `embed:""`

	KeyID string `arg:"" name:"kid" help:"The key, by the kid of its tokens."`
}

// Help is what --help says besides the flags.
func (KeysRevoke) Help() string {
	return "Every server on this database refuses the key's tokens within a second; their sessions stay, and refresh. Other " +
		"services go on trusting the key until they fetch the published keys again, which they may keep for five minutes. A " +
		"key from a file is withdrawn by taking the file away."
}

// Run revokes it, and prints which one signs.
func (k *KeysRevoke) Run(ctx context.Context, t Terminal, h House) error {
	return h.within(ctx, k.StoreSettings, func(keys *keyring.Keyring) error {
		revoked, signing, err := keys.Revoke(ctx, auth.Nobody, auth.Client{}, k.KeyID, k.SigningAlgorithm)
		if errors.Is(err, auth.ErrNotFound) {
			return fmt.Errorf("there is no key %s", k.KeyID)
		}
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(t.Out, "Revoked %s at %s UTC\n%s (%s) signs\n", revoked.KeyID, moment(revoked.RevokedAt), signing.KeyID, signing.Algorithm)
		return nil
	})
}

// KeysReseal replaces the master key.
type KeysReseal struct {
	StoreSettings `embed:""`
}

// Help is what --help says besides the flags.
func (KeysReseal) Help() string {
	return "To replace the master key: start every server with the new one in FIELDWARD_MASTER_KEY or --master-key-file and " +
		"the old one in FIELDWARD_MASTER_KEY_PREVIOUS, run this with the same two, and take the old one away. It happens in " +
		"one transaction, while servers run."
}

// Run seals everything again, and says how much that was.
func (k *KeysReseal) Run(ctx context.Context, t Terminal, h House) error {
	return h.within(ctx, k.StoreSettings, func(keys *keyring.Keyring) error {
		sealed, secrets, err := keys.Reseal(ctx)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(t.Out, "Sealed %d keys and %d secrets with the master key %s\n", sealed, secrets, keys.MasterKey())
		return nil
	})
}
