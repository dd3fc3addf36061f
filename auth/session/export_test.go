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

// Held is how many entries there are, and how many ends of entries.
func (r *Revocations) Held() (entries, ends int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.sessions) + len(r.generations) + len(r.lost.generations), r.ends.len()
}
