package db

// Table is a table of the data.
type Table struct {
	Name string
	// Fresh is the condition of the rows that come with the table itself; empty where it comes without rows.
	Fresh string
}

// tables are all tables of the data, those that others refer to first. Which migrations were applied, and who applies
// them, is the engine's own to know.
var tables = []Table{
	{Name: "users"},
	{Name: "sessions"},
	{Name: "signing_keys"},
	{Name: "secrets"},
	{Name: "events"},
	{Name: "journal_head", Fresh: "number = 0"},
	{Name: "journal_checkpoint"},
	{Name: "tallies"},
	{Name: "leases"},
}

// Tables are all tables of the data, those that others refer to first.
func Tables() []Table { return tables }
