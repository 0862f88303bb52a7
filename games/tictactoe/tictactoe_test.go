package tictactoe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/gamestest"
	"yourturn/games/tictactoe"
)

// configs are all boards and lines that there are.
var configs = []tictactoe.Config{
	{Size: 3, Align: 3}, {Size: 4, Align: 3}, {Size: 4, Align: 4}, {Size: 5, Align: 3}, {Size: 5, Align: 4}, {Size: 5, Align: 5},
}

func TestLaws(t *testing.T) {
	gamestest.Laws(t, games.Define(tictactoe.Rules{}), `{}`, `{"size":4}`, `{"size":4,"align":3}`, `{"size":5}`, `{"size":5,"align":5}`)
}

func FuzzLaws(f *testing.F) {
	gamestest.Fuzz(f, games.Define(tictactoe.Rules{}), `{}`, `{"size":4}`, `{"size":5,"align":3}`)
}

// start is a game on the small board that the seat begins.
func start(t *testing.T, seat int) games.Step[tictactoe.State] {
	t.Helper()
	return startOn(t, tictactoe.Config{}, seat)
}

func startOn(t *testing.T, config tictactoe.Config, seat int) games.Step[tictactoe.State] {
	t.Helper()
	for seed := range uint64(100) {
		setup := games.Setup[tictactoe.Config]{
			Env: games.Env{Rand: rand.New(rand.NewPCG(seed, 0))}, Config: config, Roles: []string{"", ""},
		}
		step, err := tictactoe.Rules{}.Start(setup)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(step.Await, []int{seat}) {
			return step
		}
	}
	t.Fatalf("seat %d never starts", seat)
	panic("unreachable")
}

// play lets the awaited seats mark cells.
func play(t *testing.T, step games.Step[tictactoe.State], cells ...int) games.Step[tictactoe.State] {
	t.Helper()
	for i, cell := range cells {
		if step.Result != nil {
			t.Fatalf("over after %v", cells[:i])
		}
		var err error
		if step, err = (tictactoe.Rules{}).Apply(step.State, step.Await[0], tictactoe.Move{Cell: cell}, games.Env{}); err != nil {
			t.Fatalf("cell %d after %v: %v", cell, cells[:i], err)
		}
	}
	return step
}

func board(step games.Step[tictactoe.State]) string {
	var b strings.Builder
	for _, mark := range step.State.Board {
		fmt.Fprintf(&b, "%1s", mark)
	}
	return b.String()
}

// windows are the lines of a board, found without the rules: all runs of cells that stay on it.
func windows(c tictactoe.Config) (lines [][]int) {
	for cell := range c.Size * c.Size {
		for _, d := range [][2]int{{0, 1}, {1, 0}, {1, 1}, {1, -1}} {
			row, column := cell/c.Size+(c.Align-1)*d[0], cell%c.Size+(c.Align-1)*d[1]
			if row >= c.Size || column >= c.Size || column < 0 {
				continue
			}
			var line []int
			for i := range c.Align {
				line = append(line, cell+i*(d[0]*c.Size+d[1]))
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// wins says whether a mark fills one of the lines.
func wins(lines [][]int, board []string, mark string) bool {
	return slices.ContainsFunc(lines, func(line []int) bool {
		return !slices.ContainsFunc(line, func(cell int) bool { return board[cell] != mark })
	})
}

func TestWhoeverStartsPlaysX(t *testing.T) {
	for seat := range 2 {
		step := play(t, start(t, seat), 4, 0)
		if got := board(step); got != "O   X    " {
			t.Errorf("seat %d starts, and the board is %q", seat, got)
		}
		if step.State.Marks[seat] != "X" || step.State.Marks[1-seat] != "O" || !slices.Equal(step.Await, []int{seat}) {
			t.Errorf("seat %d starts: %+v", seat, step)
		}
	}
}

// Rows, columns and both diagonals, wherever they lie on the board, whichever of their cells comes last, and whoever marks it.
func TestEveryLineWins(t *testing.T) {
	for i, c := range configs {
		lines := windows(c)
		if want := []int{8, 24, 10, 48, 28, 12}[i]; len(lines) != want {
			t.Fatalf("%+v has %d lines, want %d", c, len(lines), want)
		}
		for _, line := range lines {
			for _, last := range line {
				for seat := range 2 {
					step := startOn(t, c, 0)
					for _, cell := range line {
						if cell != last {
							step.State.Board[cell] = step.State.Marks[seat]
						}
					}
					after, err := tictactoe.Rules{}.Apply(step.State, seat, tictactoe.Move{Cell: last}, games.Env{})
					if want := games.Winner("line", 2, seat); err != nil || fmt.Sprint(after.Result) != fmt.Sprint(want) || len(after.Await) != 0 {
						t.Errorf("%+v, line %v, %d last, by seat %d: %+v, %v", c, line, last, seat, after.Result, err)
					}
				}
			}
		}
	}
}

// The rules look at the last mark alone; whoever looks at the whole board comes to the same.
func TestAGameIsOverWithTheFirstLineOrTheLastCell(t *testing.T) {
	for _, c := range configs {
		lines, ends := windows(c), map[string]int{}
		for seed := range uint64(300) {
			chance := rand.New(rand.NewPCG(seed, 1))
			step := startOn(t, c, int(seed%2))
			for step.Result == nil {
				moves := tictactoe.Rules{}.LegalMoves(step.State, step.Await[0])
				seat, move := step.Await[0], moves[chance.IntN(len(moves))]
				step = play(t, step, move.Cell)
				want := ""
				switch {
				case wins(lines, step.State.Board, step.State.Marks[seat]):
					want = fmt.Sprint(games.Winner("line", 2, seat))
				case !slices.Contains(step.State.Board, ""):
					want = fmt.Sprint(games.Draw("board-full", 2))
				}
				if got := fmt.Sprint(step.Result); want != "" && got != want || want == "" && step.Result != nil {
					t.Fatalf("%+v, seed %d, %q: %s, want %s", c, seed, board(step), got, want)
				}
			}
			ends[step.Result.Reason]++
		}
		if ends["line"] == 0 || c.Align == c.Size && ends["board-full"] == 0 {
			t.Errorf("%+v ends %v: the test has not seen everything", c, ends)
		}
	}
}

func TestAFullBoardIsADraw(t *testing.T) {
	for _, c := range []struct {
		config tictactoe.Config
		board  string
	}{
		{tictactoe.Config{}, "XOXXOOOXX"},
		{tictactoe.Config{Size: 4}, "XOXO" + "XOXO" + "OXOX" + "OXOX"},
		{tictactoe.Config{Size: 4, Align: 4}, "XXXO" + "OOOX" + "XXXO" + "OXOO"}, // three are no line here
		{tictactoe.Config{Size: 5}, "XXOOX" + "OOXXO" + "XXOOX" + "OOXXO" + "XXOOX"},
		{tictactoe.Config{Size: 5, Align: 5}, "XXXXO" + "OOOOX" + "XXXXO" + "OOOOX" + "XXXOO"}, // nor four
	} {
		var cells [2][]int // of X and of O, who mark them in turn
		for cell, mark := range c.board {
			who := strings.IndexRune("XO", mark)
			cells[who] = append(cells[who], cell)
		}
		step := startOn(t, c.config, 0)
		for i := range c.board {
			step = play(t, step, cells[i%2][i/2])
		}
		if got := board(step); got != c.board || fmt.Sprint(step.Result) != fmt.Sprint(games.Draw("board-full", 2)) {
			t.Errorf("%+v, %q, want %q: %+v", c.config, got, c.board, step.Result)
		}
	}
}

func TestALineOnTheLastCellWins(t *testing.T) {
	step := play(t, start(t, 0), 0, 1, 2, 3, 4, 5, 7, 6, 8)
	if step.Result == nil || step.Result.Reason != "line" {
		t.Errorf("%q: %+v", board(step), step.Result)
	}
}

func TestATakenCellIsRefused(t *testing.T) {
	step := play(t, start(t, 0), 4)
	for _, by := range []int{0, 1} {
		_, err := tictactoe.Rules{}.Apply(step.State, by, tictactoe.Move{Cell: 4}, games.Env{})
		var refusal *games.Refusal
		if !errors.As(err, &refusal) || refusal.Name != "cell-taken" {
			t.Errorf("seat %d: %v", by, err)
		}
	}
}

// The schema knows the largest board only; the rules know this one.
func TestACellBeyondTheBoardIsInvalid(t *testing.T) {
	for cells, size := range map[int]int{9: 3, 16: 4, 25: 5} {
		step := startOn(t, tictactoe.Config{Size: size}, 0)
		if _, err := (tictactoe.Rules{}).Apply(step.State, 0, tictactoe.Move{Cell: cells - 1}, games.Env{}); err != nil {
			t.Errorf("the last cell of a board of %d: %v", size, err)
		}
		_, err := tictactoe.Rules{}.Apply(step.State, 0, tictactoe.Move{Cell: cells}, games.Env{})
		var invalid *games.Invalid
		if !errors.As(err, &invalid) || len(invalid.Issues) != 1 || invalid.Issues[0].Location != "cell" {
			t.Errorf("cell %d of a board of %d: %v", cells, size, err)
		}
	}
	if _, err := games.Define(tictactoe.Rules{}).ParseMove(json.RawMessage(`{"cell":25}`)); err == nil {
		t.Error("no board has a cell 25")
	}
}

// Whoever thinks ahead plays several moves from one position.
func TestAMoveLeavesTheBoardBeforeItAlone(t *testing.T) {
	before := play(t, start(t, 0), 4)
	after, other := play(t, before, 0), play(t, before, 8)
	if board(before) != "    X    " || board(after) != "O   X    " || board(other) != "    X   O" {
		t.Errorf("%q, and then %q or %q", board(before), board(after), board(other))
	}
}

func TestLegalMovesAreTheEmptyCells(t *testing.T) {
	step := play(t, start(t, 1), 8, 0, 4)
	want := []tictactoe.Move{{Cell: 1}, {Cell: 2}, {Cell: 3}, {Cell: 5}, {Cell: 6}, {Cell: 7}}
	if got := (tictactoe.Rules{}).LegalMoves(step.State, step.Await[0]); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := (tictactoe.Rules{}).LegalMoves(startOn(t, tictactoe.Config{Size: 5}, 0).State, 0); len(got) != 25 || got[24].Cell != 24 {
		t.Errorf("on an empty board of 5: %v", got)
	}
}

func TestEverybodySeesEverything(t *testing.T) {
	game := games.Define(tictactoe.Rules{})
	state, err := json.Marshal(play(t, start(t, 0), 2).State)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"board":["","","X","","","","","",""],"marks":["X","O"],"size":3,"align":3}`
	for seat := games.Spectator; seat < 2; seat++ {
		if view, err := game.View(state, seat); err != nil || string(view) != want {
			t.Errorf("seat %d sees %s, %v", seat, view, err)
		}
	}
}

// Who wants the same board is matched, and two wants are the same when their bytes are.
func TestConfigs(t *testing.T) {
	game := games.Define(tictactoe.Rules{})
	for name, c := range map[string]struct {
		typed string
		want  string // of the config, or else
		at    string // where it is wrong
	}{
		"nothing":              {``, `{"size":3,"align":3}`, ""},
		"nothing in it":        {`{}`, `{"size":3,"align":3}`, ""},
		"null is absent":       {`{"size":null,"align":null}`, `{"size":3,"align":3}`, ""},
		"the small board":      {`{"size":3}`, `{"size":3,"align":3}`, ""},
		"a line alone":         {`{"align":3}`, `{"size":3,"align":3}`, ""},
		"all of it, turned":    {`{"align":3, "size":3}`, `{"size":3,"align":3}`, ""},
		"four":                 {`{"size":4}`, `{"size":4,"align":4}`, ""},
		"three on four":        {`{"size":4,"align":3}`, `{"size":4,"align":3}`, ""},
		"five":                 {`{"size":5}`, `{"size":5,"align":4}`, ""},
		"five on five":         {`{"size":5,"align":5}`, `{"size":5,"align":5}`, ""},
		"too small":            {`{"size":2}`, "", "size"},
		"too large":            {`{"size":6}`, "", "size"},
		"zero is not absent":   {`{"size":0}`, "", "size"},
		"too short a line":     {`{"size":4,"align":2}`, "", "align"},
		"four on three":        {`{"size":3,"align":4}`, "", "align"},
		"four on what is left": {`{"align":4}`, "", "align"},
		"five on four":         {`{"size":4,"align":5}`, "", "align"},
		"a line of six":        {`{"size":5,"align":6}`, "", "align"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := game.ParseConfig(json.RawMessage(c.typed))
			if c.at == "" {
				if err != nil || string(got) != c.want {
					t.Errorf("%s becomes %s, %v; want %s", c.typed, got, err, c.want)
				}
				return
			}
			var invalid *games.Invalid
			if !errors.As(err, &invalid) || invalid.Issues[0].Location != c.at {
				t.Errorf("%s becomes %s, %v; want an issue at %s", c.typed, got, err, c.at)
			}
		})
	}
}

// A session that was begun under version 1, whose state had neither size nor align, is played to its end under this one.
func TestASessionOfVersion1GoesOn(t *testing.T) {
	game := games.Define(tictactoe.Rules{})
	state, ok, err := game.Migrate(1, json.RawMessage(`{"board":["X","O","X","","O","","","",""],"marks":["O","X"],"next":1}`))
	if want := `{"board":["X","O","X","","O","","","",""],"marks":["O","X"],"size":3,"align":3}`; !ok || err != nil || string(state) != want {
		t.Fatalf("%s, %v, %v; want %s", state, ok, err, want)
	}
	step := games.Step[json.RawMessage]{State: state, Await: []int{1}}
	for _, cell := range []int{7, 3, 5, 8, 6} {
		if step.Result != nil {
			t.Fatalf("over before cell %d: %s", cell, step.State)
		}
		if step, err = game.Apply(step.State, step.Await[0], fmt.Appendf(nil, `{"cell":%d}`, cell), games.Env{}); err != nil {
			t.Fatalf("cell %d: %v", cell, err)
		}
	}
	if fmt.Sprint(step.Result) != fmt.Sprint(games.Draw("board-full", 2)) {
		t.Errorf("%s: %+v", step.State, step.Result)
	}
}

// A table that was opened under version 1 and filled under this one is of version 1 still, and has the state of this.
func TestMigratingTwiceChangesNothing(t *testing.T) {
	game := games.Define(tictactoe.Rules{})
	for _, c := range configs {
		state, err := json.Marshal(play(t, startOn(t, c, 0), 0, 1).State)
		if err != nil {
			t.Fatal(err)
		}
		if again, _, err := game.Migrate(1, state); err != nil || string(again) != string(state) {
			t.Errorf("%s becomes %s, %v", state, again, err)
		}
	}
}

func TestWhatIsNoStateIsNotMigrated(t *testing.T) {
	game := games.Define(tictactoe.Rules{})
	for _, state := range []string{``, `[]`, `{}`, `{"board":["X"],"marks":["X","O"]}`, `{"board":[1,2,3,4,5,6,7,8,9]}`} {
		if got, ok, err := game.Migrate(1, json.RawMessage(state)); !ok || err == nil {
			t.Errorf("%q becomes %s, %v", state, got, ok)
		}
	}
}
