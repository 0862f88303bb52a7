// Package tictactoe is the smallest game: two seats, nine cells, three in a line win.
package tictactoe

import (
	"slices"

	"yourturn/games"
)

// Rules are the rules of tic-tac-toe. Whoever starts, by lot, plays X.
type Rules struct{}

// Config has nothing to choose.
type Config struct{}

// Move marks a cell.
type Move struct {
	Cell int `json:"cell" minimum:"0" maximum:"8" doc:"The cell to mark, row by row from the top left."`
}

// State is the board and whose turn it is.
type State struct {
	Board [9]string `json:"board"`
	Marks [2]string `json:"marks"`
	Next  int       `json:"next"`
}

// View shows everything: nothing is hidden in this game.
type View struct {
	Board []string `json:"board" minItems:"9" maxItems:"9" doc:"The cells row by row: X, O or empty." example:"[\"X\",\"\",\"\",\"\",\"O\",\"\",\"\",\"\",\"\"]"`
	Marks []string `json:"marks" minItems:"2" maxItems:"2" doc:"The mark of each seat." example:"[\"O\",\"X\"]"`
}

var lines = [8][3]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}}

func (Rules) Describe() games.Info {
	return games.Info{
		Name: "tictactoe", Title: "Tic-tac-toe", TypeName: "TicTacToe", Version: 1,
		MinSeats: 2, MaxSeats: 2, TurnSeconds: 24 * 60 * 60,
	}
}

func (Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	s := State{Marks: [2]string{"O", "O"}, Next: setup.Rand.IntN(2)}
	s.Marks[s.Next] = "X"
	return games.Step[State]{State: s, Await: []int{s.Next}}, nil
}

func (Rules) Apply(s State, seat int, move Move, _ games.Env) (games.Step[State], error) {
	if s.Board[move.Cell] != "" {
		return games.Step[State]{}, games.Refuse("cell-taken", "That cell already has a mark.")
	}
	s.Board[move.Cell] = s.Marks[seat]
	for _, l := range lines {
		if s.Board[l[0]] != "" && s.Board[l[0]] == s.Board[l[1]] && s.Board[l[1]] == s.Board[l[2]] {
			return games.Step[State]{State: s, Result: games.Winner("line", 2, seat)}, nil
		}
	}
	if !slices.Contains(s.Board[:], "") {
		return games.Step[State]{State: s, Result: games.Draw("board-full", 2)}, nil
	}
	s.Next = 1 - seat
	return games.Step[State]{State: s, Await: []int{s.Next}}, nil
}

func (Rules) View(s State, _ int) View {
	return View{Board: s.Board[:], Marks: s.Marks[:]}
}

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
