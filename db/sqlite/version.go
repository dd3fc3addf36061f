package sqlite

import "github.com/pressly/goose/v3/database/dialect"

// versions is the SQL for goose's table of applied migrations. It is goose's own table, but a version stands in it once:
// of programs that start at once each may try a migration, and all but the first undo theirs with its mark. (A
// transaction here begins by locking the file, so that the others try only after the first is done.)
type versions struct{}

var _ dialect.QuerierExtender = versions{}

func (versions) TableExists(table string) string {
	return `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '` + table + `')`
}

func (versions) CreateTable(table string) string {
	return `
		CREATE TABLE IF NOT EXISTS ` + table + ` (
			id         INTEGER PRIMARY KEY AUTOINCREMENT,
			version_id INTEGER NOT NULL UNIQUE,
			is_applied INTEGER NOT NULL,
			tstamp     TIMESTAMP DEFAULT (datetime('now'))
		)`
}

// InsertVersion takes the version 0, which comes with the table, from each program that found no table.
func (versions) InsertVersion(table string) string {
	return `
		INSERT INTO ` + table + ` (version_id, is_applied)
		SELECT $1, $2
		WHERE $1 <> 0 OR NOT EXISTS (SELECT 1 FROM ` + table + `)`
}

func (versions) DeleteVersion(table string) string {
	return `DELETE FROM ` + table + ` WHERE version_id = $1`
}

func (versions) GetMigrationByVersion(table string) string {
	return `SELECT tstamp, is_applied FROM ` + table + ` WHERE version_id = $1`
}

func (versions) ListMigrations(table string) string {
	return `SELECT version_id, is_applied FROM ` + table + ` ORDER BY id DESC`
}

func (versions) GetLatestVersion(table string) string {
	return `SELECT MAX(version_id) FROM ` + table
}
