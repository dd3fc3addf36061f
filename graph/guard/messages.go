package guard

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/fieldward/fieldward/auth"
)

// Rules are GraphQL's rules of validation (section 5), without a suggestion in any message: what is offered for a name
// that is nearly right may be hidden from who asks. They are for the executor: SetDefaultRulesFn(guard.Rules), or the
// handler's SetValidationRulesFn.
func Rules() *rules.Rules {
	all := rules.NewDefaultRules()
	// Under the usual names: the executor puts its own in the place of what is missing.
	all.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	all.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	all.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	all.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	all.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return all
}

// isInvalid reports whether validation has found the error, in a document or in its variables, before anything ran.
func isInvalid(ctx context.Context, err *gqlerror.Error) bool {
	if graphql.GetFieldContext(ctx) != nil {
		return false
	}
	return err.Rule != "" || err.Err == nil && err.Extensions["code"] == errcode.ValidationFailed
}

// discreet is what validation says, without the names that the caller has neither written nor is shown: the whole schema
// validates, and its messages tell of types and arguments that a document does not name.
func (g *Guard) discreet(ctx context.Context, err *gqlerror.Error) *gqlerror.Error {
	m := &message{shown: g.views.Of(auth.CallerFrom(ctx)).names, written: written(ctx), book: g.book}
	shown := *err
	if err.Rule != "" {
		shown.Message = m.quoted(err.Message)
	} else {
		shown.Message = m.ofVariable(err.Message)
		shown.Path = m.path(err)
	}
	return &shown
}

// message knows which names a caller may read.
type message struct {
	shown, written map[string]bool
	book           *book
}

func (m *message) hides(name string) bool {
	isNumber := name[0] >= '0' && name[0] <= '9'
	return !isNumber && !m.shown[name] && !m.written[name]
}

// quoted replaces the names between quotation marks: so validation writes what stands in a schema or a document.
func (m *message) quoted(s string) string {
	parts := strings.Split(s, `"`)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = replaceNames(parts[i], func(name string, _ int) bool { return m.hides(name) })
	}
	return strings.Join(parts, `"`)
}

// ofVariable replaces names of types, which stand bare in what is said of a variable's value.
func (m *message) ofVariable(s string) string {
	return replaceNames(s, func(name string, _ int) bool { return m.book.schema.Types[name] != nil && m.hides(name) })
}

// path ends before an input field that is missing in the variable, and that the caller does not know of.
func (m *message) path(err *gqlerror.Error) ast.Path {
	const written = "unknown field" // the last of the path
	for i, element := range err.Path {
		name, isName := element.(ast.PathName)
		if i > 1 && isName && m.hides(string(name)) && err.Message != written {
			return err.Path[:i]
		}
	}
	return err.Path
}

// writtenKey is where an operation's statistics keep its names, so that they are read once for all its errors.
const writtenKey = "guard.written"

// written are the names in the document that was sent.
func written(ctx context.Context) map[string]bool {
	if !graphql.HasOperationContext(ctx) {
		return nil
	}
	oc := graphql.GetOperationContext(ctx)
	if names, ok := oc.Stats.GetExtension(writtenKey).(map[string]bool); ok {
		return names
	}
	names := map[string]bool{}
	replaceNames(oc.RawQuery, func(name string, _ int) bool {
		names[name] = true
		return false
	})
	oc.Stats.SetExtension(writtenKey, names)
	return names
}
