package gamestest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"yourturn/games"
)

// do calls a rule twice, and holds the step that comes out against the laws.
func (t *table) do(what string, rule func(games.Env) (step, error)) (step, error) {
	once, err := rule(t.env())
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", what, err)
	}
	twice, err := rule(t.env())
	if err != nil {
		return step{}, fmt.Errorf("%s, again: %w", what, err)
	}
	if a, b := spellStep(once), spellStep(twice); a != b {
		return step{}, fmt.Errorf("%s: not deterministic: %s and then %s", what, a, b)
	}
	t.version++
	if err := t.check(once); err != nil {
		return step{}, fmt.Errorf("%s: %w", what, err)
	}
	t.story = append(t.story, what)
	return once, nil
}

// spellStep is all that a step says.
func spellStep(s step) string {
	state := s.State
	s.State = nil
	return fmt.Sprintf("%s %s", spell(s), state)
}

// check looks at a step by itself.
func (t *table) check(s step) error {
	for _, law := range []func(step) error{t.checkAwait, t.checkResult, t.checkEvents, t.checkState} {
		if err := law(s); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) checkAwait(s step) error {
	for i, seat := range s.Await {
		if !t.seated(seat) || slices.Contains(s.Await[:i], seat) {
			return fmt.Errorf("awaits seats %v of %d", s.Await, len(t.left))
		}
		if t.left[seat] {
			return fmt.Errorf("awaits seat %d, which has left", seat)
		}
	}
	switch {
	case s.Within < 0:
		return fmt.Errorf("gives %v, which is no time", s.Within)
	case s.Result != nil && len(s.Await) > 0:
		return fmt.Errorf("awaits seats %v of a game that is over", s.Await)
	case s.Result == nil && len(s.Await) == 0 && s.Within <= 0:
		return fmt.Errorf("awaits nobody, for no time, without a result")
	}
	return nil
}

func (t *table) seated(seat int) bool { return seat >= 0 && seat < len(t.left) }

// checkResult wants every seat placed. Where a game beats those who play it, the best of them may come second.
func (t *table) checkResult(s step) error {
	if s.Result == nil {
		return nil
	}
	placed := make([]bool, len(t.left))
	for _, p := range s.Result.Placings {
		if !t.seated(p.Seat) || placed[p.Seat] || p.Place < 1 || p.Place > len(placed)+1 {
			return fmt.Errorf("places seats of %d wrongly: %+v", len(placed), s.Result.Placings)
		}
		placed[p.Seat] = true
	}
	if s.Result.Reason == "" || slices.Contains(placed, false) {
		return fmt.Errorf("a result without a reason, or without all seats: %+v", s.Result)
	}
	return nil
}

// What a step may weigh. A state is written and read whole with every change; views and events travel to phones, on
// connections that people pay for.
const (
	maxState  = 256 << 10
	maxView   = 64 << 10
	maxEvents = 64 << 10
)

var eventKind = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// isReserved says that a word is a kind of event of the sessions themselves, for which clients would take it.
func isReserved(kind string) bool {
	switch kind {
	case "created", "matched", "joined", "left", "started", "move", "timed_out", "stepped", "forfeited", "finished",
		"migrated", "rematch":
		return true
	}
	return false
}

func (t *table) checkEvents(s step) error {
	size := 0
	for _, e := range s.Events {
		if !eventKind.MatchString(e.Kind) || isReserved(e.Kind) {
			return fmt.Errorf("an event of kind %q, which is not a game's", e.Kind)
		}
		if e.Seat != nil && !t.seated(*e.Seat) || slices.ContainsFunc(e.To, func(seat int) bool { return !t.seated(seat) }) {
			return fmt.Errorf("%s is told of a seat, or to one, that is not there: %+v", e.Kind, e)
		}
		data, err := json.Marshal(e.Data)
		if err != nil || e.Data != nil && data[0] != '{' {
			return errors.Join(fmt.Errorf("the data of %s is no JSON object: %s", e.Kind, data), err)
		}
		size += len(data)
	}
	if size > maxEvents {
		return fmt.Errorf("too large: events of %d bytes", size)
	}
	return nil
}

func (t *table) checkState(s step) error {
	if len(s.State) > maxState {
		return fmt.Errorf("too large: a state of %d bytes", len(s.State))
	}
	if !json.Valid(s.State) {
		return fmt.Errorf("the state is not JSON: %s", s.State)
	}
	_, err := t.view(s.State, t.chance.IntN(len(t.left)+1)+games.Spectator) // somebody: there are many games
	return err
}

// checkViews lets seats and a stranger look, and look again at the same state in other bytes.
func (t *table) checkViews(seats []int) error {
	respelled, err := respell(t.state)
	if err != nil {
		return fmt.Errorf("the state is not JSON: %w", err)
	}
	for _, seat := range append(seats, games.Spectator) {
		once, err := t.view(t.state, seat)
		if err != nil {
			return err
		}
		twice, err := t.view(respelled, seat)
		if err != nil {
			return fmt.Errorf("after a round trip of the state: %w", err)
		}
		if !bytes.Equal(once, twice) {
			return fmt.Errorf("seat %d sees %s, and then, after a round trip of the state, %s", seat, once, twice)
		}
	}
	return nil
}

func (t *table) view(state raw, seat int) (raw, error) {
	view, err := t.game.View(state, seat)
	if err != nil {
		return nil, fmt.Errorf("the view of seat %d: %w", seat, err)
	}
	if len(view) > maxView {
		return nil, fmt.Errorf("too large: a view of %d bytes", len(view))
	}
	return view, nil
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

// look tries, at some positions, what could happen there and mostly does not.
func (t *table) look() error {
	if err := t.askBots(); err != nil || t.chance.IntN(12) > 0 {
		return err
	}
	seats := t.some()
	if err := t.checkViews(seats); err != nil {
		return err
	}
	if err := t.checkList(); err != nil {
		return err
	}
	if err := t.copy().leave(pick(t.chance, seats)); err != nil {
		return err
	}
	if err := t.copy().expire(); err != nil {
		return err
	}
	return t.checkSecrets(pick(t.chance, seats))
}

// some are all seats of a small table, and eight neighbours at a large one.
func (t *table) some() []int {
	first, seats := t.chance.IntN(len(t.left)), []int{}
	for i := range min(8, len(t.left)) {
		seats = append(seats, (first+i)%len(t.left))
	}
	return seats
}
