package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yourturn/server/nodetest"
	"yourturn/server/servertest"
)

// story starts a program of testdata, in which people use the app in Chromium.
func story(t *testing.T, url, name string, args ...string) *nodetest.Program {
	t.Helper()
	if _, err := os.ReadFile("testdata/people.mjs"); err != nil { // so that go test's cache knows what the test depends on
		t.Fatal(err)
	}
	axe := filepath.Join(nodetest.Install(t, os.DirFS(".")), "node_modules", "axe-core", "axe.min.js")
	environment := append(nodetest.Browser(t), "SERVER="+url, "AXE="+axe, "FIRST_LOAD="+strings.Join(firstLoad, " "))
	return nodetest.Start(t, environment, filepath.Join("testdata", name+".mjs"), args...)
}

func serve(t *testing.T, args ...string) *servertest.Process {
	t.Helper()
	return servertest.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"), args...)
}

// A person is a guest at once, finds an opponent or follows a link, plays to the end and plays again. What waits for them
// comes first.
func TestPeopleMeet(t *testing.T) {
	t.Log(story(t, serve(t).URL, "meeting").End(t))
}

// Nothing that comes between a player and the server costs a move or a reload.
func TestNothingIsLost(t *testing.T) {
	t.Parallel() // it mostly waits
	server := serve(t, "--test-clock")
	program := story(t, server.URL, "trouble")
	for range 2 {
		program.Await(t, "stop, please")
		server.Kill()
		program.Await(t, "start, please")
		server.Restart(t)
	}
	t.Log(program.End(t))
}

// Every game is played to its end by clicking what may be clicked, and axe finds nothing on any screen.
func TestEveryGameIsPlayed(t *testing.T) {
	t.Parallel()
	server := serve(t)
	t.Log(story(t, server.URL, "games", "screens", "tictactoe", "rps", "eights").End(t))
	t.Log(story(t, server.URL, "games", "quest", "dungeon", "quiz").End(t))
}

// Tabs and devices of one player stay in step, and whoever signs in is who plays.
func TestDevicesStayInStep(t *testing.T) {
	t.Log(story(t, serve(t).URL, "devices").End(t))
}

// At a table one is told why a move is refused, how it was before and what was missed, and needs neither mouse nor eyes.
func TestTableTells(t *testing.T) {
	t.Log(story(t, serve(t).URL, "table").End(t))
}

// On a slow phone and a slow network the app is usable. The log says after how long.
func TestSlowPhone(t *testing.T) {
	t.Log(story(t, serve(t).URL, "phone").End(t))
}
