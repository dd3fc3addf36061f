package cli

import (
	"encoding/json"
	"fmt"
	"os"
)

// Manifest reads the documents that clients may name: their texts by their names. It is nil where there are none.
func (s ServeSettings) Manifest() (map[string]string, error) {
	if s.Documents == "" {
		return nil, nil //nolint:nilnil // no manifest is no error
	}
	text, err := os.ReadFile(s.Documents)
	if err != nil {
		return nil, fmt.Errorf("--documents: %w", err)
	}
	var documents map[string]string
	if err := json.Unmarshal(text, &documents); err != nil {
		return nil, fmt.Errorf("--documents: %s is no JSON object from names to the texts of documents: %w", s.Documents, err)
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("--documents: %s has no document in it", s.Documents)
	}
	return documents, nil
}
