package server

import (
	"fmt"
	"runtime/debug"
)

// Version is what the build says of itself: the tag that it was built from, or a word that Go makes of the commit and its
// time, v0.0.0-20261120153000-b8b2edc3f2a1, with +dirty when the tree was not that of the commit. Where Go knew of no
// commit it is devel.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "devel"
}

type versionCommand struct{}

func (versionCommand) Run(env environment) error {
	_, err := fmt.Fprintln(env.out, Version())
	return err
}
