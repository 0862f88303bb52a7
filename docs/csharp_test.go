package docs_test

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

// The client of godot-unity.md plays a whole game, though the server is killed after the third move and the tokens end
// after the fifth. The component for Unity is compiled with it.
func TestCSharpClientPlays(t *testing.T) {
	t.Parallel()
	program := compileCSharp(t)
	server := servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"), "--test-clock")

	ctx, cancel := context.WithTimeout(t.Context(), 4*generous)
	defer cancel()
	game := exec.CommandContext(ctx, "mono", program, server.URL, t.TempDir())
	out, err := game.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var cried strings.Builder
	game.Stderr = &cried
	if err := game.Start(); err != nil {
		t.Fatal(err)
	}
	var moves []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		number, ok := strings.CutPrefix(lines.Text(), "move ")
		if !ok {
			continue
		}
		moves = append(moves, strings.Fields(number)[0])
		switch len(moves) {
		case 3:
			server.Kill()
			server.Restart(t)
		case 5:
			clock := servertest.App{URL: server.URL, Requests: servertest.Client()}
			clock.Must(t, 200, "POST", "/v1/test/clock", map[string]any{"seconds": 7200})
		}
	}
	if err := game.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, cried.String())
	}
	if got, want := fmt.Sprint(moves), "[1 2 3 4 5 6 7]"; got != want {
		t.Errorf("moves %s, want %s", got, want)
	}
}

func compileCSharp(t *testing.T) (program string) {
	t.Helper()
	for _, name := range []string{"mcs", "mono"} {
		_, err := exec.LookPath(name)
		nodetest.Need(t, err)
	}
	folder := writeFiles(t, "godot-unity.md", map[string]string{"csharp client": "Yourturn.cs", "csharp unity": "Game.cs"})
	json, err := filepath.Glob("/usr/lib/cli/Newtonsoft.Json-*/Newtonsoft.Json.dll") // where Debian puts it
	if err == nil && len(json) == 0 {
		err = fmt.Errorf("Newtonsoft.Json is not here (Debian: libnewtonsoft-json5.0-cil)")
	}
	nodetest.Need(t, err)
	program = filepath.Join(folder, "players.exe")
	c := exec.CommandContext(t.Context(), "mcs", "-warnaserror", "-r:System.Net.Http.dll", "-r:"+json[0], "-out:"+program,
		filepath.Join(folder, "Yourturn.cs"), filepath.Join(folder, "Game.cs"), "testdata/unity.cs", "testdata/players.cs")
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("godot-unity.md: %v\n%s", err, said)
	}
	return program
}
