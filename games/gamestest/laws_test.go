package gamestest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

// A law that no game can break says nothing. Each of these games breaks one, and is a good game otherwise.

type honest struct{ games.Game }

type forgetful struct { // it remembers calls
	games.Game
	calls int
}

func (g *forgetful) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	g.calls++
	s.Events = append(s.Events, games.Event{Kind: "marked", Data: map[string]int{"call": g.calls}})
	return s, err
}

type scribbler struct{ games.Game }

func (g scribbler) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	state[len(state)-2] ^= 1 // whose turn it is: "next":0}
	return s, err
}

type endless struct{ games.Game }

func (g endless) Apply(state raw, seat int, _ raw, _ games.Env) (step, error) {
	return step{State: state, Await: []int{1 - seat}}, nil
}

type generous struct{ games.Game } // lists what it refuses

func (g generous) LegalMoves(raw, int) ([]raw, error) {
	return []raw{raw(`{"cell":0}`), raw(`{"cell":4}`), raw(`{"cell":8}`)}, nil
}

type foreign struct{ games.Game } // lists what it cannot read

func (g foreign) LegalMoves(raw, int) ([]raw, error) { return []raw{raw(`{"cell": 0}`)}, nil }

type stingy struct{ games.Game }

func (g stingy) LegalMoves(raw, int) ([]raw, error) { return []raw{}, nil }

type panicking struct{ games.Game }

func (g panicking) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	if string(move) == `{"cell":8}` {
		panic("cell 8")
	}
	return g.Game.Apply(state, seat, move, env)
}

type flickering struct {
	games.Game
	looks int
}

func (g *flickering) View(raw, int) (raw, error) {
	g.looks++
	return fmt.Append(nil, g.looks), nil
}

type literal struct{ games.Game } // looks at the spelling of its state

func (g literal) View(state raw, _ int) (raw, error) { return fmt.Append(nil, len(state)), nil }

type garbled struct{ games.Game }

func (g garbled) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	s.State = raw(`{"board":`)
	return s, err
}

type strange struct { // any step that is not whole
	games.Game
	change func(*step)
}

func (g strange) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	g.change(&s)
	return s, err
}

func TestLawsCatchABrokenGame(t *testing.T) {
	good := games.Define(tictactoe.Rules{})
	for name, c := range map[string]struct {
		game games.Game
		says string
	}{
		"honest":          {honest{good}, ""},
		"not the same":    {&forgetful{Game: good}, "not deterministic"},
		"changes a state": {scribbler{good}, "not pure"},
		"endless":         {endless{good}, "no end"},
		"refuses":         {generous{good}, "cell-taken"},
		"cannot read":     {foreign{good}, "is read as"},
		"nothing to play": {stingy{good}, "has no legal move"},
		"panics":          {panicking{good}, "panic: cell 8"},
		"flickers":        {&flickering{Game: good}, "and then"},
		"spelling":        {literal{good}, "and then"},
		"garbled":         {garbled{good}, "not JSON"},
		"seat 2 of 2":     {strange{good, func(s *step) { s.Await = []int{2} }}, "awaits seats"},
		"a seat twice":    {strange{good, func(s *step) { s.Await = []int{0, 0} }}, "awaits seats"},
		"nobody, never":   {strange{good, func(s *step) { s.Await = nil; s.Result = nil }}, "awaits nobody"},
		"nobody, later":   {strange{good, func(s *step) { s.Await, s.Result, s.Within = nil, nil, time.Second }}, "no step of its own"},
		"half a result":   {strange{good, func(s *step) { s.Result = games.Winner("x", 1, 0) }}, "without all seats"},
		"place 0": {strange{good, func(s *step) {
			s.Result = &games.Result{Reason: "x", Placings: []games.Placing{{Seat: 0}, {Seat: 1, Place: 1}}}
		}}, "wrongly"},
		"without reason": {strange{good, func(s *step) { s.Result = games.Draw("", 2) }}, "without a reason"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			for seed := range uint64(100) {
				if err = play(c.game, seed); err != nil {
					break
				}
			}
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("the laws say %v, want %q", err, c.says)
			}
		})
	}
}

// A game that does not list its moves can be started and looked at, and no more.
func TestLawsLeaveAnUnlistedGameAlone(t *testing.T) {
	if err := play(unlisted{games.Define(tictactoe.Rules{})}, 1); err != nil {
		t.Error(err)
	}
}

type unlisted struct{ games.Game }

func (unlisted) LegalMoves(raw, int) ([]raw, error) { return nil, nil }

func (unlisted) Apply(json.RawMessage, int, json.RawMessage, games.Env) (step, error) {
	panic("nobody may play")
}
