package cli

import (
	"fmt"
	"runtime/debug"
)

// Version prints which version this is.
type Version struct{}

// Run prints it.
func (Version) Run(t Terminal) error {
	version, goVersion := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	_, err := fmt.Fprintf(t.Out, "fieldward %s, %s\n", version, goVersion)
	return err
}
