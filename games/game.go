package games

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Game is rules with their types erased: configs, states, moves and views are JSON. Make one with [Define].
type Game interface {
	Info() Info
	// Schemas are the game's own types by their names in the OpenAPI document; Types names the three that matter.
	Schemas() map[string]*huma.Schema
	Types() Types

	// ParseConfig and ParseMove decode strictly (exact case, no unknown or repeated member, nothing behind the value),
	// check against the schema, and encode again: two values that mean the same become the same bytes. The error is an
	// [*Invalid] or, for a config that the rules refuse, a [*Refusal].
	ParseConfig(raw json.RawMessage) (json.RawMessage, error)
	ParseMove(raw json.RawMessage) (json.RawMessage, error)

	Start(Setup[json.RawMessage]) (Step[json.RawMessage], error)
	Apply(state json.RawMessage, seat int, move json.RawMessage, env Env) (Step[json.RawMessage], error)
	View(state json.RawMessage, seat int) (json.RawMessage, error)

	// LegalMoves is nil when the game cannot list them.
	LegalMoves(state json.RawMessage, seat int) ([]json.RawMessage, error)
	// Timeout acts for the absent seats. With a game that has no rule for it, ok is false: they forfeit.
	Timeout(state json.RawMessage, absent []int, env Env) (step Step[json.RawMessage], ok bool, err error)
	// Leave plays on without a seat. With a game that cannot, ok is false.
	Leave(state json.RawMessage, seat int, env Env) (step Step[json.RawMessage], ok bool, err error)
	// Next takes the server's own step after a pause.
	Next(state json.RawMessage, env Env) (Step[json.RawMessage], error)
	// Join seats somebody while the game is on. With a game that cannot, ok is false; JoinsLate says so beforehand.
	Join(state json.RawMessage, seat int, env Env) (step Step[json.RawMessage], ok bool, err error)
	JoinsLate() bool
	// Migrate brings a state of older rules up to these. With a game that cannot, ok is false.
	Migrate(from int, state json.RawMessage) (migrated json.RawMessage, ok bool, err error)
	// BotMove chooses a move for one of the seats awaited in this turn (those whose moves are kept among them), from what
	// that seat may see. HasBots says beforehand that it can.
	BotMove(state json.RawMessage, awaited []int, seat int, level Level, env Env) (json.RawMessage, error)
	HasBots() bool
	// Imagine makes up a state that the seat cannot tell from this one. With a game that cannot, ok is false.
	Imagine(state json.RawMessage, seat int, env Env) (imagined json.RawMessage, ok bool, err error)
}

// Types are the schema names of what travels: "TicTacToeConfig", "TicTacToeMove", "TicTacToeView".
type Types struct{ Config, Move, View string }

var (
	gameName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	typeName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,31}$`)
)

// Define makes a Game of rules. It panics when they describe themselves wrongly: a fault that no start-up should survive.
func Define[Config, State, Move, View any](rules Rules[Config, State, Move, View]) Game {
	info := rules.Describe()
	switch {
	case !gameName.MatchString(info.Name):
		panic(fmt.Sprintf("games: %q is not a game's name", info.Name))
	case !typeName.MatchString(info.TypeName):
		panic(fmt.Sprintf("games: %q cannot begin the names of the types of %s", info.TypeName, info.Name))
	case info.Title == "" || info.Version < 1:
		panic(fmt.Sprintf("games: %s lacks a title or a version", info.Name))
	case info.MinSeats < 1 || info.MaxSeats < info.MinSeats:
		panic(fmt.Sprintf("games: %s seats %d to %d", info.Name, info.MinSeats, info.MaxSeats))
	case info.TurnSeconds < MinTurnSeconds || info.TurnSeconds > MaxTurnSeconds:
		panic(fmt.Sprintf("games: a turn of %s takes %d s by default", info.Name, info.TurnSeconds))
	}
	for i, role := range info.Roles {
		if role == "" || slices.Contains(info.Roles[:i], role) {
			panic(fmt.Sprintf("games: %s has a role without a name, or one twice: %q", info.Name, info.Roles))
		}
	}
	if problem := misfit(rules); problem != "" {
		panic(fmt.Sprintf("games: %s of %s", problem, info.Name))
	}
	registry := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		return info.TypeName + huma.DefaultSchemaNamer(t, hint)
	})
	return &erased[Config, State, Move, View]{
		rules:    rules,
		info:     info,
		registry: registry,
		config:   newShape[Config](registry, "Config"),
		move:     newShape[Move](registry, "Move"),
		view:     newShape[View](registry, "View"),
	}
}

// How long a turn may take, in seconds: five seconds to thirty days.
const (
	MinTurnSeconds = 5
	MaxTurnSeconds = 30 * 24 * 60 * 60
)

type erased[Config, State, Move, View any] struct {
	rules    Rules[Config, State, Move, View]
	info     Info
	registry huma.Registry
	config   shape[Config]
	move     shape[Move]
	view     shape[View]
	strict   bool
}

func (g *erased[C, S, M, V]) Info() Info                       { return g.info }
func (g *erased[C, S, M, V]) Schemas() map[string]*huma.Schema { return g.registry.Map() }
func (g *erased[C, S, M, V]) Types() Types {
	return Types{Config: g.config.name, Move: g.move.name, View: g.view.name}
}

func (g *erased[C, S, M, V]) ParseConfig(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		raw = json.RawMessage(`{}`)
	}
	config, err := g.config.parse(raw)
	if err != nil {
		return nil, err
	}
	if rules, ok := any(g.rules).(Configurer[C]); ok {
		if config, err = rules.Configure(config); err != nil {
			return nil, err
		}
	}
	return json.Marshal(config)
}

func (g *erased[C, S, M, V]) ParseMove(raw json.RawMessage) (json.RawMessage, error) {
	move, err := g.move.parse(raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(move)
}

func (g *erased[C, S, M, V]) Start(setup Setup[json.RawMessage]) (Step[json.RawMessage], error) {
	config, err := unmarshal[C](setup.Config)
	if err != nil {
		return Step[json.RawMessage]{}, err
	}
	return g.step([]any{config, setup.Roles}, func() (Step[S], error) {
		return g.rules.Start(Setup[C]{Env: setup.Env, Config: config, Roles: setup.Roles})
	})
}

func (g *erased[C, S, M, V]) Apply(state json.RawMessage, seat int, move json.RawMessage, env Env) (Step[json.RawMessage], error) {
	s, err := unmarshal[S](state)
	if err != nil {
		return Step[json.RawMessage]{}, err
	}
	m, err := unmarshal[M](move)
	if err != nil {
		return Step[json.RawMessage]{}, err
	}
	return g.step(s, func() (Step[S], error) { return g.rules.Apply(s, seat, m, env) })
}

func (g *erased[C, S, M, V]) View(state json.RawMessage, seat int) (json.RawMessage, error) {
	s, err := unmarshal[S](state)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	err = g.pure(s, func() (err error) {
		raw, err = json.Marshal(g.rules.View(s, seat))
		return err
	})
	if err == nil && g.strict {
		err = g.view.fits(raw)
	}
	return raw, err
}

func (g *erased[C, S, M, V]) LegalMoves(state json.RawMessage, seat int) ([]json.RawMessage, error) {
	rules, ok := any(g.rules).(LegalMover[S, M])
	if !ok {
		return nil, nil
	}
	s, err := unmarshal[S](state)
	if err != nil {
		return nil, err
	}
	moves := []json.RawMessage{}
	err = g.pure(s, func() error {
		for _, move := range rules.LegalMoves(s, seat) {
			raw, err := json.Marshal(move)
			if err != nil {
				return err
			}
			moves = append(moves, raw)
		}
		return nil
	})
	return moves, err
}

func (g *erased[C, S, M, V]) Timeout(state json.RawMessage, absent []int, env Env) (step Step[json.RawMessage], ok bool, err error) {
	rules, ok := any(g.rules).(Timeouter[S])
	if !ok {
		return step, false, nil
	}
	s, err := unmarshal[S](state)
	if err != nil {
		return step, true, err
	}
	step, err = g.step([]any{s, absent}, func() (Step[S], error) { return rules.Timeout(s, absent, env) })
	return step, true, err
}

func (g *erased[C, S, M, V]) Leave(state json.RawMessage, seat int, env Env) (step Step[json.RawMessage], ok bool, err error) {
	rules, ok := any(g.rules).(Leaver[S])
	if !ok {
		return step, false, nil
	}
	s, err := unmarshal[S](state)
	if err != nil {
		return step, true, err
	}
	step, err = g.step(s, func() (Step[S], error) { return rules.Leave(s, seat, env) })
	return step, true, err
}

func (g *erased[C, S, M, V]) JoinsLate() bool {
	_, ok := any(g.rules).(Joiner[S])
	return ok
}

func (g *erased[C, S, M, V]) Join(state json.RawMessage, seat int, env Env) (step Step[json.RawMessage], ok bool, err error) {
	rules, ok := any(g.rules).(Joiner[S])
	if !ok {
		return step, false, nil
	}
	s, err := unmarshal[S](state)
	if err != nil {
		return step, true, err
	}
	step, err = g.step(s, func() (Step[S], error) { return rules.Join(s, seat, env) })
	return step, true, err
}

func (g *erased[C, S, M, V]) Migrate(from int, state json.RawMessage) (migrated json.RawMessage, ok bool, err error) {
	rules, ok := any(g.rules).(Migrator[S])
	if !ok {
		return nil, false, nil
	}
	s, err := rules.Migrate(from, state)
	if err != nil {
		return nil, true, err
	}
	migrated, err = json.Marshal(s)
	return migrated, true, err
}

func (g *erased[C, S, M, V]) Next(state json.RawMessage, env Env) (Step[json.RawMessage], error) {
	rules, ok := any(g.rules).(Stepper[S])
	if !ok {
		return Step[json.RawMessage]{}, fmt.Errorf("%s awaits nobody and has no step of its own", g.info.Name)
	}
	s, err := unmarshal[S](state)
	if err != nil {
		return Step[json.RawMessage]{}, err
	}
	return g.step(s, func() (Step[S], error) { return rules.Next(s, env) })
}

func unmarshal[T any](raw json.RawMessage) (value T, err error) {
	err = json.Unmarshal(raw, &value)
	return value, err
}

func erase[S any](step Step[S], err error) (Step[json.RawMessage], error) {
	if err != nil {
		return Step[json.RawMessage]{}, err
	}
	state, err := json.Marshal(step.State)
	if err != nil {
		return Step[json.RawMessage]{}, err
	}
	return Step[json.RawMessage]{
		State: state, Await: step.Await, Within: step.Within,
		Events: step.Events, Hidden: step.Hidden, Result: step.Result,
	}, nil
}
