package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/fieldward/fieldward/cli"
	"github.com/fieldward/fieldward/graph"
	"github.com/fieldward/fieldward/graph/guard"
	"github.com/fieldward/fieldward/web/document"
)

// check says what is wrong with the settings, and with the files that they name. It asks no database and listens nowhere.
func check(s cli.ServeSettings, out io.Writer, log *slog.Logger, now func() time.Time) error {
	_, trialErr := openTrial(s.TrialSchema, log)
	if err := errors.Join(trialErr, checkDocuments(s, now)); err != nil {
		return err
	}
	_, doubts, err := s.SigningKeys()
	if err != nil {
		return err
	}
	warn(log, append(s.Doubts(), doubts...))
	_, err = fmt.Fprintln(out, "The settings are good.")
	return err
}

func checkDocuments(s cli.ServeSettings, now func() time.Time) error {
	schema, _, err := graph.New(graph.Domain{}, now)
	if err != nil {
		return fmt.Errorf("read the rules of the schema:\n%w", err)
	}
	settings, err := documentsOf(s)
	if err != nil {
		return err
	}
	if _, err = document.New(schema.Schema(), settings); err != nil {
		return fmt.Errorf("read the documents of the manifest:\n%w", err)
	}
	return nil
}

func warn(log *slog.Logger, doubts []string) {
	for _, doubt := range doubts {
		log.Warn("doubtful setting", "problem", doubt)
	}
}

// documentsOf says what may be asked.
func documentsOf(s cli.ServeSettings) (document.Settings, error) {
	manifest, err := s.Manifest()
	return document.Settings{
		Limits: document.Limits{
			QueryLength: s.MaxQueryLength, Tokens: s.MaxTokens, Depth: s.MaxDepth, IntrospectionDepth: s.MaxIntrospectionDepth,
			Aliases: s.MaxAliases, Directives: s.MaxDirectives, Fields: s.MaxFields, Fragments: s.MaxFragments,
			Operations: s.MaxOperations, Variables: s.MaxVariables, RootFields: s.MaxRootFields, PasswordFields: s.MaxPasswordFields,
		},
		Rules: guard.Rules, Trusted: manifest, TrustedOnly: s.DocumentsOnly,
	}, err
}
