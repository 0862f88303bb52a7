package server_test

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/rps"
	"yourturn/games/tictactoe"
	"yourturn/server"
)

// run is the program with these games: what it prints, and how it ends.
func run(t *testing.T, catalogue []games.Game, args ...string) (code int, printed string) {
	t.Helper()
	var out bytes.Buffer
	code = server.Run(t.Context(), args, &out, &out, catalogue...)
	return code, out.String()
}

func TestTwoGamesOfOneNameAreRefusedInASentence(t *testing.T) {
	twice := []games.Game{server.Game(rps.Rules{}), server.Game(rps.Rules{})}
	code, said := run(t, twice, "version")
	if code != 1 || said != "yourturn: Rock-paper-scissors and Rock-paper-scissors are both named rps\n" {
		t.Errorf("%d: %s", code, said)
	}
}

func TestTheDemoSaysWhatItLacks(t *testing.T) {
	code, said := run(t, []games.Game{server.Game(rps.Rules{})}, "demo")
	if code != 1 || !strings.Contains(said, "the demo plays tic-tac-toe") {
		t.Errorf("%d: %s", code, said)
	}
	if code, said := run(t, []games.Game{server.Game(tictactoe.Rules{})}, "demo"); code != 0 {
		t.Errorf("with it: %d: %s", code, said)
	}
}

func TestTheVersionIsAWordAndAFlag(t *testing.T) {
	_, word := run(t, nil, "version")
	if code, flag := run(t, nil, "--version"); code != 0 || flag != word {
		t.Errorf("%d: %q, and as a word %q", code, flag, word)
	}
}

func TestATakenAddressIsSaidWithAWayOut(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, said := run(t, nil, "serve", "--listen", taken.Addr().String(), "--database", "sqlite:"+t.TempDir()+"/game.db")
	if code != 1 || !strings.Contains(said, "(--listen 127.0.0.1:8081 takes another)") {
		t.Errorf("%d: %s", code, said)
	}
}

func TestDiceAreRolledAgain(t *testing.T) {
	none := []games.Game{}
	seed := strings.Repeat("00", 31) + "2a"
	code, said := run(t, none, "dice", "--seed", seed, "--version", "7", "3", "16")
	again, same := run(t, none, "dice", "--seed", seed, "--version", "7", "3", "16")
	if code != 0 || again != 0 || said != same || strings.Count(said, "version 7, below ") != 2 {
		t.Errorf("%d: %s, and then %s", code, said, same)
	}
	hash, _, _ := strings.Cut(strings.TrimPrefix(said, "hash of the seed: "), "\n")
	if code, said := run(t, none, "dice", "--seed", seed, "--hash", hash, "--version", "7"); code != 0 {
		t.Errorf("with its hash: %s", said)
	}
	for name, args := range map[string][]string{
		"another hash":   {"--seed", seed, "--hash", strings.Repeat("0", 64), "--version", "7"},
		"half a seed":    {"--seed", seed[:32], "--version", "7"},
		"no hexadecimal": {"--seed", strings.Repeat("x", 64), "--version", "7"},
		"a bound of 0":   {"--seed", seed, "--version", "7", "0"},
	} {
		if code, said := run(t, none, append([]string{"dice"}, args...)...); code == 0 {
			t.Errorf("%s: %s", name, said)
		}
	}
}
