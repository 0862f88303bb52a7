// Package deploy_test builds what is given away, and looks whether it is what deploy/README.md says of it.
package deploy_test

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// inCI is where minutes of building are no nuisance.
func inCI() bool { return os.Getenv("CI") == "true" }

// native is the platform of this machine.
const native = runtime.GOOS + "/" + runtime.GOARCH

// release runs scripts/release in a source tree, and returns the folder with what it has made.
func release(t *testing.T, tree string, env []string, platforms ...string) string {
	t.Helper()
	if testing.Short() && !inCI() {
		t.Skip("builds for minutes; not with -short")
	}
	dist, script := t.TempDir(), filepath.Join(tree, "scripts", "release")
	if _, err := os.ReadFile(script); err != nil { // so that go test's cache knows what the test depends on
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), script, platforms...)
	cmd.Env = append(append(os.Environ(), "DIST="+dist), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dist
}

func binary(dist, platform string) string {
	goos, arch, _ := strings.Cut(platform, "/")
	name := fmt.Sprintf("yourturn-%s-%s", goos, arch)
	if goos == "windows" {
		name += ".exe"
	}
	return filepath.Join(dist, name)
}

// In CI all six platforms are built; at a desk one of each system would take minutes each, so it is this machine's.
func TestReleaseIsStaticAndForItsPlatform(t *testing.T) {
	platforms := []string{native}
	if inCI() {
		platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
	}
	dist := release(t, "..", nil, platforms...)
	for _, platform := range platforms {
		t.Run(platform, func(t *testing.T) {
			file := binary(dist, platform)
			goos, arch, _ := strings.Cut(platform, "/")
			machine, libraries := readExecutable(t, goos, file)
			if machine != arch {
				t.Errorf("built for %s", machine)
			}
			if strange := slices.DeleteFunc(libraries, ofSystem); len(strange) > 0 {
				t.Errorf("not static: it asks for %q", strange)
			}
			info, err := buildinfo.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if info.Main.Path != "yourturn" || info.GoVersion != runtime.Version() {
				t.Errorf("built from %s with %s", info.Main.Path, info.GoVersion)
			}
		})
	}
	checkSums(t, dist, len(platforms))
}

// readExecutable tells for which machine a file is, in Go's words, and which libraries it asks for at its start.
func readExecutable(t *testing.T, goos, file string) (machine string, libraries []string) {
	t.Helper()
	var err error
	switch goos {
	case "linux":
		f, e := elf.Open(file)
		if e != nil {
			t.Fatal(e)
		}
		defer f.Close()
		machine = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[f.Machine]
		if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			libraries = append(libraries, "an interpreter")
		}
		more, e := f.ImportedLibraries()
		libraries, err = append(libraries, more...), e
	case "darwin":
		f, e := macho.Open(file)
		if e != nil {
			t.Fatal(e)
		}
		defer f.Close()
		machine = map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64"}[f.Cpu]
		libraries, err = f.ImportedLibraries()
	case "windows":
		f, e := pe.Open(file)
		if e != nil {
			t.Fatal(e)
		}
		defer f.Close()
		machine = map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64"}[f.Machine]
		libraries, err = f.ImportedLibraries()
	default:
		t.Fatalf("no such release: %s", goos)
	}
	if err != nil {
		t.Fatal(err)
	}
	return machine, libraries
}

// ofSystem says that a library is part of every installation of its system. On macOS nothing runs without libSystem.
func ofSystem(library string) bool {
	return strings.HasPrefix(library, "/usr/lib/lib") || strings.HasPrefix(library, "/System/Library/") || strings.EqualFold(library, "kernel32.dll")
}

// checkSums reads SHA256SUMS as whoever has downloaded a file would.
func checkSums(t *testing.T, dist string, want int) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) != want {
		t.Errorf("%d checksums, want %d", len(lines), want)
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		content, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := sha256.Sum256(content); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s has another sum than SHA256SUMS says", name)
		}
	}
}

// The same commit in another folder, with nothing left over from earlier builds, makes the same bytes.
func TestReleaseIsReproducible(t *testing.T) {
	here := release(t, "..", nil, native)
	elsewhere := filepath.Join(t.TempDir(), "copy of the tree")
	copyTree(t, elsewhere)
	env := []string{"GOFLAGS=-tags=unheard_of", "CGO_ENABLED=1"} // what a machine may have of its own changes nothing
	if inCI() {
		env = append(env, "GOCACHE="+t.TempDir())
	}
	there := release(t, elsewhere, env, native)
	a, err := os.ReadFile(binary(here, native))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(binary(there, native))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("two builds differ: %d and %d bytes", len(a), len(b))
	}
}

// copyTree copies what git knows and what it would add, and git's own folder, which the version comes from.
func copyTree(t *testing.T, to string) {
	t.Helper()
	const script = `mkdir -p "$0" && cd .. && { git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\n" "$f"; done' sh; echo .git; } |
		tar --create --files-from=- | tar --extract --directory="$0"`
	if out, err := exec.CommandContext(t.Context(), "sh", "-ec", script, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// What is given away is what plays: a game from the first move to the last, and the version it is told to have.
func TestReleasePlaysAGame(t *testing.T) {
	program := binary(release(t, "..", nil, native), native)
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(run(t, program, "--version"))
	same(t, "yourturn version", strings.TrimSpace(run(t, program, "version")), version)
	if info.Main.Version != "(devel)" { // a tree without git knows nothing better
		same(t, "the version that the build wrote down", version, info.Main.Version)
	}
	database := "sqlite:" + filepath.Join(t.TempDir(), "yourturn.db")
	url := servertest.Serve(t, exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--database", database))
	session, first, second := servertest.Pair(t, url)
	same(t, "server_version", first.Must(t, 200, "GET", "/v1/server", nil).String("server_version"), version)
	for turn, cell := range []int{0, 3, 1, 4} {
		mover := []*servertest.App{first, second}[turn%2]
		mover.Must(t, 200, "POST", servertest.MovePath(session), servertest.Move(int64(turn+1), cell))
	}
	won := first.Must(t, 200, "POST", servertest.MovePath(session), servertest.Move(5, 2))
	same(t, "status", won.String("status"), "finished")
	same(t, "reason", won.String("result", "reason"), "line")
	if said := run(t, program, "verify", "--all", "--database", database); !strings.Contains(said, ", 0 wrong") {
		t.Errorf("verify: %s", said)
	}
}

// The largest dependency can be left out, and the program that lacks it says so instead of pretending.
func TestReleaseWithoutFCM(t *testing.T) {
	program := binary(release(t, "..", []string{"TAGS=nofcm"}, native), native)
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if strings.HasPrefix(module.Path, "firebase.google.com/") || module.Path == "google.golang.org/grpc" {
			t.Errorf("it holds %s", module.Path)
		}
	}
	folder := t.TempDir()
	cmd := exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:"+filepath.Join(folder, "a.db"))
	cmd.Env = append(os.Environ(), "YOURTURN_FCM_CREDENTIALS={}")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "built without it (-tags nofcm)") {
		t.Errorf("with credentials for FCM: %v %s", err, out)
	}
	url := servertest.Serve(t, exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:"+filepath.Join(folder, "b.db"), "--push", "log"))
	ann := servertest.Guest(t, url, "Ann")
	same(t, "channels", ann.Must(t, 200, "GET", "/v1/server", nil).Len("channels"), 2)
	refused := ann.Do("PUT", "/v1/me/devices/phone", map[string]any{"channel": "fcm", "token": "abc"})
	same(t, "a device for FCM is refused as", refused.Problem(), "channel-not-configured")
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(program), args, err, out)
	}
	return string(out)
}

// same compares and tells the difference.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
