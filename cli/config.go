package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// configVariable may name the file, as --config does.
const configVariable = environmentPrefix + "_CONFIG"

// configFile gives flags the values that a file has for them: what stands in an argument or in the environment goes
// before it. The file is for all commands: one passes over what is another's, and what is no flag at all is an error.
type configFile struct {
	path   string // where it is known before any argument is read
	values map[string]any
	err    error
	read   bool
}

// configError is what is wrong with the file. Where it comes from a resolver, kong puts the name of some flag before it.
type configError struct{ error }

// Error names the flag that it is about.
func (e *configError) Error() string { return "--config: " + e.error.Error() }

var _ kong.Resolver = (*configFile)(nil)

// Validate has nothing to check before the arguments tell which file it is.
func (c *configFile) Validate(*kong.Application) error { return nil }

// Resolve is the file's value for the flag; nil where there is none, or the environment has one.
func (c *configFile) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if err := c.load(ctx); err != nil {
		return nil, &configError{err}
	}
	for _, variable := range flag.Envs {
		if _, set := os.LookupEnv(variable); set {
			return nil, nil //nolint:nilnil // kong's way to say that there is no value
		}
	}
	return c.values[flag.Name], nil
}

func (c *configFile) load(ctx *kong.Context) error {
	if !c.read {
		c.read = true
		c.err = c.readFile(c.find(ctx))
	}
	return c.err
}

func (c *configFile) find(ctx *kong.Context) string {
	path := c.path
	for _, flag := range ctx.Flags() {
		if set, ok := ctx.FlagValue(flag).(string); ok && flag.Name == "config" && set != "" {
			path = set
		}
	}
	if path == "" {
		path = os.Getenv(configVariable)
	}
	return path
}

func (c *configFile) readFile(path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if c.values, err = parseConfig(text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// parseConfig reads YAML: the names of flags, each with a value, or a list where a flag may be repeated.
func parseConfig(text []byte) (map[string]any, error) {
	var members map[string]any
	if err := yaml.Unmarshal(text, &members); err != nil {
		return nil, errors.New("it is no YAML object from the names of flags to values: " + yaml.FormatError(err, false, false))
	}
	known, err := knownFlags()
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value, ok := scalars(members[name])
		switch {
		case !known[name]:
			problems = append(problems, fmt.Errorf("%s is no setting", name))
		case !ok:
			problems = append(problems, fmt.Errorf("%s is neither a value nor a list of values", name))
		}
		members[name] = value
	}
	return members, errors.Join(problems...)
}

// scalars are a value, or a list of them, as an argument would have them.
func scalars(v any) (any, bool) {
	switch v := v.(type) {
	case string, bool:
		return v, true
	case int, int64, uint64, float64:
		return fmt.Sprint(v), true
	case []any:
		all := make([]any, len(v))
		for i, one := range v {
			text, ok := scalars(one)
			if _, list := text.([]any); !ok || list {
				return nil, false
			}
			all[i] = fmt.Sprint(text)
		}
		return all, true
	default:
		return nil, false
	}
}

// knownFlags are the flags of all commands that a file may set.
func knownFlags() (map[string]bool, error) {
	parser, err := kong.New(&commands{})
	if err != nil {
		return nil, fmt.Errorf("read the commands: %w", err)
	}
	known := map[string]bool{}
	err = kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && flag.Name != "config" && flag.Name != "help" {
			known[flag.Name] = true
		}
		return next(nil)
	})
	return known, err
}
