// Package gamestest holds the laws that every game must keep, because the rest of the program relies on them: a history
// is replayed, a retry is compared, a view is cached, a bot thinks ahead, a push goes to a phone, and a move that was
// taken is never refused afterwards.
//
// A game's own test is two lines. The configs are JSON, and each gets its share of the games; without any it is `{}`.
//
//	func TestLaws(t *testing.T) { gamestest.Laws(t, games.Define(Rules{}), `{}`, `{"size":5}`) }
//	func FuzzLaws(f *testing.F) { gamestest.Fuzz(f, games.Define(Rules{}), `{}`, `{"size":5}`) }
//
// A random game goes as in a session (table.go): people come late and leave, let their time run out, and move in turns
// that are kept or at once. On its way every step is held against the laws (step.go), and so are the moves (move.go) and
// what a seat can learn (secrets.go).
package gamestest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"

	"yourturn/games"
)

const (
	plays    = 2000 // random games
	maxTurns = 1000 // of one game, before it counts as endless
	botPlays = 10   // games in which bots are asked that may think for long
)

// Laws plays random games, each from a seed of its own, and fails at the first law that is broken:
//
//   - determinism: the same call gives the same bytes
//   - purity: nobody changes what they are given
//   - round trip: a config and a state are JSON, and mean the same however they are spelled
//   - whole steps: a game is over, or awaits seats that exist and have not left, or has set itself an alarm; a result
//     places every seat, those that came late too
//   - own words: events have kinds that are not the server's, an object each, and hearers who exist
//   - size: what is stored with every change and travels to phones stays small
//   - stable views: everybody can look at any time, sees the same twice, and what they see fits the view's schema
//   - legal ⇔ accepted: what a seat is told it may play is accepted, also after others of the same turn have played,
//     left or joined; what was listed at another time or for another seat, and is not now, is refused. So a game lists
//     all its moves or none; where a part of a move is free, as a name is, one listed move stands for all
//   - any order: moves of a kept turn may arrive as they like, and each is accepted whatever was kept before. That they are
//     then played in the order of the seats is the session's promise. In a game that is AtOnce the order may matter
//   - an answer to every move: what fits the schema is played or refused, and is never a fault
//   - the clock: when time runs out, or somebody leaves, the game knows how to go on, at any position
//   - no leaks: a state made up from what a seat sees looks the same to it, offers it the same moves, refuses in the
//     same words, and can be played; and no event tells apart what looks the same to whoever hears it: what is told is seen too
//   - honest bots: what a bot plays is legal, and the same for the same dice
//   - an end: a game of random moves does not go on for ever
//   - no panic, whatever happens
//
// A game that lists no moves is played by its bots; one that has no bots either is only started and looked at.
func Laws(t *testing.T, game games.Game, configs ...string) {
	t.Helper()
	configs = orDefault(configs)
	for seed := range uint64(plays) {
		if err := play(game, configs[seed%uint64(len(configs))], seed); err != nil {
			t.Fatal(err)
		}
	}
}

// strict is the game that finds fault with itself where it can: in what its rules do to their own types.
func strict(game games.Game) games.Game {
	if g, ok := game.(interface{ Strict() games.Game }); ok {
		return g.Strict()
	}
	return game
}

func orDefault(configs []string) []string {
	if len(configs) == 0 {
		return []string{`{}`}
	}
	return configs
}

// play plays one random game to its end.
func play(game games.Game, config string, seed uint64) error {
	t := newTable(game, config, seed, dice{rand.New(rand.NewPCG(seed, 0))})
	t.calm = seed%4 == 3 // a game that ends only because people leave is endless
	if seed%(plays/botPlays) == 0 {
		t.bots = 1
	}
	return t.play()
}

// chance decides what happens at a table, which is not a matter of the game's own dice.
type chance interface {
	IntN(n int) int
	Spent() bool // nothing more is decided, and the game may be left as it is
}

type dice struct{ *rand.Rand }

func (dice) Spent() bool { return false }

func pick[T any](c chance, from []T) T { return from[c.IntN(len(from))] }

// errUnplayable ends a game of which nobody knows a move.
var errUnplayable = errors.New("the game lists no legal moves and has no bots")

func (t *table) play() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if errors.Is(err, errUnplayable) {
			err = nil
		}
		if err != nil {
			err = fmt.Errorf("%s, config %s, seed %d%s: %w", t.info.Name, t.config, t.seed, t.told(), err)
		}
	}()
	if err := t.start(); err != nil {
		return err
	}
	for t.result == nil && !t.chance.Spent() {
		if t.turn > maxTurns {
			return fmt.Errorf("no end after %d turns", maxTurns)
		}
		if err := t.look(); err != nil {
			return err
		}
		if err := t.act(); err != nil {
			return err
		}
	}
	return t.checkViews(t.some())
}

// told is the end of what was done so far.
func (t *table) told() string {
	const last = 20
	story := t.story[max(0, len(t.story)-last):]
	if len(story) == 0 {
		return ""
	}
	return fmt.Sprintf(", after %d acts, the last of which are\n\t%s\n", len(t.story), strings.Join(story, "\n\t"))
}
