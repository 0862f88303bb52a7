package typescript_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

func database(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "game.db") }

// workshop is a copy of this folder in which the packages that build it are installed.
func workshop(t *testing.T) string {
	t.Helper()
	modules := filepath.Join(nodetest.Install(t, os.DirFS(".")), "node_modules")
	dir := filepath.Join(t.TempDir(), "typescript")
	if err := os.MkdirAll(filepath.Join(dir, "testdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"../openapi.yaml", "package.json", "tsconfig.json", "build.mjs", "client.ts", "operations.ts", "client.js", "client.d.ts",
		"schema.d.ts", "example.mjs", "README.md", "testdata/types.ts",
	} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
}

// What is checked in is what the schema and client.ts make.
func TestGeneratedIsCurrent(t *testing.T) {
	dir := workshop(t)
	run(t, dir, "node", "build.mjs")
	for _, name := range []string{"schema.d.ts", "operations.ts", "client.js", "client.d.ts"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the schema makes of it: npm ci && npm run build", name)
		}
	}
}

// An editor knows every operation, refuses what the server would refuse, and the example is typed by what is served.
func TestTypesAreExact(t *testing.T) {
	run(t, workshop(t), "node_modules/.bin/tsc", "--noEmit", "--strict", "--allowJs", "--checkJs", "--module", "nodenext", "--target", "es2022",
		"--lib", "es2022,dom,dom.asynciterable", "--types", "node", "example.mjs", "testdata/types.ts")
}

// Whoever prefers a generator of whole clients gets one that compiles.
func TestHeyAPI(t *testing.T) {
	dir := workshop(t)
	run(t, dir, "node_modules/.bin/openapi-ts", "--input", "../openapi.yaml", "--output", "hey", "--client", "@hey-api/client-fetch", "--silent")
	run(t, dir, "node_modules/.bin/tsc", "--noEmit", "--strict", "--module", "es2022", "--moduleResolution", "bundler", "--target", "es2022",
		"--lib", "es2022,dom,dom.iterable", "--skipLibCheck", "hey/index.ts", "hey/sdk.gen.ts")
}

// What npm would publish can be installed, is typed, and runs.
func TestPackage(t *testing.T) {
	dir := workshop(t)
	run(t, dir, "npm", "pack", "--silent", "--pack-destination", "..")
	app := filepath.Join(t.TempDir(), "app")
	if err := os.Mkdir(app, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"package.json": `{"private": true, "type": "module"}`,
		"app.ts":       `import { connect, type Session } from 'yourturn'; export const play = (s: Session) => s.turn; console.log(typeof connect);`,
		"app.mjs":      `import { connect } from 'yourturn'; if (typeof connect !== 'function') process.exit(1);`,
	} {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := filepath.Glob(filepath.Join(dir, "..", "yourturn-*.tgz"))
	if err != nil || len(packed) != 1 {
		t.Fatal(packed, err)
	}
	run(t, app, "npm", "install", "--offline", "--silent", "--no-audit", "--no-fund", packed[0])
	run(t, app, "node", "app.mjs")
	run(t, app, filepath.Join(dir, "node_modules/.bin/tsc"), "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022",
		"--lib", "es2022,dom", "app.ts")
}

func TestKit(t *testing.T) {
	p := servertest.Start(t, database(t), "--test-clock")
	nodetest.Start(t, []string{"SERVER=" + p.URL}, "testdata/kit.mjs").End(t)
}

// Two players in one program play a whole game, though the server dies after the third move.
func TestExampleSurvivesTheServer(t *testing.T) {
	p := servertest.Start(t, database(t))
	example := nodetest.Start(t, nil, "example.mjs", p.URL)
	example.Await(t, "move 3 ")
	p.Kill()
	p.Restart(t)
	said := example.End(t)
	for turn := 1; turn <= 7; turn++ {
		if got := strings.Count(said, fmt.Sprintf("move %d ", turn)); got != 1 {
			t.Errorf("move %d was played %d times:\n%s", turn, got, said)
		}
	}
	if !strings.HasSuffix(said, " wins.\n") {
		t.Errorf("nobody won:\n%s", said)
	}
}

// Two pages of another origin play the same.
func TestBrowsersSurviveTheServer(t *testing.T) {
	p := servertest.Start(t, database(t))
	pages := nodetest.Start(t, append(nodetest.Browser(t), "SERVER="+p.URL), "testdata/browser.mjs", "play")
	pages.Await(t, "move 3")
	p.Kill()
	p.Restart(t)
	pages.End(t)
}

func TestBrowsersWithoutStreams(t *testing.T) {
	p := servertest.Start(t, database(t))
	nodetest.Start(t, append(nodetest.Browser(t), "SERVER="+p.URL), "testdata/browser.mjs", "blocked").End(t)
}

func TestBrowsersOnPlainHTTP(t *testing.T) {
	p := servertest.Start(t, database(t), "--allow-origin", "*")
	nodetest.Start(t, append(nodetest.Browser(t), "SERVER="+p.URL), "testdata/browser.mjs", "plain").End(t)
}

func TestTabsShareOneLogin(t *testing.T) {
	p := servertest.Start(t, database(t), "--test-clock")
	nodetest.Start(t, append(nodetest.Browser(t), "SERVER="+p.URL), "testdata/browser.mjs", "tabs").End(t)
}

func TestBrowsersOfAServerInAFolder(t *testing.T) {
	p := servertest.Start(t, database(t))
	nodetest.Start(t, append(nodetest.Browser(t), "SERVER="+p.URL), "testdata/browser.mjs", "folder").End(t)
}
