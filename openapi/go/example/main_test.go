package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"yourturn/openapi/go/client"
	"yourturn/server/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// The server is killed as soon as the third move is known, while the other player is being told of it, and comes back.
// Both players go on, and the history has each move once.
func TestGameSurvivesAKilledServer(t *testing.T) {
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "yourturn.db"))
	out, in := io.Pipe()
	go func() { in.CloseWithError(game(t.Context(), server.URL, in)) }()

	var said []string
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "move 3 ") {
			server.Kill()
			server.Restart(t)
		}
		if !strings.HasPrefix(line, " ") { // the boards
			said = append(said, strings.TrimSpace(line))
		}
	}
	// Whoever moves first plays 0, 2, 4 and 6, and has a line.
	first, second := "Ann", "Bob"
	if strings.HasSuffix(said[0], second) {
		first, second = second, first
	}
	want := []string{
		"move 1 by " + first, "move 2 by " + second, "move 3 by " + first, "move 4 by " + second,
		"move 5 by " + first, "move 6 by " + second, "move 7 by " + first, first + " won after 7 moves",
	}
	last := len(said) - 1
	said[last] = regexp.MustCompile(`, session [A-Za-z0-9_-]+$`).ReplaceAllString(said[last], "")
	if !slices.Equal(said, want) {
		t.Errorf("it said\n%s\nand should say\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}

// The program in the README is built and run as it stands there, twice: the second time as the player of the first.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(text), "\n```go\n")
	program, _, found := strings.Cut(program, "\n```\n")
	if !found {
		t.Fatal("the README has no program")
	}
	dir := t.TempDir()
	main, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "readme")
	if err := os.WriteFile(main, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, main).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, said)
	}
	server := servertest.Local(t, "sqlite:"+filepath.Join(dir, "yourturn.db"), servertest.Options{})
	var logins []string
	for range 2 {
		readme := exec.CommandContext(t.Context(), binary, server)
		readme.Dir = dir
		if said, err := readme.CombinedOutput(); err != nil || !strings.Contains(string(said), "\nover: ") {
			t.Errorf("%v\n%s", err, said)
		}
		login, err := client.File(filepath.Join(dir, "login.json")).Load()
		if err != nil || login == nil {
			t.Fatalf("stored %v, %v", login, err)
		}
		logins = append(logins, login.PlayerID)
	}
	if logins[0] != logins[1] || logins[0] == "" {
		t.Errorf("it played as %q", logins)
	}
}
