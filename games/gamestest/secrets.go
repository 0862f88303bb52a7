package gamestest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"yourturn/games"
)

// checkSecrets holds what a seat can learn against what it sees.
func (t *table) checkSecrets(seat int) error {
	if err := t.checkHidden(); err != nil {
		return err
	}
	imagined, ok, err := t.imagine(seat)
	if err != nil {
		return fmt.Errorf("what seat %d imagines: %w", seat, err)
	}
	if !ok {
		return nil
	}
	for _, law := range []func(raw, int) error{t.checkSight, t.checkChoice, t.checkNews} {
		if err := law(imagined, seat); err != nil {
			return fmt.Errorf("seat %d imagines %s in place of %s: %w", seat, imagined, t.state, err)
		}
	}
	return nil
}

// imagine makes up a state, twice, on dice that are not those of the game.
func (t *table) imagine(seat int) (imagined raw, ok bool, err error) {
	env := func() games.Env { return games.Env{Now: t.now, Rand: rand.New(rand.NewPCG(^t.seed, t.version))} }
	imagined, ok, err = t.game.Imagine(t.state, seat, env())
	if err != nil || !ok {
		return nil, ok, err
	}
	again, _, err := t.game.Imagine(t.state, seat, env())
	if err == nil && !bytes.Equal(imagined, again) {
		err = fmt.Errorf("not deterministic: %s and then %s", imagined, again)
	}
	return imagined, true, err
}

// checkSight: what is made up looks the same.
func (t *table) checkSight(imagined raw, seat int) error {
	seen, err := t.view(t.state, seat)
	if err != nil {
		return err
	}
	again, err := t.view(imagined, seat)
	if err != nil {
		return err
	}
	if !bytes.Equal(seen, again) {
		return fmt.Errorf("a leak: it sees %s, and would see %s", seen, again)
	}
	return nil
}

// checkChoice: what is made up offers the same moves, plays the same, and refuses others in the same words.
func (t *table) checkChoice(imagined raw, seat int) error {
	if !slices.Contains(t.await, seat) {
		return nil
	}
	listed, err := t.listed(seat)
	if err != nil || listed == nil {
		return err
	}
	again, err := t.game.LegalMoves(imagined, seat)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(listed, again, sameBytes) {
		return fmt.Errorf("a leak: its legal moves are %s, and would be %s", listed, again)
	}
	for _, move := range []raw{pick(t.chance, listed), pick(t.chance, t.known.moves)} {
		_, truly := t.game.Apply(t.state, seat, move, t.env())
		_, would := t.game.Apply(imagined, seat, move, t.env())
		if fmt.Sprint(truly) != fmt.Sprint(would) {
			return fmt.Errorf("a leak: its move %s is answered with %q, and would be with %q", move, fmt.Sprint(truly), fmt.Sprint(would))
		}
	}
	return nil
}

// checkNews: when the same happens in both states and they still look the same, the seat hears the same.
func (t *table) checkNews(imagined raw, seat int) error {
	ahead := t.copy()
	what, rule, err := ahead.happening()
	if err != nil || rule == nil {
		return err
	}
	would, refused := rule(imagined, ahead.env())
	truly, err := ahead.do(what, func(env games.Env) (step, error) { return rule(t.state, env) })
	switch {
	case err != nil:
		return err
	case isRefusal(refused):
		return nil // a move that nobody could make there
	case refused != nil:
		return fmt.Errorf("%s there: %w", what, refused)
	}
	if err := t.sameNews(truly, would, seat); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// happening is something that can come next, whatever is hidden, and makes it the time for it; nil, when nobody knows.
func (t *table) happening() (what string, rule func(state raw, env games.Env) (step, error), err error) {
	if len(t.await) == 0 {
		t.waitForTheEnd()
		return "the server's step", t.game.Next, nil
	}
	_, ok, err := t.game.Timeout(t.state, slices.Clone(t.await), t.env())
	if err == nil && ok && len(t.kept) == 0 && t.chance.IntN(4) == 0 {
		t.waitForTheEnd()
		return "time running out", func(state raw, env games.Env) (step, error) {
			s, _, err := t.game.Timeout(state, slices.Clone(t.await), env)
			return s, err
		}, nil
	}
	moves, movers := maps.Clone(t.kept), t.await
	if t.info.AtOnce {
		movers = []int{pick(t.chance, t.await)}
	}
	for _, seat := range movers {
		if moves[seat], err = t.legal(seat); err != nil || moves[seat] == nil {
			return "", nil, err
		}
	}
	return "the moves " + spell(moves), func(state raw, env games.Env) (step, error) { return t.playAll(state, moves, env) }, nil
}

// legal is some legal move of an awaited seat; nil, when nobody knows one.
func (t *table) legal(seat int) (raw, error) {
	listed, err := t.listed(seat)
	switch {
	case err != nil:
		return nil, err
	case listed != nil:
		return pick(t.chance, listed), nil
	case !t.game.HasBots():
		return nil, nil
	}
	for range min(3, len(t.known.moves)) { // for the same dice a bot plays the same
		move := pick(t.chance, t.known.moves)
		if _, err := t.game.Apply(t.state, seat, move, t.env()); err == nil {
			return move, nil
		}
	}
	return t.botMove(seat, pick(t.chance, games.Levels))
}

// checkHidden: after either of two moves that are hidden, those to whom the table looks the same hear the same.
func (t *table) checkHidden() error {
	if len(t.await) == 0 || !t.info.AtOnce && len(t.await)+len(t.kept) > 1 {
		return nil // nothing is played, or not yet
	}
	mover := pick(t.chance, t.await)
	var moves [2]raw
	var steps [2]step
	for i := range moves {
		var err error
		if moves[i], err = t.legal(mover); err != nil || moves[i] == nil {
			return err
		}
		steps[i], err = t.copy().do(fmt.Sprintf("seat %d plays %s", mover, moves[i]), func(env games.Env) (step, error) {
			return t.game.Apply(t.state, mover, moves[i], env)
		})
		if err != nil {
			return err
		}
		if !steps[i].Hidden {
			return nil
		}
	}
	for _, viewer := range append(without(t.some(), mover), games.Spectator) {
		if err := t.sameNews(steps[0], steps[1], viewer); err != nil {
			return fmt.Errorf("seat %d plays %s or %s, which is hidden: %w", mover, moves[0], moves[1], err)
		}
	}
	return nil
}

// sameNews fails when a viewer sees the same after two steps, and is told what tells them apart.
func (t *table) sameNews(a, b step, viewer int) error {
	var seen, told [2]string
	for i, s := range []step{a, b} {
		view, err := t.view(s.State, viewer)
		if err != nil {
			return err
		}
		slices.Sort(s.Await)
		seen[i] = spell([]any{view, s.Await, s.Within, s.Hidden, s.Result}) // all of it is told to everybody
		told[i] = news(s, viewer)
	}
	if seen[0] == seen[1] && told[0] != told[1] {
		return fmt.Errorf("a leak: seat %d sees the same, and is told %s or %s", viewer, told[0], told[1])
	}
	return nil
}

// news are the events of a step as a viewer hears them.
func news(s step, viewer int) string {
	heard := []games.Event{}
	for _, e := range s.Events {
		if e.To == nil || slices.Contains(e.To, viewer) {
			heard = append(heard, games.Event{Kind: e.Kind, Seat: e.Seat, Data: e.Data})
		}
	}
	return spell(heard)
}

func spell(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
