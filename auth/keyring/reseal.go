package keyring

import (
	"context"
	"fmt"
)

// Reseal seals everything with the current master key that the previous one sealed, in one transaction, and answers how
// many keys and secrets that were. Servers may run meanwhile: what they hold stays good. Where anything opens with
// neither master key nothing has happened, and the error is a *WrongMasterKeyError.
func (k *Keyring) Reseal(ctx context.Context) (keys, secrets int, err error) {
	err = k.store.Reseal(ctx, func(all Sealed) (Sealed, error) {
		keys, secrets = 0, 0
		for i, row := range all.Keys {
			again, err := k.masters.resealKey(row)
			if err != nil {
				return Sealed{}, err
			}
			if again.SealedBy != row.SealedBy {
				all.Keys[i] = again
				keys++
			}
		}
		for i, row := range all.Secrets {
			opened, err := row.open(k.masters)
			if err != nil {
				return Sealed{}, err
			}
			if k.masters.current.Fingerprint() != row.SealedBy {
				all.Secrets[i] = opened.seal(k.masters.current, row.CreatedAt)
				secrets++
			}
		}
		return all, nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("seal everything again: %w", err)
	}
	return keys, secrets, nil
}

// MasterKey is the fingerprint of the master key that seals.
func (k *Keyring) MasterKey() string { return k.masters.current.Fingerprint() }

func (m masters) resealKey(row SealedKey) (SealedKey, error) {
	k, err := row.open(m)
	if err != nil {
		return SealedKey{}, err
	}
	return k.seal(m.current)
}
