package server

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionIsTheTagOrTheCommit(t *testing.T) {
	revision := []debug.BuildSetting{{Key: "vcs.revision", Value: "b8b2edc3f2a1c0ffee"}}
	for want, info := range map[string]debug.BuildInfo{
		"v1.2.3":       {Main: debug.Module{Version: "v1.2.3"}, Settings: revision},
		"b8b2edc3f2a1": {Main: debug.Module{Version: "(devel)"}, Settings: revision},
		"devel":        {Main: debug.Module{Version: "(devel)"}},
	} {
		if got := versionOf(&info); got != want {
			t.Errorf("%+v is told as %s, want %s", info.Main, got, want)
		}
	}
}

// Two programs built from a tree in the making have one version, and may draw one session differently: an ETag that they
// shared would keep an author's browser on the view of the program before.
func TestProgramsWithoutACommitAreToldApartByTheirFile(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before := build()
	if !strings.HasPrefix(before, Version()) || before == Version() {
		t.Fatalf("the build %q of version %q", before, Version()) // go test knows of no commit, or of one and more
	}
	file, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	later := file.ModTime().Add(1)
	if err := os.Chtimes(program, later, later); err != nil {
		t.Fatal(err)
	}
	if build() == before {
		t.Errorf("another file is taken for the same build: %s", before)
	}
}
