package session

import (
	"bytes"
	"encoding/json"
	"slices"

	"yourturn/games"
)

// How people come to a table and go from it: before the game, while it is on, and for good.

func (t *turn) sit(players []Seated) error {
	info := t.game.Info()
	for _, p := range players {
		if len(t.Seats) >= t.mostSeats(t.game) {
			return ErrFull
		}
		role, err := t.role(info, p.Role)
		if err != nil {
			return err
		}
		number := t.freeSeat()
		if p.Seat != nil {
			number = *p.Seat
		}
		t.Seats = append(t.Seats, Seat{Number: number, Player: p.Player, Bot: p.Bot, Role: role, DisplayName: p.Name})
		t.answer(p.Player, AnswerYes)
		slices.SortFunc(t.Seats, func(a, b Seat) int { return a.Number - b.Number })
	}
	return nil
}

// role checks the role that somebody asks for.
func (t *turn) role(info games.Info, asked string) (string, error) {
	if asked == "" {
		return "", nil // given out when the session starts
	}
	if !slices.Contains(info.Roles, asked) {
		return "", ErrNoSuchRole
	}
	if !slices.Contains(t.FreeRoles(info), asked) {
		return "", ErrRoleTaken
	}
	return asked, nil
}

func (t *turn) getUp(seat int) error {
	if s, ok := t.seat(seat); ok {
		t.answer(s.Player, AnswerNo)
		t.withdraw(s.Player)
	}
	t.Seats = slices.DeleteFunc(t.Seats, func(s Seat) bool { return s.Number == seat })
	if !t.hasOtherPeople(seat) {
		return t.finish(&games.Result{Reason: "abandoned"})
	}
	return nil
}

// joinLate seats somebody while the game is on, or brings back somebody who sits there.
func (t *turn) joinLate(act Act) error {
	if !t.game.JoinsLate() {
		return ErrStarted
	}
	seat := act.Seat
	newcomer := seat == len(t.Seats)
	if newcomer {
		if err := t.sit(act.Players); err != nil {
			return err
		}
	}
	step, _, err := t.game.Join(t.State, seat, t.env())
	switch {
	case err != nil:
		return err
	case !newcomer && bytes.Equal(step.State, t.State):
		return errUnchanged
	case !t.goesOn(step, seat):
		return t.settle(step)
	}
	if _, moved := t.Pending[seat]; slices.Contains(step.Await, seat) && !moved && !t.MustMove(seat) { // once in a turn
		t.Await = slices.Sorted(slices.Values(append(t.Await, seat)))
	}
	return t.stay(step)
}

func (t *turn) forfeit(seat int) error {
	if t.RulesVersion != t.game.Info().Version {
		return t.giveUp("forfeit", []int{seat})
	}
	if !t.hasOtherPeople(seat) {
		return t.lastForfeit(seat)
	}
	step, ok, err := t.game.Leave(t.State, seat, t.env())
	if err != nil {
		return err
	}
	if !ok {
		return t.giveUp("forfeit", []int{seat})
	}
	goesOn, paused := t.goesOn(step, seat), t.serverMoves()
	t.markLeft(seat)
	delete(t.Pending, seat)
	t.Await = without(t.Await, seat)
	if !goesOn {
		return t.settle(step)
	}
	if err := t.stay(step); err != nil || len(t.Await) > 0 || paused {
		return err
	}
	if step, err = t.applyPending(); err != nil {
		return err
	}
	return t.settle(step)
}

// lastForfeit ends the game when nobody is left but bots. When all have left, the rules may say what each has come to.
func (t *turn) lastForfeit(seat int) error {
	if slices.ContainsFunc(t.Seats, func(s Seat) bool { return s.isBot() }) {
		return t.giveUp("forfeit", []int{seat})
	}
	step, ok := t.leaveNobody(seat)
	if !ok || step.Result == nil {
		return t.giveUp("forfeit", []int{seat})
	}
	t.markLeft(seat)
	return t.settle(step)
}

// leaveNobody asks rules that may never have thought of it, and must not keep anybody from giving up.
func (t *turn) leaveNobody(seat int) (step games.Step[json.RawMessage], ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	step, ok, err := t.game.Leave(t.State, seat, t.env())
	return step, ok && err == nil && new(Change).record(step.Events) == nil
}

// hasOtherPeople says whether somebody is there to go on with: bots do not play among themselves.
func (t *turn) hasOtherPeople(seat int) bool {
	return slices.ContainsFunc(t.Seats, func(s Seat) bool { return s.Number != seat && !s.Left && !s.isBot() })
}

func (t *turn) markLeft(seat int) {
	for i := range t.Seats {
		if t.Seats[i].Number == seat {
			t.Seats[i].Left = true
		}
	}
}

// giveUp ends the game for a game that cannot go on without somebody: those who gave up, now or before, share the last
// place, the others the first.
func (t *turn) giveUp(reason string, seats []int) error {
	for _, seat := range seats {
		t.markLeft(seat)
	}
	stayed := 0
	for _, s := range t.Seats {
		if !s.Left {
			stayed++
		}
	}
	result := &games.Result{Reason: reason}
	for _, s := range t.Seats {
		place := 1
		if s.Left {
			place = stayed + 1
		}
		if s.Left && len(t.Seats) == 1 {
			place = 2 // nobody is left to share the first place with
		}
		result.Placings = append(result.Placings, games.Placing{Seat: s.Number, Place: place})
	}
	return t.finish(result)
}
