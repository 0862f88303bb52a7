package gamestest

import (
	"math/rand/v2"
	"testing"

	"yourturn/games"
)

// Fuzz plays games in which the fuzzer decides what [Laws] leaves to chance: who moves, and how, when time runs out, who
// leaves, who joins. What else it makes up is sent as a move, and is the config when the game takes it for one. A game
// ends with the decisions, if not before.
//
// An ordinary test plays the games that the fuzzer would begin with; `go test -fuzz FuzzLaws` goes on from there.
func Fuzz(f *testing.F, game games.Game, configs ...string) {
	f.Helper()
	configs = orDefault(configs)
	for seed := range uint64(16) {
		f.Add(seed, decisions(seed), []byte(configs[seed%uint64(len(configs))]))
		f.Add(seed, decisions(seed), someMove(game, configs, seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, decided, odd []byte) {
		if err := playDecided(game, configs, seed, decided, odd); err != nil {
			t.Fatal(err)
		}
	})
}

func playDecided(game games.Game, configs []string, seed uint64, decided, odd []byte) error {
	at := newTable(game, configs[seed%uint64(len(configs))], seed, &script{decided})
	at.odd = odd
	return at.play()
}

// decisions last for some dozens of acts.
func decisions(seed uint64) []byte {
	made, chance := make([]byte, 400), rand.New(rand.NewPCG(seed, 1))
	for i := range made {
		made[i] = byte(chance.Uint32())
	}
	return made
}

// someMove is a move of a game, for the fuzzer to change. Whatever is wrong with the game is found later.
func someMove(game games.Game, configs []string, seed uint64) []byte {
	at := newTable(game, configs[seed%uint64(len(configs))], seed, &script{decisions(seed)})
	if err := at.play(); err != nil || len(at.known.moves) == 0 {
		return []byte(`{"kind":"play"}`)
	}
	return pick(dice{rand.New(rand.NewPCG(seed, 2))}, at.known.moves)
}

// script is chance as bytes: one for most decisions, two for those among many.
type script struct{ left []byte }

func (s *script) Spent() bool { return len(s.left) == 0 }

func (s *script) IntN(n int) int {
	decided := s.next()
	if n > 256 {
		decided = decided<<8 | s.next()
	}
	return decided % n
}

func (s *script) next() int {
	if s.Spent() {
		return 0
	}
	b := s.left[0]
	s.left = s.left[1:]
	return int(b)
}
