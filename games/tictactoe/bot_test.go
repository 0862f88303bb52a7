package tictactoe_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

var game = games.Define(tictactoe.Rules{})

func empty(t testing.TB, config string) games.Step[json.RawMessage] {
	t.Helper()
	c, err := game.ParseConfig(json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	step, err := game.Start(games.Setup[json.RawMessage]{Env: games.Env{Rand: rand.New(rand.NewPCG(1, 1))}, Config: c, Roles: []string{"", ""}})
	if err != nil {
		t.Fatal(err)
	}
	return step
}

func bot(t testing.TB, state json.RawMessage, seat int, level games.Level, seed uint64) json.RawMessage {
	move, err := game.BotMove(state, seat, level, games.Env{Rand: rand.New(rand.NewPCG(seed, 0))})
	if err != nil {
		t.Fatal(err)
	}
	return move
}

func BenchmarkBotMove(b *testing.B) {
	for _, config := range []string{`{}`, `{"size":5}`} {
		step := empty(b, config)
		for _, level := range games.Levels {
			b.Run(config+string(level), func(b *testing.B) {
				for i := range b.N {
					bot(b, step.State, step.Await[0], level, uint64(i))
				}
			})
		}
	}
}

func TestX(t *testing.T) {
	for _, level := range []games.Level{games.Hard} {
		lost, pos := 0, 0
		for seed := range uint64(60) {
			for first := range 2 {
				seen := map[string]bool{}
				var walk func(step games.Step[json.RawMessage], me int)
				walk = func(step games.Step[json.RawMessage], me int) {
					if step.Result != nil {
						if step.Result.Placings[me].Place != 1 {
							lost++
						}
						return
					}
					if seen[string(step.State)] {
						return
					}
					seen[string(step.State)] = true
					moves := []json.RawMessage{}
					if step.Await[0] == me {
						pos++
						moves = append(moves, bot(t, step.State, me, level, seed))
					} else {
						moves, _ = game.LegalMoves(step.State, step.Await[0])
					}
					for _, m := range moves {
						next, err := game.Apply(step.State, step.Await[0], m, games.Env{})
						if err != nil {
							t.Fatal(err)
						}
						walk(next, me)
					}
				}
				walk(empty(t, `{}`), first)
			}
		}
		fmt.Println(level, "lost", lost, "positions", pos)
	}
}
