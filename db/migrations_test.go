package db_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a migration may say, by its words; all else needs a number from 10001 on.
var (
	comment    = regexp.MustCompile(`(?m)--.*$`)
	setting    = regexp.MustCompile(`^SET LOCAL `)
	newTable   = regexp.MustCompile(`^CREATE TABLE (\w+) `)
	reference  = regexp.MustCompile(`\bREFERENCES \w+ \(\w+\)( ON DELETE (CASCADE|SET NULL))?`)
	newColumn  = regexp.MustCompile(`^ALTER TABLE (\w+) ADD COLUMN (\w+) `)
	strict     = regexp.MustCompile(`\b(UNIQUE|CHECK|REFERENCES|PRIMARY KEY)\b`)
	newIndex   = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX (\w+) ON (\w+) \(+(\w+)`)
	newRow     = regexp.MustCompile(`^INSERT INTO (\w+) `)
	noIndex    = regexp.MustCompile(`^DROP INDEX (\w+)$`)
	migrations = regexp.MustCompile(`^(\d{5})_\w+\.sql$`)
)

// additions reads migrations in their order, and knows what each of them has made.
type additions struct {
	unique []string // the indexes that statements of the program may name
	made   []string // tables, and columns as table.column, of the migration that is read
}

// wrong is why programs that do not know the statement could not live with it, or empty.
func (a *additions) wrong(statement string) string {
	if setting.MatchString(statement) {
		return ""
	}
	if m := newTable.FindStringSubmatch(statement); m != nil {
		a.made = append(a.made, m[1])
		for _, r := range reference.FindAllStringSubmatch(statement, -1) {
			if r[1] == "" {
				return "who does not know the table can no longer delete what it refers to"
			}
		}
		return ""
	}
	if m := newColumn.FindStringSubmatch(statement); m != nil {
		a.made = append(a.made, m[1]+"."+m[2])
		if strict.MatchString(statement) || strings.Contains(statement, "NOT NULL") && !strings.Contains(statement, "DEFAULT") {
			return "who does not know the column can no longer add rows"
		}
		return ""
	}
	if m := newIndex.FindStringSubmatch(statement); m != nil {
		if m[1] != "" && !slices.Contains(a.made, m[3]) && !slices.Contains(a.made, m[3]+"."+m[4]) {
			return "it refuses rows that were good"
		}
		if m[1] != "" {
			a.unique = append(a.unique, m[2])
		}
		return ""
	}
	if m := newRow.FindStringSubmatch(statement); m != nil && slices.Contains(a.made, m[1]) {
		return ""
	}
	if m := noIndex.FindStringSubmatch(statement); m != nil && !slices.Contains(a.unique, m[1]) {
		return ""
	}
	return "it does more than add"
}

// faults are what is wrong with a migration.
func (a *additions) faults(text string) []string {
	a.made = nil
	var all []string
	if strings.Contains(text, "+goose Down") {
		all = append(all, "it goes back")
	}
	for statement := range strings.SplitSeq(comment.ReplaceAllString(text, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		if statement == "" {
			continue
		}
		if wrong := a.wrong(statement); wrong != "" {
			all = append(all, statement+": "+wrong)
		}
	}
	return all
}

func TestProgramsLiveWithMigrationsThatTheyDoNotKnow(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		files, err := filepath.Glob(engine + "/migrations/*")
		must(t, err)
		if len(files) < 5 {
			t.Fatalf("%s has the migrations %q", engine, files)
		}
		var a additions
		for _, file := range files {
			name := migrations.FindStringSubmatch(filepath.Base(file))
			if name == nil {
				t.Fatalf("%s is not named as migrations are: 00007_what.sql", file)
			}
			text, err := os.ReadFile(file)
			must(t, err)
			found := a.faults(string(text))
			if name[1] == "00001" || name[1] >= "10001" {
				continue // before it there was no program; and those which do not know it refuse the database
			}
			for _, fault := range found {
				t.Errorf("%s: %s", file, fault)
			}
		}
	}
}

func TestMigrationThatDoesMoreThanAddIsFound(t *testing.T) {
	for statement, good := range map[string]bool{
		"CREATE TABLE t (id TEXT PRIMARY KEY)":                                      true,
		"CREATE TABLE t (id TEXT REFERENCES users (id) ON DELETE CASCADE)":          true,
		"CREATE TABLE t (id TEXT REFERENCES users (id))":                            false,
		"CREATE TABLE t (id BIGINT, n BIGINT); INSERT INTO t (id, n) VALUES (1, 0)": true,
		"INSERT INTO users (id) VALUES ('usr_1')":                                   false,
		"ALTER TABLE users ADD COLUMN x TEXT":                                       true,
		"ALTER TABLE users ADD COLUMN x TEXT NOT NULL DEFAULT ''":                   true,
		"ALTER TABLE users ADD COLUMN x TEXT NOT NULL":                              false,
		"ALTER TABLE users ADD COLUMN x TEXT UNIQUE":                                false,
		"ALTER TABLE users DROP COLUMN x":                                           false,
		"ALTER TABLE users RENAME COLUMN x TO y":                                    false,
		"ALTER TABLE users ALTER COLUMN x SET NOT NULL":                             false,
		"DROP TABLE users":                   false,
		"UPDATE users SET roles = ''":        false,
		"CREATE INDEX i ON users (x)":        true,
		"CREATE UNIQUE INDEX i ON users (x)": false,
		"ALTER TABLE users ADD COLUMN x TEXT; CREATE UNIQUE INDEX i ON users (x)":               true,
		"CREATE INDEX i ON users (x); DROP INDEX i":                                             true,
		"CREATE TABLE t (id TEXT); CREATE UNIQUE INDEX i ON t (id); DROP INDEX i":               false,
		"-- a remark; DROP TABLE users\nCREATE INDEX i ON users (x) -- DROP TABLE users; again": true,
		"-- +goose Down\n": false,
	} {
		var a additions
		if found := a.faults(statement); (len(found) == 0) != good {
			t.Errorf("%s: %q", statement, found)
		}
	}
}
