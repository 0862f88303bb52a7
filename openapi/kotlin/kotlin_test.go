// Package kotlin_test builds the Kotlin client from the checked-in schema, and plays with it. There is no Go in the client;
// Maven does the work, and this only says on which servers.
package kotlin_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// The kit keeps its promises against a real server, and two phones play a whole game, through a server that is killed in
// the middle. One build does for both: it is what takes long.
func TestKotlinClient(t *testing.T) {
	needMaven(t)
	trackSources(t)
	tested := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "tested.db"), "--test-clock")
	file := filepath.Join(t.TempDir(), "played.db")
	played := servertest.Start(t, "sqlite:"+file)

	game := startMaven(t, "test", "exec:java",
		"-Dyourturn.server="+tested.URL, "-Dexec.args="+played.URL+" 1")
	for game.next() {
		if strings.HasPrefix(game.line, "move 3: ") {
			played.Kill()
			if n := movesIn(t, file); n < 3 || n > 6 {
				t.Errorf("the server was killed after %d moves, which is not in the middle", n)
			}
			played.Restart(t)
		}
	}
	game.end()
	if n := movesIn(t, file); n != 7 {
		t.Errorf("the server has taken %d moves", n)
	}

	history := "0 1 2 3 4 5 6" // the lowest free cell each time; the seventh move makes a line of 2, 4 and 6
	for _, want := range []string{"the history: " + history, "has won"} {
		if !strings.Contains(game.said.String(), want) {
			t.Errorf("the game does not tell %q", want)
		}
	}
	moves := regexp.MustCompile(`(?m)^move (\d): (\w+) takes cell (\d)$`).FindAllStringSubmatch(game.said.String(), -1)
	var cells []string
	for i, move := range moves {
		cells = append(cells, move[3])
		if i > 0 && moves[i-1][2] == move[2] {
			t.Errorf("%s has moved twice in a row", move[2])
		}
	}
	if got := strings.Join(cells, " "); got != history {
		t.Errorf("the moves were told as %s", got)
	}
}

// Every group of operations of the schema can be had from the client by its name, but for those of single games.
func TestKotlinApiIsWhole(t *testing.T) {
	schema, err := os.ReadFile(filepath.Join("..", "openapi-3.0.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	kit, err := os.ReadFile(filepath.Join("src", "main", "kotlin", "yourturn", "Api.kt"))
	if err != nil {
		t.Fatal(err)
	}
	var games []string
	for _, game := range servertest.Games() {
		games = append(games, game.Info().Name)
	}
	tags := regexp.MustCompile(`(?m)^      tags:\n        - (\w+)$`).FindAllSubmatch(schema, -1)
	if len(tags) == 0 {
		t.Fatal("the schema has no tags")
	}
	for _, found := range tags {
		tag := string(found[1])
		property := "val " + tag + ": " + strings.ToUpper(tag[:1]) + tag[1:] + "Api = of()"
		if !slices.Contains(games, tag) && !strings.Contains(string(kit), property) {
			t.Errorf("Api.kt lacks: %s", property)
		}
	}
}

// trackSources opens what the client is made of, so that go test's cache knows what this test depends on.
func trackSources(t *testing.T) {
	t.Helper()
	paths := []string{"pom.xml", filepath.Join("..", "openapi-3.0.yaml")}
	err := filepath.WalkDir("src", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if _, err := os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
}

// movesIn counts the moves that a database of SQLite has.
func movesIn(t *testing.T, file string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM changes WHERE move_seat IS NOT NULL`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func needMaven(t *testing.T) {
	t.Helper()
	strict := os.Getenv("CI") == "true"
	if testing.Short() && !strict {
		t.Skip("builds with Maven; not with -short")
	}
	for _, program := range []string{"mvn", "javac"} {
		_, err := exec.LookPath(program)
		switch {
		case err != nil && strict:
			t.Fatalf("the Kotlin client is not tested: %v", err)
		case err != nil:
			t.Skipf("the Kotlin client is not tested: %v", err)
		}
	}
}

// maven is a running build, read line by line.
type maven struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	line  string
	said  strings.Builder
}

// startMaven builds into a folder of its own, so that nothing is left in the repository and two tests do not meet.
func startMaven(t *testing.T, arguments ...string) *maven {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute) // a bare machine downloads a compiler first
	t.Cleanup(cancel)
	build := t.TempDir()
	writePage(t, filepath.Join(build, "page"))
	arguments = append([]string{"--quiet", "--batch-mode", "-Dbuild.folder=" + build}, arguments...)
	m := &maven{t: t, cmd: exec.CommandContext(ctx, "mvn", arguments...)}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.cmd.Stderr = m.cmd.Stdout
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	m.lines = bufio.NewScanner(out)
	m.lines.Buffer(nil, 1<<20)
	return m
}

var kotlinFile = regexp.MustCompile("(?ms)^```kotlin compile\n(package .*?)^```$")

// writePage puts the files of docs/android.md where they are compiled with the rest.
func writePage(t *testing.T, folder string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "android.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	files := kotlinFile.FindAllSubmatch(page, -1)
	if got, want := len(files), strings.Count(string(page), "```kotlin compile"); got != want || want == 0 {
		t.Fatalf("docs/android.md has %d blocks to compile, and %d of them are files", want, got)
	}
	for i, file := range files {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("Block%d.kt", i+1)), file[1], 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *maven) next() bool {
	if !m.lines.Scan() {
		return false
	}
	m.line = m.lines.Text()
	m.said.WriteString(m.line + "\n")
	return true
}

func (m *maven) end() {
	m.t.Helper()
	if err := m.cmd.Wait(); err != nil {
		m.t.Fatalf("mvn: %v\n%s", err, m.said.String())
	}
}
