package dbtest

import (
	"fmt"

	"github.com/fieldward/fieldward/db"
)

// Additions are statements of a migration that is still to come: to each table it adds what a program that does not know
// it must live with. number is the engine's type of a whole number.
func Additions(number string) []string {
	all := []string{
		`CREATE TABLE addition (id TEXT NOT NULL PRIMARY KEY, user_id TEXT REFERENCES users (id) ON DELETE CASCADE)`,
	}
	for _, table := range db.Tables() {
		all = append(all,
			fmt.Sprintf(`ALTER TABLE %s ADD COLUMN added_note TEXT`, table.Name),
			fmt.Sprintf(`ALTER TABLE %s ADD COLUMN added_count %s NOT NULL DEFAULT 7`, table.Name, number),
			fmt.Sprintf(`CREATE INDEX %s_added ON %s (added_count, added_note)`, table.Name, table.Name),
		)
	}
	return all
}
