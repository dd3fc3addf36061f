package postgres

import "github.com/pressly/goose/v3/database/dialect"

// The tables of the migrations have names of their own: other programs in a database use goose too.
const (
	versionTable = "fieldward_migrations"
	leaseTable   = "fieldward_migration_lease"
)

// versions is the SQL for the table of applied migrations. A version stands in it once, so that of two programs that
// apply the same migration nevertheless, one after the other's lease has run out, the second undoes all of it.
type versions struct{}

var _ dialect.QuerierExtender = versions{}

func (versions) TableExists(table string) string {
	return `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = '` + table + `')`
}

func (versions) CreateTable(table string) string {
	return `
		CREATE TABLE IF NOT EXISTS ` + table + ` (
			version_id BIGINT      NOT NULL PRIMARY KEY,
			is_applied BOOLEAN     NOT NULL,
			applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
		)`
}

func (versions) InsertVersion(table string) string {
	return `INSERT INTO ` + table + ` (version_id, is_applied) VALUES ($1, $2)`
}

func (versions) DeleteVersion(table string) string {
	return `DELETE FROM ` + table + ` WHERE version_id = $1`
}

func (versions) GetMigrationByVersion(table string) string {
	return `SELECT applied_at, is_applied FROM ` + table + ` WHERE version_id = $1`
}

func (versions) ListMigrations(table string) string {
	return `SELECT version_id, is_applied FROM ` + table + ` ORDER BY version_id DESC`
}

func (versions) GetLatestVersion(table string) string {
	return `SELECT MAX(version_id) FROM ` + table
}
