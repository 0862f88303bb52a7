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

func (g *erased[C, S, M, V]) BotMove(state json.RawMessage, seat int, level Level, env Env) (json.RawMessage, error) {
	s, err := unmarshal[S](state)
	if err != nil {
		return nil, err
	}
	if rules, ok := any(g.rules).(BotMover[M, V]); ok {
		return json.Marshal(rules.BotMove(g.rules.View(s, seat), seat, level, env))
	}
	rules, ok := any(g.rules).(LegalMover[S, M])
	if !ok {
		return nil, fmt.Errorf("%s has no bots", g.info.Name)
	}
	moves := rules.LegalMoves(s, seat)
	if len(moves) == 0 {
		return nil, fmt.Errorf("%s awaits seat %d, which has no legal move", g.info.Name, seat)
	}
	return json.Marshal(moves[env.Rand.IntN(len(moves))])
}
