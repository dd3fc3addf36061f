package session

// WithStore is the manager on another store.
func (m *Manager) WithStore(s Store) *Manager {
	other := *m
	other.store = s
	return &other
}

// ParseRefreshToken reads a refresh token, and writes it again.
func ParseRefreshToken(text string) (string, error) {
	p, err := parseRefreshToken(text)
	return p.String(), err
}
