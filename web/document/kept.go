package document

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// maxKept bounds the memory that parsed and validated documents take, in bytes, about.
	maxKept = 32 << 20
	// parsedPerByte is about how much memory a parsed document takes for each byte of its text.
	parsedPerByte = 40
	// maxPersisted bounds the texts that clients have persisted, in bytes.
	maxPersisted = 8 << 20
	// persistedOverhead is what the cache itself takes for each.
	persistedOverhead = 256
)

// kept are parsed and validated documents by their text.
type kept struct {
	cache *otter.Cache[string, *ast.QueryDocument]
}

func newKept() *kept {
	return &kept{otter.Must(&otter.Options[string, *ast.QueryDocument]{
		MaximumWeight: maxKept,
		Weigher:       func(text string, _ *ast.QueryDocument) uint32 { return uint32(len(text) * parsedPerByte) },
	})}
}

func (k *kept) get(text string) (*ast.QueryDocument, bool) { return k.cache.GetIfPresent(text) }
func (k *kept) set(text string, doc *ast.QueryDocument)    { k.cache.Set(text, doc) }

// persisted are texts that clients have sent with their hashes, to send no more than the hash from then on.
type persisted struct {
	cache *otter.Cache[string, string]
}

func newPersisted() *persisted {
	return &persisted{otter.Must(&otter.Options[string, string]{
		MaximumWeight: maxPersisted,
		Weigher:       func(_, text string) uint32 { return uint32(len(text) + persistedOverhead) },
	})}
}

func (p *persisted) get(name string) (string, bool) {
	return p.cache.GetIfPresent(strings.ToLower(unprefixed(name)))
}

func (p *persisted) set(text string) { p.cache.Set(hashOf(text), text) }

// hashOf is the SHA-256 of a text, in hexadecimal digits.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
