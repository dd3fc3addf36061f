-- +goose Up

SET LOCAL statement_timeout = 0;

-- A revoked key is kept, sealed as it was, and verifies nothing.
ALTER TABLE signing_keys ADD COLUMN revoked_at TIMESTAMPTZ;
