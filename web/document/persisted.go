package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldward/fieldward/auth"
)

// notFound is what clients look for before they send the text (the protocol of automatic persisted queries).
const notFound = "PersistedQueryNotFound"

// maxName is the longest that a document may be called, in bytes.
const maxName = 256

// sha256Prefix is before a name that is the SHA-256 of a text (GraphQL over HTTP, appendix A).
const sha256Prefix = "sha256:"

func unprefixed(name string) string { return strings.TrimPrefix(name, sha256Prefix) }

// hash is what the request's extensions call the document; empty where they do not.
func (r Request) hash() (string, *auth.Error) {
	if r.ID != "" && r.Query != "" {
		return "", auth.Invalid("documentId", "It stands beside a query: one of the two is the document.")
	}
	if len(r.ID) > maxName {
		return "", auth.Invalid("documentId", "It is too long.")
	}
	const member = "extensions.persistedQuery"
	extension, set := r.Extensions["persistedQuery"]
	if !set || extension == nil {
		return "", nil
	}
	values, ok := extension.(map[string]any)
	if !ok {
		return "", auth.Invalid(member, "It must be a JSON object.")
	}
	if values["version"] != json.Number("1") {
		return "", auth.Invalid(member+".version", "It must be 1.")
	}
	hash, ok := values["sha256Hash"].(string)
	if !ok || hash == "" || len(hash) > maxName {
		return "", auth.Invalid(member+".sha256Hash", "It must be the SHA-256 of the query, in hexadecimal digits.")
	}
	return hash, nil
}

// trusted are the documents of a manifest, by name and by text.
type trusted struct {
	named map[string]Document
	texts map[string]Document
}

// trust reads each document of a manifest. All that are wrong are named at once.
func (d *Documents) trust(manifest map[string]string) (trusted, error) {
	t := trusted{make(map[string]Document, len(manifest)), make(map[string]Document, len(manifest))}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(manifest)) {
		text := manifest[name]
		doc, errs := d.Read(context.Background(), text)
		switch {
		case len(errs) > 0:
			problems = append(problems, fmt.Errorf("document %s: %w", name, errs))
		case HoldsSecret(doc):
			problems = append(problems, fmt.Errorf("document %s: it holds a literal for a Secret, which belongs into a variable", name))
		default:
			t.named[name] = Document{text, doc}
			t.texts[text] = Document{text, doc}
		}
	}
	return t, errors.Join(problems...)
}

func (t trusted) find(name string) (Document, bool) {
	if doc, found := t.named[name]; found {
		return doc, true
	}
	doc, found := t.named[unprefixed(name)]
	return doc, found
}

// is reports whether a document of that name has that text.
func (t trusted) is(name, text string) bool {
	doc, found := t.find(name)
	return found && doc.Text == text
}

func (t trusted) byText(text string) (Document, gqlerror.List) {
	if doc, found := t.texts[text]; found {
		return doc, nil
	}
	return Document{Text: text}, refusedFor(auth.Invalid("query", "Only the documents of the manifest run here."))
}
