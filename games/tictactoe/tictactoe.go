// Package tictactoe is the smallest game: two seats mark cells in turn, and a line of marks wins. The board is three by
// three, or larger when the config asks for it.
//
// Nothing is hidden, so the state is the view. Whose turn it is need not be in it: the session knows who is awaited.
package tictactoe

import (
	"encoding/json"
	"fmt"
	"slices"

	"yourturn/games"
)

// Rules are the rules of tic-tac-toe. Whoever starts, by lot, plays X.
type Rules struct{}

// Config chooses the board.
type Config struct {
	Size  int `json:"size,omitempty" minimum:"3" maximum:"5" doc:"How many cells a side of the board has; 3 when absent." example:"3"`
	Align int `json:"align,omitempty" minimum:"3" maximum:"5" doc:"How many marks in a line win, at most size. When absent, 3 on the board of 3 and 4 on the larger ones." example:"3"`
}

// Move marks a cell.
type Move struct {
	Cell int `json:"cell" minimum:"0" maximum:"24" doc:"The cell to mark, row by row from the top left: 0 to 8 on the board of 3, 0 to 15 on that of 4, 0 to 24 on that of 5." example:"4"`
}

// View shows everything.
type View struct {
	Board []string  `json:"board" minItems:"9" maxItems:"25" doc:"The cells row by row: X, O or empty." example:"[\"X\",\"\",\"\",\"\",\"O\",\"\",\"\",\"\",\"\"]"`
	Marks [2]string `json:"marks" minItems:"2" maxItems:"2" doc:"The mark of each seat." example:"[\"O\",\"X\"]"`
	Size  int       `json:"size" doc:"How many cells a side of the board has." example:"3"`
	Align int       `json:"align" doc:"How many marks in a line win." example:"3"`
}

// State is what everybody sees.
type State = View

func (Rules) Describe() games.Info {
	return games.Info{
		Name: "tictactoe", Title: "Tic-tac-toe", TypeName: "TicTacToe", Version: 2,
		MinSeats: 2, MaxSeats: 2, TurnSeconds: 24 * 60 * 60,
	}
}

// Configure fills in what is left open, so that two who want the same board are matched however they say so.
func (Rules) Configure(c Config) (Config, error) {
	c = c.filled()
	if c.Align > c.Size {
		return c, &games.Invalid{Issues: []games.Issue{{Location: "align", Message: fmt.Sprintf("no line on a board of %d is that long", c.Size)}}}
	}
	return c, nil
}

// filled lets four in a line win on both larger boards: with three whoever starts wins on them, and five hardly ever come about.
func (c Config) filled() Config {
	if c.Size == 0 {
		c.Size = 3
	}
	if c.Align == 0 {
		c.Align = min(c.Size, 4)
	}
	return c
}

func (Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	c := setup.Config.filled() // a table that was opened under version 1 waits with an empty config
	s := State{Board: make([]string, c.Size*c.Size), Marks: [2]string{"O", "O"}, Size: c.Size, Align: c.Align}
	first := setup.Rand.IntN(2)
	s.Marks[first] = "X"
	return games.Step[State]{State: s, Await: []int{first}}, nil
}

func (Rules) Apply(s State, seat int, move Move, _ games.Env) (games.Step[State], error) {
	if move.Cell >= len(s.Board) {
		return games.Step[State]{}, noSuchCell(len(s.Board))
	}
	if s.Board[move.Cell] != "" {
		return games.Step[State]{}, games.Refuse("cell-taken", "That cell already has a mark.")
	}
	s.Board = slices.Clone(s.Board)
	s.Board[move.Cell] = s.Marks[seat]
	switch {
	case s.inLine(move.Cell):
		return games.Step[State]{State: s, Result: games.Winner("line", 2, seat)}, nil
	case !slices.Contains(s.Board, ""):
		return games.Step[State]{State: s, Result: games.Draw("board-full", 2)}, nil
	}
	return games.Step[State]{State: s, Await: []int{1 - seat}}, nil
}

// noSuchCell says what the schema says of cells beyond the largest board, which is all that it knows of.
func noSuchCell(cells int) error {
	return &games.Invalid{Issues: []games.Issue{{Location: "cell", Message: fmt.Sprintf("the cells of this board are 0 to %d", cells-1)}}}
}

// inLine says that the mark of a cell is in a line that wins. Only the last mark can complete one.
func (s State) inLine(cell int) bool {
	for _, d := range [4][2]int{{0, 1}, {1, 0}, {1, 1}, {1, -1}} {
		if s.run(cell, d[0], d[1])+s.run(cell, -d[0], -d[1])-1 >= s.Align { // the cell itself is in both runs
			return true
		}
	}
	return false
}

// run is how many cells bear the mark of this one, from it on in one direction.
func (s State) run(cell, down, right int) (n int) {
	row, column := cell/s.Size, cell%s.Size
	for 0 <= row && row < s.Size && 0 <= column && column < s.Size && s.Board[row*s.Size+column] == s.Board[cell] {
		n, row, column = n+1, row+down, column+right
	}
	return n
}

func (Rules) View(s State, _ int) View { return s }

// LegalMoves are the empty cells.
func (Rules) LegalMoves(s State, _ int) []Move {
	var moves []Move
	for cell, mark := range s.Board {
		if mark == "" {
			moves = append(moves, Move{Cell: cell})
		}
	}
	return moves
}

// Migrate adds to a state of version 1 what that version took for granted: three by three, and three in a line.
func (Rules) Migrate(_ int, state json.RawMessage) (State, error) {
	s := State{Size: 3, Align: 3}
	if err := json.Unmarshal(state, &s); err != nil {
		return State{}, err
	}
	if len(s.Board) != s.Size*s.Size {
		return State{}, fmt.Errorf("a board of %d cells is not %d by %d", len(s.Board), s.Size, s.Size)
	}
	return s, nil
}
