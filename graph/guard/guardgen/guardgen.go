// Package guardgen is gqlgen's plugin for package guard. It holds a schema against the guard before a file of the
// executor is touched, keeps gqlgen from running the guard's directives itself, and writes beside the executor the
// table by which the guard tells whose a Go value is and of which type. Where it is told to, it also writes who may see
// what.
//
// It refuses to generate where the guard has a problem with the schema, where orOwner stands on a type whose Go type does
// not tell its owner, or where a rule stands on a field of an input type whose Go type reads its values itself.
package guardgen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/plugin"
	"github.com/vektah/gqlparser/v2"

	"github.com/fieldward/fieldward/graph/guard"
)

// Generate is api.Generate with the guard: it checks the schema first and, where anything fails later, puts back the
// files that gqlgen removes before it begins.
func Generate(cfg *config.Config, options ...Option) error {
	if err := Check(cfg); err != nil {
		return err
	}
	if err := cfg.Exec.Check(); err != nil { // sets the default layout
		return fmt.Errorf("read the configuration of exec: %w", err)
	}
	p := newPlugin(options)
	before, err := read(append(p.written(), written(cfg)...))
	if err != nil {
		return err
	}
	if err := api.Generate(cfg, api.AddPlugin(p)); err != nil {
		return errors.Join(err, before.restore())
	}
	return nil
}

// Check fails with every problem that can be told from the schema alone, and touches no file.
func Check(cfg *config.Config) error {
	schema, err := gqlparser.LoadSchema(cfg.Sources...)
	if err != nil {
		return fmt.Errorf("load schema: %w", err)
	}
	return guard.Check(schema, nil).Err()
}

// New is the plugin, for a program that calls api.Generate itself. Such a program calls Check first, since gqlgen
// removes the old executor before it asks a plugin.
func New(options ...Option) plugin.Plugin { return newPlugin(options) }

// Option is a setting of Generate and New.
type Option func(*guardPlugin)

// Permissions names the file to which guard.PermissionTable is written: a change of who may see what is then a line of
// the change's diff.
func Permissions(file string) Option {
	return func(p *guardPlugin) { p.permissions = file }
}

type guardPlugin struct {
	permissions string // a file; empty where none is wanted
}

func newPlugin(options []Option) guardPlugin {
	var p guardPlugin
	for _, o := range options {
		o(&p)
	}
	return p
}

var (
	_ plugin.ConfigMutator = guardPlugin{}
	_ plugin.CodeGenerator = guardPlugin{}
)

func (guardPlugin) Name() string { return "guardgen" }

// MutateConfig makes gqlgen leave the guard's directives in the schema and out of the executor.
func (guardPlugin) MutateConfig(cfg *config.Config) error {
	for _, name := range guard.Directives() {
		cfg.Directives[name] = config.DirectiveConfig{SkipRuntime: true}
	}
	return nil
}

// GenerateCode checks the schema against the Go types that gqlgen has bound, and writes the table of objects and that of
// who may see what.
func (p guardPlugin) GenerateCode(data *codegen.Data) error {
	owners := ownersOf(data)
	owned := func(typeName string) bool { return owners.has(typeName) }
	if err := slices.Concat(guard.Check(data.Schema, owned), unread(data)).Err(); err != nil {
		return err
	}
	if err := render(data, owners); err != nil {
		return err
	}
	if p.permissions == "" {
		return nil
	}
	if err := os.WriteFile(p.permissions, []byte(guard.PermissionTable(data.Schema)), 0o644); err != nil { //nolint:gosec // documentation
		return fmt.Errorf("write who may see what: %w", err)
	}
	return nil
}

// written are the files that the plugin is told to write.
func (p guardPlugin) written() []string {
	if p.permissions == "" {
		return nil
	}
	return []string{p.permissions}
}

// files are the contents of files before generation; nil for one that was not there.
type files map[string][]byte

// written are the files that are written whatever the plugin is told.
func written(cfg *config.Config) []string {
	names := []string{objectsFile(cfg)}
	if cfg.Exec.Filename != "" {
		names = append(names, cfg.Exec.Filename)
	}
	if cfg.Model.IsDefined() {
		names = append(names, cfg.Model.Filename)
	}
	return names
}

func read(names []string) (files, error) {
	all := files{}
	for _, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // named by the configuration
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read generated file: %w", err)
		}
		all[name] = text
	}
	return all, nil
}

func (all files) restore() error {
	var errs []error
	for name, text := range all {
		if text == nil {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, fmt.Errorf("remove generated file: %w", err))
			}
			continue
		}
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // source code
			errs = append(errs, fmt.Errorf("put back generated file: %w", err))
		}
	}
	return errors.Join(errs...)
}
