package db

import (
	"context"
	"database/sql"
	"time"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/keyring"
)

const (
	keyColumns    = `id, generation, algorithm, key_id, public, sealed, sealed_by, created_at, signs_from, revoked_at`
	secretColumns = `kind, version, sealed, sealed_by, created_at`
)

const (
	allKeys    = `SELECT ` + keyColumns + ` FROM signing_keys ORDER BY generation`
	allSecrets = `SELECT ` + secretColumns + ` FROM secrets ORDER BY kind, version`
)

// SigningKeys returns all signing keys by generation, oldest first.
func (s *Store) SigningKeys(ctx context.Context) ([]keyring.SealedKey, error) {
	var keys []keyring.SealedKey
	err := s.query(ctx, allKeys, nil, scanKeys(&keys))
	return keys, s.explain("read the signing keys", err)
}

// scanKeys appends rows of keyColumns.
func scanKeys(keys *[]keyring.SealedKey) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var k keyring.SealedKey
		var revokedAt *instant
		err := rows.Scan(&k.ID, &k.Generation, &k.Algorithm, &k.KeyID, &k.Public, &k.Sealed, &k.SealedBy,
			(*instant)(&k.CreatedAt), (*instant)(&k.SignsFrom), &revokedAt)
		k.RevokedAt = (*time.Time)(revokedAt)
		*keys = append(*keys, k)
		return err
	}
}

// AddSigningKey adds a signing key, and the events that tell of it, unless its generation is taken: then nothing
// happens.
func (s *Store) AddSigningKey(ctx context.Context, k keyring.SealedKey, told ...auth.Event) error {
	find := harmless
	if len(told) > 0 {
		find = s.wrote(told[0])
	}
	err := s.changeAs(ctx, transaction{find: find}, func(ctx context.Context, tx *sql.Tx) error {
		added, err := insertKey(ctx, tx, k)
		if err != nil || added == 0 {
			return err
		}
		return addEvents(ctx, tx, told...)
	})
	return s.explain("add a signing key", err)
}

// insertKey counts the rows that it added: none where the generation is taken.
func insertKey(ctx context.Context, tx *sql.Tx, k keyring.SealedKey) (int64, error) {
	const add = `
		INSERT INTO signing_keys (` + keyColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (generation) DO NOTHING`
	return exec(ctx, tx, add, k.ID, k.Generation, k.Algorithm, k.KeyID, k.Public, k.Sealed, k.SealedBy,
		instant(k.CreatedAt), instant(k.SignsFrom), (*instant)(k.RevokedAt))
}

// RevokeSigningKey revokes a key and adds its successor, or fails with keyring.ErrOvertaken.
func (s *Store) RevokeSigningKey(ctx context.Context, r keyring.Revocation) error {
	const revoke = `UPDATE signing_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`
	err := s.changeAs(ctx, transaction{find: s.wrote(r.Event)}, func(ctx context.Context, tx *sql.Tx) error {
		if err := one(exec(ctx, tx, revoke, instant(r.At), r.ID)); err != nil {
			return err
		}
		if r.Successor != nil {
			if err := one(insertKey(ctx, tx, *r.Successor)); err != nil {
				return err
			}
		}
		return addEvents(ctx, tx, r.Event)
	})
	return s.explain("revoke a signing key", err)
}

// one fails with keyring.ErrOvertaken where nothing was changed.
func one(changed int64, err error) error {
	if err == nil && changed == 0 {
		return keyring.ErrOvertaken
	}
	return err
}

// Secrets returns all secrets by kind and version.
func (s *Store) Secrets(ctx context.Context) ([]keyring.SealedSecret, error) {
	var secrets []keyring.SealedSecret
	err := s.query(ctx, allSecrets, nil, scanSecrets(&secrets))
	return secrets, s.explain("read the secrets", err)
}

// scanSecrets appends rows of secretColumns.
func scanSecrets(secrets *[]keyring.SealedSecret) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var k keyring.SealedSecret
		err := rows.Scan(&k.Kind, &k.Version, &k.Sealed, &k.SealedBy, (*instant)(&k.CreatedAt))
		*secrets = append(*secrets, k)
		return err
	}
}

// AddSecret adds a secret unless its kind and version are taken: then nothing happens.
func (s *Store) AddSecret(ctx context.Context, k keyring.SealedSecret) error {
	const add = `
		INSERT INTO secrets (` + secretColumns + `)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, version) DO NOTHING`
	_, err := s.changeOne(ctx, harmless, add, k.Kind, k.Version, k.Sealed, k.SealedBy, instant(k.CreatedAt))
	return s.explain("add a secret", err)
}

// Reseal puts other seals in the places of those that are there, all or none.
func (s *Store) Reseal(ctx context.Context, again func(keyring.Sealed) (keyring.Sealed, error)) error {
	err := s.changeAs(ctx, transaction{serializable: true, find: harmless}, func(ctx context.Context, tx *sql.Tx) error {
		all, err := readSealed(ctx, tx)
		if err != nil {
			return err
		}
		if all, err = again(all); err != nil {
			return err
		}
		return writeSeals(ctx, tx, all)
	})
	return s.explain("seal again", err)
}

func readSealed(ctx context.Context, tx *sql.Tx) (keyring.Sealed, error) {
	var all keyring.Sealed
	rows, err := tx.QueryContext(ctx, allKeys)
	if err != nil {
		return all, err
	}
	if err := each(rows, scanKeys(&all.Keys)); err != nil {
		return all, err
	}
	if rows, err = tx.QueryContext(ctx, allSecrets); err != nil {
		return all, err
	}
	return all, each(rows, scanSecrets(&all.Secrets))
}

func writeSeals(ctx context.Context, tx *sql.Tx, all keyring.Sealed) error {
	const (
		key    = `UPDATE signing_keys SET sealed = $1, sealed_by = $2 WHERE id = $3`
		secret = `UPDATE secrets SET sealed = $1, sealed_by = $2 WHERE kind = $3 AND version = $4`
	)
	for _, k := range all.Keys {
		if _, err := exec(ctx, tx, key, k.Sealed, k.SealedBy, k.ID); err != nil {
			return err
		}
	}
	for _, k := range all.Secrets {
		if _, err := exec(ctx, tx, secret, k.Sealed, k.SealedBy, k.Kind, k.Version); err != nil {
			return err
		}
	}
	return nil
}
