package web_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"yourturn/games"
	"yourturn/games/gamestest"
	"yourturn/server"
	"yourturn/server/servertest"
)

// Games that nobody has drawn are played to their end by two browsers, each in the way that fits it: by buttons, on a board,
// and with a form.
func TestGamesWithoutADrawing(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+filepath.Join(t.TempDir(), "game.db"), servertest.Options{
		Games: []games.Game{server.Game(matches{}), server.Game(squares{}), server.Game(pits{}), server.Game(letters{})}, Web: true,
	})
	t.Log(story(t, url, "plain").End(t))
}

func TestLawsOfTheUndrawn(t *testing.T) {
	t.Run("matches", func(t *testing.T) { gamestest.Laws(t, games.Define(matches{}), `{}`) })
	t.Run("squares", func(t *testing.T) { gamestest.Laws(t, games.Define(squares{}), `{}`) })
	t.Run("pits", func(t *testing.T) { gamestest.Laws(t, games.Define(pits{}), `{}`) })
}

func undrawn(name, title, typeName string) games.Info {
	return games.Info{Name: name, Title: title, TypeName: typeName, Version: 1, MinSeats: 2, MaxSeats: 2, TurnSeconds: 86400}
}

type noConfig struct{}

// matches has more moves than fit beside each other: so many from one row. Who takes the last has lost.
type matches struct{}

type taking struct {
	Row  int `json:"row" minimum:"0" maximum:"3"`
	Take int `json:"take" minimum:"1" maximum:"7"`
}

type heap struct {
	Rows  []int `json:"rows" doc:"How many matches each row has left."`
	Begun int   `json:"begun" doc:"The seat that began."`
}

func (matches) Describe() games.Info { return undrawn("matches", "Matches", "Matches") }

func (matches) Start(setup games.Setup[noConfig]) (games.Step[heap], error) {
	first := setup.Rand.IntN(2)
	return games.Step[heap]{State: heap{Rows: []int{1, 3, 5, 7}, Begun: first}, Await: []int{first}}, nil
}

func (matches) Apply(s heap, seat int, move taking, _ games.Env) (games.Step[heap], error) {
	if move.Take > s.Rows[move.Row] {
		return games.Step[heap]{}, games.Refuse("too-few-left", "There are not so many matches in that row.")
	}
	s.Rows = slices.Clone(s.Rows)
	s.Rows[move.Row] -= move.Take
	if slices.Max(s.Rows) == 0 {
		return games.Step[heap]{State: s, Result: games.Winner("last-match", 2, 1-seat)}, nil
	}
	return games.Step[heap]{State: s, Await: []int{1 - seat}}, nil
}

func (matches) View(s heap, _ int) heap { return s }

func (matches) LegalMoves(s heap, _ int) (moves []taking) {
	for row, left := range s.Rows {
		for take := 1; take <= left; take++ {
			moves = append(moves, taking{row, take})
		}
	}
	return moves
}

// squares is played on a list of lists, into which two numbers lead, and one may also pass. It ends when nothing is free, or
// both have passed.
type squares struct{}

type drawing struct {
	X    *int `json:"x,omitempty" minimum:"0" maximum:"3"`
	Y    *int `json:"y,omitempty" minimum:"0" maximum:"2"`
	Pass bool `json:"pass,omitempty"`
}

type paper struct {
	Board  [][]string `json:"board" doc:"The rows."`
	Passed bool       `json:"passed"`
}

func (squares) Describe() games.Info { return undrawn("squares", "Squares", "Squares") }

func (squares) Start(games.Setup[noConfig]) (games.Step[paper], error) {
	s := paper{}
	for range 3 {
		s.Board = append(s.Board, make([]string, 4))
	}
	return games.Step[paper]{State: s, Await: []int{0}}, nil
}

func (squares) Apply(s paper, seat int, move drawing, _ games.Env) (games.Step[paper], error) {
	switch {
	case move == (drawing{Pass: true}) && s.Passed:
		return games.Step[paper]{State: s, Result: games.Draw("passed", 2)}, nil
	case move == (drawing{Pass: true}):
		s.Passed = true
		return games.Step[paper]{State: s, Await: []int{1 - seat}}, nil
	case move.X == nil || move.Y == nil || move.Pass:
		return games.Step[paper]{}, games.Refuse("unclear", "Say where to draw, or pass.")
	case s.Board[*move.Y][*move.X] != "":
		return games.Step[paper]{}, games.Refuse("taken", "Somebody was there before you.")
	}
	s.Passed = false
	s.Board = slices.Clone(s.Board)
	s.Board[*move.Y] = slices.Clone(s.Board[*move.Y])
	s.Board[*move.Y][*move.X] = []string{"dot", "ring"}[seat]
	if !slices.Contains(slices.Concat(s.Board...), "") {
		return games.Step[paper]{State: s, Result: games.Draw("full", 2)}, nil
	}
	return games.Step[paper]{State: s, Await: []int{1 - seat}}, nil
}

func (squares) View(s paper, _ int) paper { return s }

func (squares) LegalMoves(s paper, _ int) (moves []drawing) {
	for y, row := range s.Board {
		for x, cell := range row {
			if cell == "" {
				moves = append(moves, drawing{X: new(x), Y: new(y)})
			}
		}
	}
	return append(moves, drawing{Pass: true})
}

// pits is played on a list that is named as the move's one number is. Whoever empties the last has won.
type pits struct{}

type emptying struct {
	Pit int `json:"pit" minimum:"0" maximum:"4"`
}

type field struct {
	Pits []int `json:"pits"`
}

func (pits) Describe() games.Info { return undrawn("pits", "Pits", "Pits") }

func (pits) Start(games.Setup[noConfig]) (games.Step[field], error) {
	return games.Step[field]{State: field{Pits: []int{7, 8, 9, 8, 7}}, Await: []int{0}}, nil
}

func (pits) Apply(s field, seat int, move emptying, _ games.Env) (games.Step[field], error) {
	if s.Pits[move.Pit] == 0 {
		return games.Step[field]{}, games.Refuse("empty", "That pit is empty.")
	}
	s.Pits = slices.Clone(s.Pits)
	s.Pits[move.Pit] = 0
	if slices.Max(s.Pits) == 0 {
		return games.Step[field]{State: s, Result: games.Winner("last-pit", 2, seat)}, nil
	}
	return games.Step[field]{State: s, Await: []int{1 - seat}}, nil
}

func (pits) View(s field, _ int) field { return s }

func (pits) LegalMoves(s field, _ int) (moves []emptying) {
	for pit, stones := range s.Pits {
		if stones > 0 {
			moves = append(moves, emptying{pit})
		}
	}
	return moves
}

// letters cannot list its moves. They have parts of all sorts. Two letters are written.
type letters struct{}

type letter struct {
	To     string         `json:"to" enum:"rome,oslo" doc:"Where it goes."`
	Text   string         `json:"text" maxLength:"600"`
	Stamps []int          `json:"stamps" doc:"What is stuck on it, three in all at least."`
	From   sender         `json:"from"`
	Copy   *sender        `json:"copy,omitempty" doc:"Who else gets it."`
	Weight float64        `json:"weight,omitempty" minimum:"0"`
	Within map[string]int `json:"within,omitempty" doc:"What else is in it, and how much."`
}

type sender struct {
	Name   string `json:"name" maxLength:"20"`
	Abroad bool   `json:"abroad,omitempty"`
}

type post struct {
	Sent   []letter       `json:"sent" doc:"All letters."`
	Counts map[string]int `json:"counts"`
	Paid   []int          `json:"paid" doc:"What each seat has paid."`
}

func (letters) Describe() games.Info { return undrawn("letters", "Letters", "Letters") }

func (letters) Start(games.Setup[noConfig]) (games.Step[post], error) {
	return games.Step[post]{State: post{Sent: []letter{}, Counts: map[string]int{}, Paid: []int{0, 0}}, Await: []int{0}}, nil
}

func (letters) Apply(s post, seat int, move letter, _ games.Env) (games.Step[post], error) {
	paid := 0
	for _, stamp := range move.Stamps {
		paid += stamp
	}
	if paid < 3 {
		return games.Step[post]{}, games.Refuse("too-few-stamps", "The post wants three at least.")
	}
	s.Sent = append(slices.Clone(s.Sent), move)
	s.Counts = maps.Clone(s.Counts)
	s.Counts[move.To]++
	s.Paid = slices.Clone(s.Paid)
	s.Paid[seat] += paid
	if len(s.Sent) == 2 {
		return games.Step[post]{State: s, Result: games.Draw("written", 2)}, nil
	}
	return games.Step[post]{State: s, Await: []int{1 - seat}}, nil
}

func (letters) View(s post, _ int) post { return s }
