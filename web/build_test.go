package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yourturn/server/nodetest"
)

// workshop is a copy of this folder and of the client, in which the packages that build the app are installed.
func workshop(t *testing.T) (dir string) {
	t.Helper()
	root := t.TempDir()
	dir = filepath.Join(root, "web")
	client := filepath.Join("openapi", "typescript")
	for from, to := range map[string]string{"app": filepath.Join(dir, "app"), filepath.Join("..", client): filepath.Join(root, client)} {
		copyCode(t, from, to)
	}
	for _, name := range []string{"build.mjs", "package.json", "tsconfig.json", "tsconfig.worker.json"} {
		copyTo(t, name, filepath.Join(dir, name))
	}
	modules := filepath.Join(nodetest.Install(t, os.DirFS(".")), "node_modules")
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyCode(t *testing.T, from, to string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(from), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case strings.Contains(".ts .tsx .css .js", filepath.Ext(path)) && !entry.IsDir():
			copyTo(t, filepath.Join(from, path), filepath.Join(to, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
}

// What browsers are given is what app/ makes, and its types fit.
func TestAppIsCurrent(t *testing.T) {
	dir, made := workshop(t), t.TempDir()
	run(t, dir, "node_modules/.bin/tsc")
	run(t, dir, "node_modules/.bin/tsc", "--project", "tsconfig.worker.json")
	run(t, dir, "node", "build.mjs", made)
	entries, err := os.ReadDir(made)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		want, err := os.ReadFile(filepath.Join(made, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("files", entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("files/%s is not what app/ makes: npm ci && npm run build", entry.Name())
		}
	}
	if len(entries) != 3 {
		t.Errorf("build.mjs makes %d files", len(entries))
	}
}

// firstLoad is what a browser fetches that opens the app for the first time. Of the icons it takes that of its choice; they
// are counted all. What the service worker keeps for later comes when the page is there, and is counted too.
var firstLoad = []string{
	"/", "/app.js", "/app.css", "/client.js", "/manifest.webmanifest", "/favicon.ico", "/icon.svg", "/icon-192.png", "/apple-touch-icon.png", "/worker.js",
}

// The app is light: the first load is below 150 kB as the server sends it.
func TestFirstLoadIsSmall(t *testing.T) {
	const limit = 150_000
	server := serve(t)
	total := 0
	for _, path := range firstLoad {
		size := sent(t, server.URL+path)
		t.Logf("%-22s %6d", path, size)
		total += size
	}
	t.Logf("%-22s %6d", "all", total)
	if total >= limit {
		t.Errorf("the first load is %d bytes", total)
	}
}

// sent is how many bytes of a file cross the network, and that they are what a browser can read.
func sent(t *testing.T, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, response.StatusCode, err)
	}
	if response.Header.Get("Content-Encoding") != "gzip" {
		return len(body)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return len(body)
}
