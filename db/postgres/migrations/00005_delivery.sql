-- +goose Up

SET LOCAL statement_timeout = 0;

-- How a session's tokens reach its client, from its first to its last: BODY or COOKIE.
ALTER TABLE sessions ADD COLUMN delivery TEXT NOT NULL DEFAULT 'BODY';
