package tictactoe_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

// board3 is an empty board of three by three, and whoever of the seats begins is awaited.
func board3(t testing.TB, first int) position {
	t.Helper()
	s := tictactoe.State{Board: make([]string, 9), Marks: [2]string{"O", "O"}, Size: 3, Align: 3}
	s.Marks[first] = "X"
	return position{State: s, Await: []int{first}}
}

type position = games.Step[tictactoe.State]

// replies are the positions that the awaited seat can bring about, by the moves that do.
func replies(t testing.TB, p position) (after []position, moves []tictactoe.Move) {
	t.Helper()
	moves = tictactoe.Rules{}.LegalMoves(p.State, p.Await[0])
	for _, move := range moves {
		after = append(after, reply(t, p, move))
	}
	return after, moves
}

func reply(t testing.TB, p position, move tictactoe.Move) position {
	t.Helper()
	next, err := tictactoe.Rules{}.Apply(p.State, p.Await[0], move, games.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// player chooses for the awaited seat.
type player func(t testing.TB, p position, dice *rand.Rand) tictactoe.Move

func bot(level games.Level) player {
	game := games.Define(tictactoe.Rules{})
	return func(t testing.TB, p position, dice *rand.Rand) (move tictactoe.Move) {
		t.Helper()
		state, err := json.Marshal(p.State)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := game.BotMove(state, p.Await, p.Await[0], level, games.Env{Rand: dice})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &move); err != nil {
			t.Fatal(err)
		}
		return move
	}
}

func chance(t testing.TB, p position, dice *rand.Rand) tictactoe.Move {
	moves := tictactoe.Rules{}.LegalMoves(p.State, p.Await[0])
	return moves[dice.IntN(len(moves))]
}

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// Every game that there is against the bot, as first and as second player: it answers each position once, and whoever
// plays it tries everything.
func TestHardNeverLoses(t *testing.T) {
	hard := bot(games.Hard)
	for seed := range uint64(2) {
		for seat := range 2 {
			answered := map[string]bool{}
			var against func(p position)
			against = func(p position) {
				if p.Result != nil {
					if p.Result.Placings[seat].Place != 1 {
						t.Errorf("seed %d: loses as seat %d: %q", seed, seat, p.State.Board)
					}
					return
				}
				if p.Await[0] != seat {
					after, _ := replies(t, p)
					for _, next := range after {
						against(next)
					}
					return
				}
				if at := board(p); !answered[at] {
					answered[at] = true
					against(reply(t, p, hard(t, p, dice(seed))))
				}
			}
			against(board3(t, 0))
			t.Logf("seed %d, seat %d: %d positions", seed, seat, len(answered))
		}
	}
}

// Whoever can win at once does, and whoever must prevent it does too.
func TestNormalAndHardSeeOneMoveAhead(t *testing.T) {
	for _, level := range []games.Level{games.Normal, games.Hard} {
		choose, wins, blocks := bot(level), 0, 0
		for i, p := range positions(t, board3(t, 0)) {
			if i%10 != 0 {
				continue // some are enough
			}
			other := p
			other.Await = []int{1 - p.Await[0]}
			mine, theirs := winning(t, p), winning(t, other)
			if len(mine) == 0 && len(theirs) != 1 {
				continue
			}
			move := choose(t, p, dice(uint64(i)))
			switch {
			case len(mine) > 0:
				wins++
				if !slices.Contains(mine, move) {
					t.Errorf("%s does not win in %q: %d", level, board(p), move.Cell)
				}
			default:
				blocks++
				if move != theirs[0] {
					t.Errorf("%s does not block in %q: %d", level, board(p), move.Cell)
				}
			}
		}
		t.Logf("%s: %d wins, %d blocks", level, wins, blocks)
		if wins < 100 || blocks < 50 {
			t.Errorf("only %d wins and %d blocks were to be seen", wins, blocks)
		}
	}
}

// positions are all that a game can come to, from p on, while it is not over.
func positions(t testing.TB, p position) (all []position) {
	t.Helper()
	met := map[string]bool{}
	all = []position{p}
	for i := 0; i < len(all); i++ {
		after, _ := replies(t, all[i])
		for _, next := range after {
			if next.Result == nil && !met[board(next)] {
				met[board(next)] = true
				all = append(all, next)
			}
		}
	}
	return all
}

// winning are the moves that win at once.
func winning(t testing.TB, p position) (wins []tictactoe.Move) {
	t.Helper()
	after, moves := replies(t, p)
	for i, next := range after {
		if next.Result != nil && next.Result.Reason == "line" {
			wins = append(wins, moves[i])
		}
	}
	return wins
}

func TestABetterLevelPlaysBetter(t *testing.T) {
	for _, c := range []struct {
		name          string
		better, worse player
		games         int
		margin        int // victories above defeats, at least
		defeats       int // at most
	}{
		{"easy and chance", bot(games.Easy), chance, 300, 100, 300},
		{"normal and easy", bot(games.Normal), bot(games.Easy), 300, 100, 10},
		{"hard and chance", bot(games.Hard), chance, 60, 50, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			won, lost := 0, 0
			for i := range c.games {
				switch result := match(t, c.better, c.worse, i); {
				case result.Placings[1].Place != 1:
					won++
				case result.Placings[0].Place != 1:
					lost++
				}
			}
			t.Logf("%d won and %d lost of %d", won, lost, c.games)
			if won-lost < c.margin || lost > c.defeats {
				t.Errorf("%d won and %d lost of %d", won, lost, c.games)
			}
		})
	}
}

// match lets two play against each other, and they begin in turn.
func match(t testing.TB, zero, one player, number int) *games.Result {
	t.Helper()
	dice, p := dice(uint64(number)), board3(t, number%2)
	for p.Result == nil {
		p = reply(t, p, []player{zero, one}[p.Await[0]](t, p, dice))
	}
	return p.Result
}

func BenchmarkBotMove(b *testing.B) {
	for _, level := range games.Levels {
		b.Run(string(level), func(b *testing.B) {
			p, choose := board3(b, 0), bot(level)
			for b.Loop() {
				choose(b, p, dice(1))
			}
		})
	}
}
