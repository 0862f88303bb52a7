package docs_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

// webFiles is which file a block of web.md belongs to; what has the same word stands in one file, from top to bottom.
var webFiles = map[string]string{
	"html page": "index.html", "js app": "app.js", "js worker": "sw.js", "jsonc editor": "jsconfig.json", "ts google": "types/google.d.ts",
}

// The page that web.md makes knows the client's types, and two people play with it: a whole game, a push, a second device.
func TestWebPageIsPlayed(t *testing.T) {
	t.Parallel()
	folder := writeFiles(t, "web.md", webFiles)
	checkTypes(t, folder)
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"),
		"--vapid-key", vapidKey(t), "--vapid-subject", "mailto:you@example.org", "--webpush-host", "127.0.0.1:9")
	environment := append(nodetest.Browser(t), "SERVER="+server.URL)
	nodetest.Start(t, environment, filepath.Join("testdata", "web.mjs"), folder).End(t)
}

// writeFiles makes the files that a page tells its reader to write.
func writeFiles(t *testing.T, page string, files map[string]string) (folder string) {
	t.Helper()
	texts := map[string]string{}
	for _, b := range readBlocks(t, page) {
		if name := files[b.info]; name != "" {
			texts[name] += b.text + "\n"
		}
	}
	folder = t.TempDir()
	for _, name := range files {
		if texts[name] == "" {
			t.Fatalf("%s does not say what is in %s", page, name)
		}
		writeFile(t, folder, name, texts[name])
	}
	return folder
}

func writeFile(t *testing.T, folder, name, text string) {
	t.Helper()
	file := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkTypes compiles app.js as an editor reads it: with the types that the server gives away, where the page says to put
// them.
func checkTypes(t *testing.T, folder string) {
	t.Helper()
	const typescript = "../openapi/typescript"
	for _, name := range []string{"client.d.ts", "schema.d.ts"} {
		text, err := os.ReadFile(filepath.Join(typescript, name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, folder, "types/"+name, string(text))
	}
	tsc := filepath.Join(nodetest.Install(t, os.DirFS(typescript)), "node_modules", ".bin", "tsc")
	c := exec.CommandContext(t.Context(), tsc, "--noEmit", "--project", "jsconfig.json")
	c.Dir = folder
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("web.md, app.js: %v\n%s", err, said)
	}
}

func vapidKey(t *testing.T) string {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes())
}
