package db

import (
	"context"
	"database/sql"

	"github.com/fieldward/fieldward/auth/keyring"
)

const (
	keyColumns    = `id, generation, algorithm, key_id, public, sealed, sealed_by, created_at, signs_from`
	secretColumns = `kind, version, sealed, sealed_by, created_at`
)

// SigningKeys returns all signing keys by generation, oldest first.
func (s *Store) SigningKeys(ctx context.Context) ([]keyring.SealedKey, error) {
	const all = `SELECT ` + keyColumns + ` FROM signing_keys ORDER BY generation`
	var keys []keyring.SealedKey
	err := s.query(ctx, all, nil, func(rows *sql.Rows) error {
		var k keyring.SealedKey
		err := rows.Scan(&k.ID, &k.Generation, &k.Algorithm, &k.KeyID, &k.Public, &k.Sealed, &k.SealedBy,
			(*instant)(&k.CreatedAt), (*instant)(&k.SignsFrom))
		keys = append(keys, k)
		return err
	})
	return keys, s.explain("read the signing keys", err)
}

// AddSigningKey adds a signing key unless its generation is taken: then nothing happens.
func (s *Store) AddSigningKey(ctx context.Context, k keyring.SealedKey) error {
	const add = `
		INSERT INTO signing_keys (` + keyColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (generation) DO NOTHING`
	_, err := s.changeOne(ctx, add, k.ID, k.Generation, k.Algorithm, k.KeyID, k.Public, k.Sealed, k.SealedBy,
		instant(k.CreatedAt), instant(k.SignsFrom))
	return s.explain("add a signing key", err)
}

// Secrets returns all secrets by kind and version.
func (s *Store) Secrets(ctx context.Context) ([]keyring.SealedSecret, error) {
	const all = `SELECT ` + secretColumns + ` FROM secrets ORDER BY kind, version`
	var secrets []keyring.SealedSecret
	err := s.query(ctx, all, nil, func(rows *sql.Rows) error {
		var k keyring.SealedSecret
		err := rows.Scan(&k.Kind, &k.Version, &k.Sealed, &k.SealedBy, (*instant)(&k.CreatedAt))
		secrets = append(secrets, k)
		return err
	})
	return secrets, s.explain("read the secrets", err)
}

// AddSecret adds a secret unless its kind and version are taken: then nothing happens.
func (s *Store) AddSecret(ctx context.Context, k keyring.SealedSecret) error {
	const add = `
		INSERT INTO secrets (` + secretColumns + `)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, version) DO NOTHING`
	_, err := s.changeOne(ctx, add, k.Kind, k.Version, k.Sealed, k.SealedBy, instant(k.CreatedAt))
	return s.explain("add a secret", err)
}
