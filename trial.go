package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldward/fieldward/graph/guard"
)

// trial is the schema whose rules are tried beside those in force, and the count of whom they would deny. A nil one is
// that of a server without a trial.
type trial struct {
	file   string
	schema *ast.Schema
	tally  *guard.Tally
	log    *slog.Logger
}

// openTrial is nil where no file is named.
func openTrial(file string, log *slog.Logger) (*trial, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // see trial
	}
	text, err := os.ReadFile(file) //nolint:gosec // named by whoever starts the server
	if err != nil {
		return nil, fmt.Errorf("read the trial schema: %w", err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: file, Input: string(text)})
	if err != nil {
		return nil, fmt.Errorf("read the trial schema: %w", err)
	}
	return &trial{file, schema, guard.NewTally(log), log}, nil
}

func (t *trial) options() []guard.Option {
	if t == nil {
		return nil
	}
	return []guard.Option{guard.Trial(t.schema, t.tally.Report)}
}

// begin says that the trial is on, and what of the schema in force it does not decide.
func (t *trial) begin(inForce *ast.Schema) {
	if t == nil {
		return
	}
	t.log.Info("trial begins", "schema", t.file)
	for _, p := range guard.Differences(inForce, t.schema) {
		t.log.Warn("trial schema differs", "at", fmt.Sprintf("%s:%d", p.File, p.Line), "difference", p.What)
	}
}

func (t *trial) end() {
	if t != nil {
		t.tally.Stop()
	}
}
