package games

import (
	"encoding/json"
	"fmt"
)

// Level is how well a bot plays.
type Level string

// The levels of bots.
const (
	Easy   Level = "easy"
	Normal Level = "normal"
	Hard   Level = "hard"
)

// Levels are all levels, the weakest first.
var Levels = []Level{Easy, Normal, Hard}

func (g *erased[C, S, M, V]) HasBots() bool {
	_, listed := any(g.rules).(LegalMover[S, M])
	_, chosen := any(g.rules).(BotMover[M, V])
	return listed || chosen
}

func (g *erased[C, S, M, V]) BotMove(state json.RawMessage, awaited []int, seat int, level Level, env Env) (json.RawMessage, error) {
	s, err := unmarshal[S](state)
	if err != nil {
		return nil, err
	}
	view := g.rules.View(s, seat)
	if rules, ok := any(g.rules).(BotMover[M, V]); ok {
		var move M
		err := g.pure(view, func() error {
			move = rules.BotMove(view, seat, level, env)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return json.Marshal(move)
	}
	rules, ok := any(g.rules).(LegalMover[S, M])
	if !ok {
		return nil, fmt.Errorf("%s has no bots", g.info.Name)
	}
	moves := rules.LegalMoves(s, seat)
	if len(moves) == 0 {
		return nil, fmt.Errorf("%s awaits seat %d, which has no legal move", g.info.Name, seat)
	}
	if len(moves) == 1 {
		return json.Marshal(moves[0])
	}
	return json.Marshal(g.think(view, awaited, seat, moves, level, env))
}

func (g *erased[C, S, M, V]) Imagine(state json.RawMessage, seat int, env Env) (imagined json.RawMessage, ok bool, err error) {
	s, err := unmarshal[S](state)
	if err != nil {
		return nil, false, err
	}
	view := g.rules.View(s, seat)
	err = g.pure(view, func() error {
		var made S
		if made, ok = imagine(g.rules, view, seat, env); !ok {
			return nil
		}
		imagined, err = json.Marshal(made)
		return err
	})
	return imagined, ok, err
}

// imagine makes up a state from what a seat sees; ok is false when the rules do not say how.
func imagine[C, S, M, V any](rules Rules[C, S, M, V], view V, seat int, env Env) (imagined S, ok bool) {
	if open, same := any(view).(S); same {
		return open, true // nothing is hidden
	}
	imaginer, ok := any(rules).(Imaginer[S, V])
	if !ok {
		return imagined, false
	}
	return imaginer.Imagine(view, seat, env), true
}
