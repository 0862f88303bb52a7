package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"yourturn/games"
)

// Refusals of an act. The session that they speak of comes along in a [Refused].
var (
	ErrNotFound     = errors.New("no such session")
	ErrWaiting      = errors.New("the session has not started")
	ErrStarted      = errors.New("the session has started")
	ErrFinished     = errors.New("the session is over")
	ErrStaleTurn    = errors.New("the move answers another turn")
	ErrNotYourTurn  = errors.New("the session waits for somebody else")
	ErrAlreadyMoved = errors.New("another move of this turn was taken")
	ErrFull         = errors.New("all seats are taken")
	ErrRoleTaken    = errors.New("the role is taken")
	ErrNoSuchRole   = errors.New("the game has no such role")
	ErrNotOver      = errors.New("the session is not over")
	ErrPlayerGone   = errors.New("somebody who sat at the table has no account any more")
	ErrOtherRules   = errors.New("the session was started under other rules")
)

// errUnchanged ends an act that would change nothing.
var errUnchanged = errors.New("nothing changes")

// advance does an act to a session. It is pure: what it returns depends on its arguments alone, and it changes none
// of them. That makes a history replayable.
func advance(before Session, game games.Game, act Act, now time.Time) (after Session, change Change, err error) {
	defer rulesPanic(game, &err)
	t := turn{
		Session: before.clone(),
		game:    game,
		now:     now,
		change:  Change{Act: act, Session: before.ID, Version: before.Version + 1, Turn: before.Turn, At: now},
	}
	t.Version++
	t.UpdatedAt = now
	if err := t.do(act); err != nil {
		return before, Change{}, err
	}
	t.endInvitations()
	t.change.Messages = append(tell(before, t.Session, t.change), invitationMessages(t.Session, t.change, game.Info().Title)...)
	return t.Session, t.change, nil
}

// rulesPanic turns a panic of the rules into an error: a fault of one game must not end the process, and every node's
// after it.
func rulesPanic(game games.Game, err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("the rules of %s panic: %v\n%s", game.Info().Name, cause, debug.Stack())
	}
}

// turn is one act in progress: the session as it becomes, and the change as it grows.
type turn struct {
	Session
	game   games.Game
	now    time.Time
	change Change
	random *rand.Rand
}

func (t *turn) do(act Act) error {
	switch act.Cause {
	case Created, MatchedUp:
		t.Status, t.CreatedAt = Waiting, t.now
		t.Deadline = t.now.Add(WaitingLife)
		t.Due = t.overdueAt()
		return t.sit(act.Players)
	case Joined:
		if t.Status == Active {
			return t.joinLate(act)
		}
		return t.sit(act.Players)
	case Inviting:
		return t.invite(act)
	case Declined:
		t.answer(act.Players[0].Player, AnswerNo)
		return nil
	case Gone:
		return t.getUp(act.Seat)
	case Started:
		if err := t.start(); err != nil {
			return err
		}
		if t.game.Info().FromOutside && t.Status == Active {
			t.change.Table = t.table()
		}
		return nil
	case Moved:
		return t.moved(act.Seat, act.Move)
	case Forfeited:
		return t.forfeit(act.Seat)
	case TimedOut, Stepped:
		return t.expire()
	case Migrated:
		return t.migrate(act.Table)
	case Rematched:
		t.Successor = act.Next
		return nil
	}
	return fmt.Errorf("no such act: %q", act.Cause)
}

// env gives the rules the time and the dice, which go on rolling from one call of a change to the next.
func (t *turn) env() games.Env {
	if t.random == nil {
		t.random = Dice(t.Seed, t.Version)
	}
	return games.Env{Now: t.now, Rand: t.random}
}

func (t *turn) start() error {
	roles := make([]string, len(t.Seats))
	for i := range t.Seats {
		if free := t.FreeRoles(t.game.Info()); t.Seats[i].Role == "" && !t.game.Info().RolesOpen && len(free) > 0 {
			t.Seats[i].Role = free[0]
		}
		roles[i] = t.Seats[i].Role
	}
	t.Status = Active
	step, err := t.game.Start(games.Setup[json.RawMessage]{Env: t.env(), Config: t.Config, Roles: roles})
	if err != nil {
		return err
	}
	return t.settle(step)
}

// moved plays a move. When a bot has moved and the turn goes on, the clock looks for the next bot, or for the reminder.
func (t *turn) moved(seat int, move json.RawMessage) error {
	number := t.Turn
	isBot := slices.ContainsFunc(t.bots(), func(s Seat) bool { return s.Number == seat })
	if err := t.move(seat, move); err != nil {
		return err
	}
	if isBot && t.Status == Active && t.Turn == number {
		t.Due = t.dueInTurn()
	}
	return nil
}

// move plays a seat's move at once when it was the only one awaited, or when the game's moves count as they come.
// Otherwise it is kept, unseen by the others, until the last arrives.
func (t *turn) move(seat int, move json.RawMessage) error {
	if !t.game.Info().AtOnce && (len(t.Await) > 1 || len(t.Pending) > 0) {
		return t.keep(seat, move)
	}
	step, err := t.game.Apply(t.State, seat, move, t.env())
	if err != nil {
		return within("body.move", err)
	}
	t.change.Private = step.Hidden
	t.change.Nameless = step.Hidden && t.game.Info().AtOnce
	if slices.Contains(step.Await, seat) || !t.goesOn(step, seat) { // who moves again does so in a turn of its own
		return t.settle(step)
	}
	t.Await = without(t.Await, seat)
	t.note(seat, openMove)
	if step.Hidden {
		t.note(seat, hiddenMove)
	}
	return t.stay(step)
}

// What is noted of moves that count at once: that there was one, and whether others may know.
var (
	openMove   = json.RawMessage(`true`)
	hiddenMove = json.RawMessage(`null`)
)

// note remembers a move, or that there was one, until the turn ends.
func (t *turn) note(seat int, move json.RawMessage) {
	if t.Pending == nil {
		t.Pending = map[int]json.RawMessage{}
	}
	t.Pending[seat] = move
}

// goesOn says that the turn, or the pause, is still the same after a seat has moved, left or joined: the rules await the
// other seats as before. Those whose moves are kept are among them, for the rules do not know of these moves.
func (t *turn) goesOn(step games.Step[json.RawMessage], seat int) bool {
	others := slices.Sorted(slices.Values(without(slices.Concat(t.Await, t.kept(t.game.Info())), seat)))
	switch {
	case step.Result != nil || !slices.Equal(slices.Sorted(slices.Values(without(step.Await, seat))), others):
		return false
	case t.serverMoves():
		return len(step.Await) == 0
	}
	return len(others) > 0
}

// stay takes up what the rules made true inside a turn that goes on, with the deadline it has.
func (t *turn) stay(step games.Step[json.RawMessage]) error {
	t.State = step.State
	return t.change.record(step.Events)
}

func without(seats []int, seat int) []int {
	return slices.DeleteFunc(slices.Clone(seats), func(s int) bool { return s == seat })
}

// keep puts a move of a simultaneous turn by. One that the rules would refuse is refused now, on dice of its own.
func (t *turn) keep(seat int, move json.RawMessage) error {
	if _, err := t.game.Apply(t.State, seat, move, games.Env{Now: t.now, Rand: Dice(t.Seed, t.Version)}); err != nil {
		return within("body.move", err)
	}
	t.change.Private = true
	t.note(seat, move)
	t.Await = without(t.Await, seat)
	if len(t.Await) > 0 {
		return nil
	}
	step, err := t.applyPending()
	if err != nil {
		return err
	}
	return t.settle(step)
}

// applyPending plays the kept moves in the order of the seats, so that the order of their arrival cannot matter.
func (t *turn) applyPending() (step games.Step[json.RawMessage], err error) {
	for _, s := range t.Seats {
		move, ok := t.Pending[s.Number]
		if !ok {
			continue
		}
		if step, err = t.game.Apply(t.State, s.Number, move, t.env()); err != nil {
			return step, fmt.Errorf("the rules took the move of seat %d and refuse it now: %s", s.Number, err.Error()) // a fault, not a refusal of whoever moves last
		}
		t.State = step.State
		if err := t.change.record(step.Events); err != nil {
			return step, err
		}
		step.Events = nil
		if step.Result != nil {
			break
		}
	}
	t.Pending = nil
	return step, nil
}

// expire acts for those who did not: it ends the waiting, takes the server's own step, or lets the absent seats time
// out by the game's rule, after the moves that did arrive.
func (t *turn) expire() error {
	if t.Status == Waiting {
		return t.finish(&games.Result{Reason: "expired"})
	}
	if len(t.Await) == 0 {
		step, err := t.game.Next(t.State, t.env())
		if err != nil {
			return err
		}
		return t.settle(step)
	}
	absent := t.Await
	if len(t.kept(t.game.Info())) > 0 {
		step, err := t.applyPending()
		if err != nil {
			return err
		}
		if step.Result != nil {
			return t.settle(step)
		}
	}
	step, ok, err := t.game.Timeout(t.State, absent, t.env())
	if err != nil {
		return err
	}
	if !ok {
		return t.giveUp("timeout", absent)
	}
	return t.settle(step)
}

// settle takes up what the rules made true.
func (t *turn) settle(step games.Step[json.RawMessage]) error {
	t.State, t.Pending = step.State, nil
	if err := t.change.record(step.Events); err != nil {
		return err
	}
	if step.Result != nil {
		return t.finish(step.Result)
	}
	if err := t.checkAwait(step); err != nil {
		return err
	}
	t.Turn++
	t.Await = slices.Sorted(slices.Values(step.Await))
	t.setDeadline(step.Within)
	return nil
}

func (t *turn) checkAwait(step games.Step[json.RawMessage]) error {
	if len(step.Await) == 0 && step.Within <= 0 {
		return fmt.Errorf("%s awaits nobody, for no time, without a result", t.Game)
	}
	for i, seat := range step.Await {
		if seat < 0 || seat >= len(t.Seats) || t.Seats[seat].Left || slices.Contains(step.Await[:i], seat) {
			return fmt.Errorf("%s awaits seats %v of %d", t.Game, step.Await, len(t.Seats))
		}
	}
	return nil
}

// setDeadline starts the clock of a turn. People get whole seconds, rounded up; the server's own steps are exact.
func (t *turn) setDeadline(within time.Duration) {
	if len(t.Await) == 0 {
		t.Deadline = t.now.Add(within + time.Millisecond - 1).Truncate(time.Millisecond) // what the database keeps
		t.Due = t.overdueAt()
		return
	}
	if within <= 0 {
		within = time.Duration(t.TurnSeconds) * time.Second
	}
	t.Deadline = t.now.Add(within + time.Second - 1).Truncate(time.Second)
	t.Due = t.dueInTurn()
}

// dueInTurn is when the clock must look at a turn of people and bots: for the next bot, or else for the reminder.
func (t *turn) dueInTurn() time.Time {
	left := t.Deadline.Sub(t.now)
	if bots := len(t.bots()); bots > 0 {
		return t.now.Add(min(t.botPause(), left/2) / time.Duration(bots)).Truncate(time.Millisecond)
	}
	return t.now.Add(left * reminderNumerator / reminderDenominator)
}

// A reminder is due when four fifths of the time are gone. Lichess sends its alarm at the same point of a
// correspondence turn.
const (
	reminderNumerator   = 4
	reminderDenominator = 5
)

func (t *turn) finish(result *games.Result) error {
	t.Status, t.Result = Finished, result
	t.Await, t.Pending = nil, nil
	t.Deadline, t.Due = time.Time{}, Never
	if t.Public {
		t.Successor = successorOf(t.ID)
	}
	return t.change.recordResult(result, t.Successor)
}

// remind tells the awaited seats that their time runs out. It leaves the version alone: nothing changed.
func remind(before Session, now time.Time) (Session, []Message) {
	after := before.clone()
	after.Due = before.overdueAt()
	return after, reminders(after, now)
}
