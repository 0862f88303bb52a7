// Package nodetest runs programs of Node for tests, and the browsers that they drive: Chromium and Firefox.
//
// What a program needs comes from a lock file of npm and lies in a cache outside the repository, so that a test costs a
// download once. A program speaks to its test by lines: [Program.Await] waits for one, as for "move 3", and the test may
// then do to the server what no browser can. A program that ends with anything but 0 has failed.
//
// A program that drives a browser imports the module that [Browser] or [Firefox] names; browser/browser.mjs and
// firefox/firefox.mjs say what is in them.
package nodetest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is far more than any program needs. It ends those that hang, with what they have said.
const patience = 4 * time.Minute

// Need skips the test when something that it needs is not here; in CI, where nothing may be left out, it fails.
func Need(tb testing.TB, err error) {
	tb.Helper()
	if err != nil && os.Getenv("CI") == "true" {
		tb.Fatal(err)
	}
	if err != nil {
		tb.Skip(err)
	}
}

// Install gives the folder in which npm has installed what the package.json and package-lock.json of source ask for.
func Install(tb testing.TB, source fs.FS) (folder string) {
	tb.Helper()
	folder, err := install(tb.Context(), source)
	Need(tb, err)
	return folder
}

func install(ctx context.Context, source fs.FS) (folder string, err error) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := fs.ReadFile(source, name)
		if err != nil {
			return "", err
		}
		hash.Write(content)
	}
	home := filepath.Join(cache, "yourturn-test")
	folder = filepath.Join(home, fmt.Sprintf("node-%x", hash.Sum(nil)[:6]))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", err
	}
	// Built beside its place and moved, so that one that was cut short is not taken for it.
	work, err := os.MkdirTemp(home, "node-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := fill(ctx, work, source); err != nil {
		return "", err
	}
	if err := os.Rename(work, folder); err != nil {
		if _, missing := os.Stat(folder); missing != nil {
			return "", err
		} // otherwise somebody was faster
	}
	return folder, nil
}

// fill runs none of the scripts that packages bring along.
func fill(ctx context.Context, folder string, source fs.FS) error {
	for _, name := range []string{"package.json", "package-lock.json"} {
		if err := copyFile(folder, source, name); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = folder
	if said, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, said)
	}
	return nil
}

func copyFile(folder string, source fs.FS, name string) error {
	content, err := fs.ReadFile(source, name)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name), content, 0o600)
}

//go:embed browser firefox
var drivers embed.FS

// Browser names, for a program's environment, the module that drives Chromium: await import(process.env.BROWSER).
func Browser(tb testing.TB) (environment []string) {
	tb.Helper()
	chromium, err := exec.LookPath("chromium")
	Need(tb, err)
	return []string{"BROWSER=" + driver(tb, "browser"), "CHROMIUM=" + chromium}
}

// Firefox names, for a program's environment, the module that drives Firefox: await import(process.env.FIREFOX).
func Firefox(tb testing.TB) (environment []string) {
	tb.Helper()
	firefox, err := exec.LookPath("firefox-esr")
	if err != nil {
		firefox, err = exec.LookPath("firefox")
	}
	Need(tb, err)
	return []string{"FIREFOX=" + driver(tb, "firefox"), "FIREFOX_BINARY=" + firefox}
}

// driver lays out the folder of that name beside the packages that it needs, and gives the module in it that bears the
// same name.
func driver(tb testing.TB, name string) (module string) {
	tb.Helper()
	source, err := fs.Sub(drivers, name)
	if err != nil {
		tb.Fatal(err)
	}
	folder := tb.TempDir()
	files, err := fs.Glob(source, "*.mjs")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		if err := copyFile(folder, source, file); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(Install(tb, source), "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(folder, name+".mjs")
}

// Program is a program that runs.
type Program struct {
	cmd   *exec.Cmd
	lines chan string
	said  strings.Builder // its lines so far
	cried strings.Builder // what it wrote to stderr; to be read when it has ended
	ended error
	over  context.CancelFunc
}

// Start starts node with a script and its arguments. It is killed when the test ends.
func Start(tb testing.TB, environment []string, script string, args ...string) *Program {
	tb.Helper()
	_, err := exec.LookPath("node")
	Need(tb, err)
	if _, err := os.ReadFile(script); err != nil { // so that go test's cache knows what the test depends on
		tb.Fatal(err)
	}
	ctx, over := context.WithTimeout(context.Background(), patience)
	p := &Program{lines: make(chan string), over: over}
	p.cmd = exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	p.cmd.Env = append(os.Environ(), environment...)
	p.cmd.Stderr = &p.cried
	p.cmd.WaitDelay = 10 * time.Second // a browser that it leaves behind may hold its output
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			select {
			case p.lines <- scanner.Text():
			case <-ctx.Done():
			}
		}
		p.ended = p.cmd.Wait()
	}()
	tb.Cleanup(func() {
		over()
		for range p.lines { // until it is gone
		}
	})
	return p
}

// Await waits until the program has said a line that begins so, and returns the line.
func (p *Program) Await(tb testing.TB, beginning string) string {
	tb.Helper()
	for line := range p.lines {
		p.said.WriteString(line + "\n")
		if strings.HasPrefix(line, beginning) {
			return line
		}
	}
	tb.Fatalf("the program ended (%v) before it said %q:\n%s\n%s", p.ended, beginning, p.said.String(), p.cried.String())
	return ""
}

// End waits until the program ends well, and returns all that it has said.
func (p *Program) End(tb testing.TB) string {
	tb.Helper()
	for line := range p.lines {
		p.said.WriteString(line + "\n")
	}
	if p.ended != nil {
		tb.Fatalf("the program failed (%v):\n%s\n%s", p.ended, p.said.String(), p.cried.String())
	}
	return p.said.String()
}
