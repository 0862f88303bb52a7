package tictactoe_test

import (
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

func TestLaws(t *testing.T) { gamestest.Laws(t, games.Define(tictactoe.Rules{})) }

// start is a game that the seat begins.
func start(t *testing.T, seat int) games.Step[tictactoe.State] {
	t.Helper()
	for seed := range uint64(100) {
		setup := games.Setup[tictactoe.Config]{Env: games.Env{Rand: rand.New(rand.NewPCG(seed, 0))}, Roles: []string{"", ""}}
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

func TestWhoeverStartsPlaysX(t *testing.T) {
	for seat := range 2 {
		step := play(t, start(t, seat), 4, 0)
		if got := board(step); got != "O   X    " {
			t.Errorf("seat %d starts, and the board is %q", seat, got)
		}
		if want := [2]string{"O", "O"}; step.State.Marks[seat] != "X" || step.State.Marks[1-seat] != want[0] || step.Await[0] != seat {
			t.Errorf("seat %d starts: %+v", seat, step)
		}
	}
}

func TestEachOfEightLinesWins(t *testing.T) {
	for _, line := range [][]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}} {
		for seat := range 2 {
			for _, last := range line {
				var others []int // two cells beside the line cannot be one
				for cell := range 9 {
					if !slices.Contains(line, cell) {
						others = append(others, cell)
					}
				}
				first := slices.DeleteFunc(slices.Clone(line), func(cell int) bool { return cell == last })
				step := play(t, start(t, seat), first[0], others[0], first[1], others[1])
				if step.Result != nil {
					t.Fatalf("over without a line: %q", board(step))
				}
				step = play(t, step, last)
				want := games.Winner("line", 2, seat)
				if fmt.Sprint(step.Result) != fmt.Sprint(want) || step.Result.Placings[seat].Place != 1 || len(step.Await) != 0 {
					t.Errorf("line %v, %d last, by seat %d: %+v", line, last, seat, step.Result)
				}
			}
		}
	}
}

func TestTheSecondPlayerWinsToo(t *testing.T) {
	step := play(t, start(t, 0), 0, 3, 1, 4, 8, 5)
	if step.Result == nil || step.Result.Placings[1].Place != 1 || step.Result.Placings[0].Place != 2 {
		t.Errorf("%q: %+v", board(step), step.Result)
	}
}

func TestAFullBoardIsADraw(t *testing.T) {
	step := play(t, start(t, 0), 0, 1, 2, 4, 3, 5, 7, 6, 8)
	if got := board(step); got != "XOXXOOOXX" {
		t.Fatalf("board %q", got)
	}
	if step.Result == nil || step.Result.Reason != "board-full" || step.Result.Placings[0].Place != 1 || step.Result.Placings[1].Place != 1 {
		t.Errorf("%+v", step.Result)
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

func TestLegalMovesAreTheEmptyCells(t *testing.T) {
	step := play(t, start(t, 1), 8, 0, 4)
	want := []tictactoe.Move{{Cell: 1}, {Cell: 2}, {Cell: 3}, {Cell: 5}, {Cell: 6}, {Cell: 7}}
	if got := (tictactoe.Rules{}).LegalMoves(step.State, step.Await[0]); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestEverybodySeesEverything(t *testing.T) {
	step := play(t, start(t, 0), 2)
	for seat := games.Spectator; seat < 2; seat++ {
		view := tictactoe.Rules{}.View(step.State, seat)
		if !slices.Equal(view.Board, []string{"", "", "X", "", "", "", "", "", ""}) || !slices.Equal(view.Marks, []string{"X", "O"}) {
			t.Errorf("seat %d sees %+v", seat, view)
		}
	}
}
