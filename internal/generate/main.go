// Command generate writes the executors that gqlgen makes of the schemas, through the guard's plugin: a schema with
// which the guard has a problem leaves every file as it was. Of this project's own schema it writes who may see what, too.
//
//	go run ./internal/generate [gqlgen.yml …]
//
// Paths in a configuration are relative to its own folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/99designs/gqlgen/codegen/config"

	"github.com/fieldward/fieldward/graph/guard/guardgen"
)

func main() {
	configs := os.Args[1:]
	if len(configs) == 0 {
		configs = []string{own}
	}
	if err := generate(configs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The configuration of this project's own schema, and where it is written who may see what of it.
const (
	own         = "gqlgen.yml"
	permissions = "graph/permissions.md"
)

// generate checks every schema before it writes the first file.
func generate(configs []string) error {
	for _, name := range configs {
		if err := within(name, guardgen.Check); err != nil {
			return fmt.Errorf("%s:\n%w", name, err)
		}
	}
	for _, name := range configs {
		var options []guardgen.Option
		if filepath.Clean(name) == own {
			options = append(options, guardgen.Permissions(permissions))
		}
		write := func(cfg *config.Config) error { return guardgen.Generate(cfg, options...) }
		if err := within(name, write); err != nil {
			return fmt.Errorf("%s:\n%w", name, err)
		}
	}
	return nil
}

// within loads a configuration in its own folder, and acts there.
func within(name string, act func(*config.Config) error) (err error) {
	home, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working folder: %w", err)
	}
	if err := os.Chdir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("enter the folder: %w", err)
	}
	defer func() {
		if back := os.Chdir(home); err == nil && back != nil {
			err = fmt.Errorf("leave the folder: %w", back)
		}
	}()
	cfg, err := config.LoadConfig(filepath.Base(name))
	if err != nil {
		return err
	}
	return act(cfg)
}
