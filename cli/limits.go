package cli

import (
	"errors"
	"fmt"
	"time"
)

// LimitSettings bound what a request may ask. A refusal names the limit as the flag does, in camel case.
type LimitSettings struct {
	MaxBody               int64 `help:"Bytes of a request's body." default:"65536"`
	MaxHeader             int   `help:"Bytes of a request's header." default:"32768"`
	MaxQueryLength        int   `help:"Bytes of a document's text." default:"32768"`
	MaxTokens             int   `help:"Tokens of a document." default:"4000"`
	MaxDepth              int   `help:"How deep fields may nest." default:"16"`
	MaxIntrospectionDepth int   `help:"The same beneath __schema and __type." default:"20"`
	MaxAliases            int   `help:"Aliases in a document." default:"30"`
	MaxDirectives         int   `help:"Directives on one element." default:"10"`
	MaxFields             int   `help:"Fields of an operation, those of fragments counted wherever they are spread." default:"500"`
	MaxFragments          int   `help:"Fragments of a document." default:"100"`
	MaxOperations         int   `help:"Operations of a document." default:"5"`
	MaxVariables          int   `help:"Variables of an operation." default:"50"`
	MaxRootFields         int   `help:"Root fields of a mutation." default:"3"`
	MaxPasswordFields     int   `help:"Root fields of a mutation that take a password. Each is a guess." default:"1"`
	MaxSubscriptions      int   `help:"Subscriptions, and other operations under way, of one socket." default:"20"`

	MaxConnectionInit time.Duration `help:"How long a socket may be open without a connection_init." default:"3s"`
}

// leastConnectionInit is what a client needs on the slowest way.
const leastConnectionInit = 100 * time.Millisecond

// Validate names every limit that lets nothing in.
func (s LimitSettings) Validate() error {
	limits := []struct {
		flag  string
		value int64
	}{
		{"body", s.MaxBody},
		{"header", int64(s.MaxHeader)},
		{"query-length", int64(s.MaxQueryLength)},
		{"tokens", int64(s.MaxTokens)},
		{"depth", int64(s.MaxDepth)},
		{"introspection-depth", int64(s.MaxIntrospectionDepth)},
		{"aliases", int64(s.MaxAliases)},
		{"directives", int64(s.MaxDirectives)},
		{"fields", int64(s.MaxFields)},
		{"fragments", int64(s.MaxFragments)},
		{"operations", int64(s.MaxOperations)},
		{"variables", int64(s.MaxVariables)},
		{"root-fields", int64(s.MaxRootFields)},
		{"password-fields", int64(s.MaxPasswordFields)},
		{"subscriptions", int64(s.MaxSubscriptions)},
	}
	var problems []error
	for _, l := range limits {
		if l.value < 1 {
			problems = append(problems, fmt.Errorf("--max-%s: %d is less than 1", l.flag, l.value))
		}
	}
	if s.MaxConnectionInit < leastConnectionInit {
		problems = append(problems, fmt.Errorf("--max-connection-init: %s is less than %s", s.MaxConnectionInit, leastConnectionInit))
	}
	return errors.Join(problems...)
}
