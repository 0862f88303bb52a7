package server

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// What stands for a version where there is none.
const (
	unknownVersion = "unknown"
	develVersion   = "devel"
)

// Version is what the build says of itself: the tag that it was built from, or a word that Go makes of the commit and its
// time, v0.0.0-20261120153000-b8b2edc3f2a1, with +dirty when the tree was not that of the commit. Where Go knew of no
// commit it is devel.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknownVersion
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
	return develVersion
}

// build tells two programs apart that would draw one session differently. A version does, but for programs that were built
// from a tree which no commit names: those are known by the file that runs.
func build() string {
	v := Version()
	if v != unknownVersion && v != develVersion && !strings.HasSuffix(v, "+dirty") {
		return v
	}
	path, err := os.Executable()
	if err != nil {
		return v
	}
	file, err := os.Stat(path)
	if err != nil {
		return v
	}
	return fmt.Sprintf("%s-%x-%x", v, file.Size(), file.ModTime().UnixNano())
}

type versionCommand struct{}

func (versionCommand) Run(env environment) error {
	_, err := fmt.Fprintln(env.out, Version())
	return err
}
