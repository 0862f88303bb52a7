package gamestest

import (
	"fmt"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

func FuzzMovesKept(f *testing.F) { Fuzz(f, games.Define(bidding{}), `{}`, `{"rounds":5}`) }

func FuzzMovesAtOnce(f *testing.F) { Fuzz(f, games.Define(bidding{info: atOnce})) }

func FuzzTicTacToe(f *testing.F) { Fuzz(f, games.Define(tictactoe.Rules{})) }

// picky has a fault for one config.
func picky(c bids) (bids, error) {
	if c.Rounds == 4 {
		return c, fmt.Errorf("nobody thought of %d", c.Rounds)
	}
	return c, nil
}

// fragile has a fault for one move, which is not among those that are bent by chance.
func fragile(s hands, seat int, move card) error {
	if move.Card == 4242 {
		panic(move.Card)
	}
	return bidding{}.refuse(s, seat, move)
}

func TestFuzzFindsWhatChanceDoesNot(t *testing.T) {
	for name, c := range map[string]struct {
		game bidding
		odd  string
		says string
	}{
		"no JSON":               {bidding{}, `{"card":`, ""},
		"nothing":               {bidding{}, ``, ""},
		"an honest move":        {bidding{}, `{"card":5}`, ""},
		"a move with a fault":   {bidding{refusal: fragile}, `{"card":4242}`, "panic: 4242"},
		"another move":          {bidding{refusal: fragile}, `{"card":4241}`, ""},
		"an honest config":      {bidding{}, `{"rounds":5}`, ""},
		"a config with a fault": {bidding{conf: picky}, `{"rounds":4}`, "the config {\"rounds\":4}: a fault"},
		"another config":        {bidding{conf: picky}, `{"rounds":3}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			for seed := uint64(0); seed < 20 && err == nil; seed++ {
				err = playDecided(games.Define(c.game), []string{`{"rounds":2}`}, seed, decisions(seed), []byte(c.odd))
			}
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("the laws say %v, want %q", err, c.says)
			}
		})
	}
}

// The corpus holds moves of the game itself, since the fuzzer would not come upon them soon.
func TestFuzzBeginsWithMovesOfTheGame(t *testing.T) {
	game := games.Define(bidding{})
	for seed := range uint64(16) {
		move := someMove(game, []string{`{}`}, seed)
		if _, err := game.ParseMove(move); err != nil || !strings.HasPrefix(string(move), `{"card":`) {
			t.Errorf("%s, %v", move, err)
		}
	}
}

// Whatever the bytes say, a game that is good is found to be good.
func TestDecisionsOfAnyKindPass(t *testing.T) {
	for _, decided := range []string{"", "\x00", strings.Repeat("\x00", 2000), strings.Repeat("\xff", 2000), strings.Repeat("\x01", 2000), strings.Repeat("\x02\x35", 1000)} {
		if err := playDecided(games.Define(bidding{}), []string{`{}`}, 1, []byte(decided), []byte(`x`)); err != nil {
			t.Errorf("%.8q…: %v", decided, err)
		}
	}
}
