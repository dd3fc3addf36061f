package cli

import "context"

// Serve runs the server.
type Serve struct {
	ServeSettings `embed:""`
}

// Run serves until it is told to stop.
func (s *Serve) Run(ctx context.Context, h House) error { return h.Serve(ctx, s.ServeSettings, nil) }
