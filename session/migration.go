package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yourturn/games"
)

// A session remembers the version of the rules that it was started under. When this server's are newer, the session is
// taken over by an act of its own before anything else is done to it; when the rules do not say how, it can be read, given
// up and left, and no longer played. Nobody loses on time by an operator's update: the clock leaves such sessions alone.

// Table is a session as its acts have made it, without what it was born with. A migration keeps it, because the acts
// before cannot be done again by rules that have changed; and so does the start of a game that draws on what an operator
// may change.
type Table struct {
	RulesVersion int                     `json:"rules_version"`
	Status       Status                  `json:"status"`
	Turn         int64                   `json:"turn"`
	State        json.RawMessage         `json:"state,omitempty"`
	Await        []int                   `json:"await,omitempty"`
	Pending      map[int]json.RawMessage `json:"pending,omitempty"`
	Deadline     time.Time               `json:"deadline"`
	Due          time.Time               `json:"due"`
	CreatedAt    time.Time               `json:"created_at"`
	Seats        []Sitting               `json:"seats"`
}

// Sitting is a seat as the acts have made it.
type Sitting struct {
	Seated
	Left bool `json:"left,omitempty"`
}

func (s Session) table() *Table {
	t := &Table{
		RulesVersion: s.RulesVersion, Status: s.Status, Turn: s.Turn, State: s.State, Await: s.Await, Pending: s.Pending,
		Deadline: s.Deadline, Due: s.Due, CreatedAt: s.CreatedAt,
	}
	for _, seat := range s.Seats {
		t.Seats = append(t.Seats, Sitting{Seated{Player: seat.Player, Bot: seat.Bot, Role: seat.Role, Seat: &seat.Number}, seat.Left})
	}
	return t
}

// lay puts a table back to where it was. Seats that are there keep what only the database knows of them.
func (s *Session) lay(t *Table) {
	s.RulesVersion, s.Status, s.Turn, s.State, s.Await, s.Pending = t.RulesVersion, t.Status, t.Turn, t.State, t.Await, t.Pending
	s.Deadline, s.Due, s.CreatedAt = t.Deadline, t.Due, t.CreatedAt
	for _, sitting := range t.Seats {
		i := slices.IndexFunc(s.Seats, func(seat Seat) bool { return seat.Number == *sitting.Seat })
		if i < 0 {
			i = len(s.Seats)
			s.Seats = append(s.Seats, Seat{Number: *sitting.Seat})
		}
		seat := &s.Seats[i]
		seat.Player, seat.Bot, seat.Role, seat.Left = sitting.Player, sitting.Bot, sitting.Role, sitting.Left
	}
}

// outdated says that a session has to be migrated before it can be played.
func outdated(s Session, g games.Game) bool {
	return s.Status != Finished && s.RulesVersion != g.Info().Version
}

// migrate takes a session over from older rules. One that still waits has no state, and only its config must fit.
func (t *turn) migrate(before *Table) error {
	if before == nil {
		return fmt.Errorf("a migration of %s without its table", t.ID)
	}
	t.lay(before)
	t.change.Turn = t.Turn // a replay begins here
	state, err := migrated(t.game, t.Session)
	if err != nil {
		return err
	}
	t.State, t.RulesVersion = state, t.game.Info().Version
	if t.Overdue(t.now) && t.Status == Active { // they could not move, and get the time again
		t.setDeadline(t.pauseOrTurn())
	} else if t.Due.After(t.overdueAt()) { // put off by those who could not take it over
		t.Due = t.overdueAt()
		if len(t.bots()) > 0 {
			t.Due = t.dueInTurn()
		}
	}
	return nil
}

// pauseOrTurn is how long what was interrupted takes from now: a pause is over at once, a turn begins again.
func (t *turn) pauseOrTurn() time.Duration {
	if t.serverMoves() {
		return time.Millisecond
	}
	return 0
}

// migrated is a session's state under the game's rules of today, or ErrOtherRules.
func migrated(g games.Game, s Session) (state json.RawMessage, err error) {
	defer rulesPanic(g, &err)
	version := g.Info().Version
	switch {
	case s.RulesVersion == version:
		return s.State, nil
	case s.RulesVersion > version:
		return nil, fmt.Errorf("%w: version %d, and this server has %d", ErrOtherRules, s.RulesVersion, version)
	}
	if _, err := g.ParseConfig(s.Config); err != nil {
		return nil, fmt.Errorf("%w: its config is refused: %s", ErrOtherRules, err.Error())
	}
	if len(s.State) == 0 {
		return nil, nil
	}
	state, ok, err := g.Migrate(s.RulesVersion, s.State)
	if !ok {
		return nil, fmt.Errorf("%w: version %d, which version %d cannot take over", ErrOtherRules, s.RulesVersion, version)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrOtherRules, err.Error())
	}
	return state, takeKept(g, s, state)
}

// takeKept tries whether the moves that wait for others can still be played: when the last arrives nobody could take back
// those that cannot.
func takeKept(g games.Game, s Session, state json.RawMessage) error {
	env := games.Env{Now: s.UpdatedAt, Rand: Dice(s.Seed, s.Version+1)}
	for _, seat := range slices.Sorted(slices.Values(s.kept(g.Info()))) {
		step, err := g.Apply(state, seat, s.Pending[seat], env)
		if err != nil {
			return fmt.Errorf("%w: the move of seat %d that waits for the others: %s", ErrOtherRules, seat, err.Error())
		}
		if state = step.State; step.Result != nil {
			return nil
		}
	}
	return nil
}

// underOtherRules lets people repeat a move that was taken, give up and leave, and refuses all else: with the reason that
// holds, for what these rules have against a move counts nothing. Only those who know newer rules can say whether a game
// goes on without somebody.
func underOtherRules(decide decide, g games.Game, why error) decide {
	return func(sess Session) ([]Act, error) {
		acts, err := decide(sess)
		if isOfRules(err) {
			return nil, why
		}
		for _, act := range acts {
			if act.Cause != Gone && (act.Cause != Forfeited || sess.RulesVersion > g.Info().Version) {
				return nil, why
			}
		}
		return acts, err
	}
}

// migration is the act that takes a session over.
func migration(sess Session) ([]Act, error) {
	return []Act{{Cause: Migrated, Seat: NoSeat, Table: sess.table()}}, nil
}

// sinceMigration is the part of a history that these rules have made: all of it, or what begins with the last migration.
func sinceMigration(history []Change) []Change {
	for i, c := range slices.Backward(history) {
		if c.Cause == Migrated {
			return history[i:]
		}
	}
	return history
}
