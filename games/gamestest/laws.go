// Package gamestest holds the laws that every game must keep, because the rest of the program relies on them: a history
// is replayed, a retry is compared, a view is cached, and a move that was taken is never refused afterwards.
//
// A game's own test is one line:
//
//	func TestLaws(t *testing.T) { gamestest.Laws(t, games.Define(Rules{})) }
package gamestest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"yourturn/games"
)

const (
	plays    = 2000 // random games
	maxSteps = 1000 // of one game, before it counts as endless
)

// Laws plays random games, each from a seed of its own, and fails at the first law that is broken:
//
//   - determinism: the same call gives the same bytes
//   - purity: nobody changes what they are given
//   - whole steps: a game is over, or awaits seats that exist, or has set itself an alarm; a result places every seat
//   - round trip: a state is JSON, and means the same however it is spelled
//   - stable views: everybody can look at any time, and sees the same twice
//   - honest moves: what a seat is told it may play is accepted, also when others of the same turn play before it
//   - an end: a game of random moves does not go on for ever
//   - no panic, whatever happens
//
// A game that does not list its legal moves is only started and looked at.
func Laws(t *testing.T, game games.Game) {
	t.Helper()
	for seed := range uint64(plays) {
		if err := play(game, seed); err != nil {
			t.Fatalf("%s, seed %d: %v", game.Info().Name, seed, err)
		}
	}
}

type (
	raw  = json.RawMessage
	step = games.Step[raw]
)

// table is one random game in progress.
type table struct {
	game    games.Game
	chance  *rand.Rand // of the test, not of the game
	seed    uint64
	version uint64
	seats   int
	now     time.Time
}

func play(game games.Game, seed uint64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	t := &table{game: game, chance: rand.New(rand.NewPCG(seed, 0)), seed: seed, now: time.Unix(1_700_000_000, 0).UTC()}
	now, err := t.start()
	for range maxSteps {
		if err != nil || now.Result != nil {
			return err
		}
		if now, err = t.next(now); errors.Is(err, errUnlisted) {
			return nil
		}
	}
	return fmt.Errorf("no end after %d steps", maxSteps)
}

func (t *table) start() (step, error) {
	info := t.game.Info()
	t.seats = info.MinSeats + t.chance.IntN(info.MaxSeats-info.MinSeats+1)
	roles := make([]string, t.seats)
	copy(roles, info.Roles)
	config, err := t.game.ParseConfig(nil)
	if err != nil {
		return step{}, fmt.Errorf("the config that says nothing: %w", err)
	}
	return t.do("start", func(env games.Env) (step, error) {
		return t.game.Start(games.Setup[raw]{Env: env, Config: config, Roles: slices.Clone(roles)})
	}, config)
}

var errUnlisted = errors.New("the game does not list its legal moves")

// next does what comes next: the server's own step, somebody who leaves, time that runs out, or the moves of a turn.
func (t *table) next(now step) (step, error) {
	t.now = t.now.Add(time.Duration(t.chance.IntN(3600)) * time.Second)
	state := now.State
	if len(now.Await) == 0 {
		return t.do("the server's step", func(env games.Env) (step, error) { return t.game.Next(state, env) }, state)
	}
	switch t.chance.IntN(50) {
	case 0:
		return t.optional("timeout", now, func(env games.Env) (step, bool, error) { return t.game.Timeout(state, now.Await, env) })
	case 1:
		seat := now.Await[t.chance.IntN(len(now.Await))]
		return t.optional("leave", now, func(env games.Env) (step, bool, error) { return t.game.Leave(state, seat, env) })
	}
	return t.turn(now)
}

// optional does what not every game can; the others go on as if nothing had happened.
func (t *table) optional(what string, now step, rule func(games.Env) (step, bool, error)) (step, error) {
	if _, ok, _ := rule(t.env()); !ok {
		return t.turn(now)
	}
	return t.do(what, func(env games.Env) (step, error) {
		after, _, err := rule(env)
		return after, err
	}, now.State)
}

// turn lets each awaited seat choose while it knows nothing of the others, and then plays the moves in the order of
// the seats, as a session does.
func (t *table) turn(now step) (after step, err error) {
	seats := slices.Sorted(slices.Values(now.Await))
	chosen := make([]raw, len(seats))
	for i, seat := range seats {
		if chosen[i], err = t.choose(now.State, seat); err != nil {
			return step{}, err
		}
		if len(seats) == 1 {
			break // it is tried below
		}
		if _, err := t.game.Apply(now.State, seat, chosen[i], t.env()); err != nil {
			return step{}, fmt.Errorf("the legal move %s of seat %d: %w", chosen[i], seat, err)
		}
	}
	state := now.State
	for i, seat := range seats {
		after, err = t.do(fmt.Sprintf("seat %d plays %s", seat, chosen[i]), func(env games.Env) (step, error) {
			return t.game.Apply(state, seat, chosen[i], env)
		}, state, chosen[i])
		if err != nil || after.Result != nil {
			return after, err
		}
		state = after.State
	}
	return after, nil
}

func (t *table) choose(state raw, seat int) (raw, error) {
	moves, err := t.game.LegalMoves(state, seat)
	switch {
	case err != nil:
		return nil, fmt.Errorf("legal moves of seat %d: %w", seat, err)
	case moves == nil:
		return nil, errUnlisted
	case len(moves) == 0:
		return nil, fmt.Errorf("seat %d must move and has no legal move in %s", seat, state)
	}
	move := moves[t.chance.IntN(len(moves))]
	parsed, err := t.game.ParseMove(move)
	if err != nil {
		return nil, fmt.Errorf("the legal move %s of seat %d cannot be read: %w", move, seat, err)
	}
	if !bytes.Equal(parsed, move) {
		return nil, fmt.Errorf("the legal move %s of seat %d is read as %s", move, seat, parsed)
	}
	return move, nil
}

// env is the same for every call until the version is raised.
func (t *table) env() games.Env {
	return games.Env{Now: t.now, Rand: rand.New(rand.NewPCG(t.seed, t.version))}
}

// do calls a rule twice, and holds what comes out and what went in against the laws.
func (t *table) do(what string, rule func(games.Env) (step, error), given ...raw) (step, error) {
	before := make([]raw, len(given))
	for i := range given {
		before[i] = slices.Clone(given[i])
	}
	once, err := rule(t.env())
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", what, err)
	}
	for i := range given {
		if !bytes.Equal(before[i], given[i]) {
			return step{}, fmt.Errorf("%s: not pure: it has changed %s to %s", what, before[i], given[i])
		}
	}
	twice, err := rule(t.env())
	if err != nil {
		return step{}, fmt.Errorf("%s, again: %w", what, err)
	}
	t.version++
	a, err := json.Marshal(once)
	if err != nil {
		return step{}, fmt.Errorf("%s: the step is not JSON: %w", what, err)
	}
	if b, err := json.Marshal(twice); err != nil || !bytes.Equal(a, b) {
		return step{}, fmt.Errorf("%s: not deterministic: %s and then %s", what, a, b)
	}
	if err := t.check(once); err != nil {
		return step{}, fmt.Errorf("%s: %w", what, err)
	}
	return once, nil
}

// check looks at a step by itself.
func (t *table) check(s step) error {
	for i, seat := range s.Await {
		if seat < 0 || seat >= t.seats || slices.Contains(s.Await[:i], seat) {
			return fmt.Errorf("awaits seats %v of %d", s.Await, t.seats)
		}
	}
	if s.Result == nil && len(s.Await) == 0 && s.Within <= 0 {
		return fmt.Errorf("awaits nobody, for no time, without a result")
	}
	if s.Result != nil {
		if err := t.checkResult(s.Result); err != nil {
			return err
		}
	}
	respelled, err := respell(s.State)
	if err != nil {
		return fmt.Errorf("the state is not JSON: %w", err)
	}
	return t.checkView(s.State, respelled, t.chance.IntN(t.seats+1)+games.Spectator) // somebody: there are many games
}

func (t *table) checkResult(result *games.Result) error {
	placed := make([]bool, t.seats)
	for _, p := range result.Placings {
		if p.Seat < 0 || p.Seat >= t.seats || placed[p.Seat] || p.Place < 1 || p.Place > t.seats {
			return fmt.Errorf("places seats of %d wrongly: %+v", t.seats, result.Placings)
		}
		placed[p.Seat] = true
	}
	if result.Reason == "" || slices.Contains(placed, false) {
		return fmt.Errorf("a result without a reason, or without all seats: %+v", result)
	}
	return nil
}

func (t *table) checkView(state, respelled raw, seat int) error {
	once, err := t.game.View(state, seat)
	if err != nil {
		return fmt.Errorf("the view of seat %d: %w", seat, err)
	}
	twice, err := t.game.View(respelled, seat)
	if err != nil {
		return fmt.Errorf("the view of seat %d after a round trip of the state: %w", seat, err)
	}
	if !bytes.Equal(once, twice) {
		return fmt.Errorf("seat %d sees %s, and then, after a round trip of the state, %s", seat, once, twice)
	}
	return nil
}

// respell is the same JSON in other bytes.
func respell(state raw) (raw, error) {
	var value any
	in := json.NewDecoder(bytes.NewReader(state))
	in.UseNumber()
	if err := in.Decode(&value); err != nil {
		return nil, err
	}
	return json.MarshalIndent(value, "", " ")
}
