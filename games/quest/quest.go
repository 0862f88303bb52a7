// Package quest is a game of three heroes against one monster, which the server plays.
//
// First everybody chooses a character, in any order and at the same time. Then they fight: the monster, and the heroes
// in the order in which they chose, round after round, until it or they are down. Whoever is out of the fight is passed
// over. A blow is announced, a pause later it lands, and another pause later the next turn begins, so that people can
// watch what happens. The pauses are steps of the server, kept like everything else: a restart loses none of them.
//
// Nothing is hidden, so the state is the view. Start at [Rules]; move.go says what a hero can do, party.go is about the
// heroes and how they are chosen, fight.go about turns and blows, and numbers.go holds all that can be balanced.
package quest

import (
	"slices"
	"time"

	"yourturn/games"
)

// Rules are the rules of the quest.
type Rules struct{}

// Config chooses how hard and how fast the fight is.
type Config struct {
	Difficulty string `json:"difficulty,omitempty" enum:"classic,hard" doc:"How strong the monster is. Against the classic one heroes hardly ever lose; against the hard one, whose health grows with the party's, heroes who play at random lose every second game. classic when absent." example:"classic"`
	PauseMS    *int   `json:"pause_ms,omitempty" minimum:"0" maximum:"10000" doc:"How long the server waits before each of its own steps, in milliseconds; 1000 when absent, and 0 is taken as 1." example:"1000"`
}

// The phases of a quest.
const (
	choosing = "character"
	fighting = "play"
	over     = "end"
)

// View shows everything.
type View struct {
	Phase      string     `json:"phase" doc:"character while heroes are chosen, then play, then end." example:"play"`
	Difficulty string     `json:"difficulty" doc:"As in the config." example:"classic"`
	PauseMS    int        `json:"pause_ms" doc:"As in the config." example:"1000"`
	Monster    Monster    `json:"monster" doc:"The monster."`
	Heroes     []Hero     `json:"heroes" minItems:"3" maxItems:"3" doc:"The heroes by seat."`
	Order      []int      `json:"order" doc:"The seats in the order in which they chose. After the monster they act in this order." example:"[2,0,1]"`
	FreeRoles  []string   `json:"free_roles" doc:"In the phase character, the roles that anybody may choose. A reserved one is not among them." example:"[\"fighter\",\"cleric\"]"`
	Acting     *Combatant `json:"acting,omitempty" doc:"Whose turn it is, in the phase play."`
	Action     *Action    `json:"action,omitempty" doc:"What they do, from its announcement to the next turn."`
	TeamHasWon *bool      `json:"team_has_won,omitempty" doc:"In the phase end: whether the monster is slain."`
}

// State is what everybody sees.
type State = View

func (Rules) Describe() games.Info {
	info := games.Info{
		Name: "quest", Title: "Quest", TypeName: "Quest", Version: 1,
		MinSeats: partySize, MaxSeats: partySize, TurnSeconds: 24 * 60 * 60, RolesOpen: true, AtOnce: true,
	}
	for _, c := range classes {
		info.Roles = append(info.Roles, c.role)
	}
	return info
}

// Configure fills in what is left open, so that those who want the same quest are matched however they say so.
func (Rules) Configure(c Config) (Config, error) {
	if c.Difficulty == "" {
		c.Difficulty = classic
	}
	if c.PauseMS == nil {
		second := 1000
		c.PauseMS = &second
	}
	return c, nil
}

func (r Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	config, err := r.Configure(setup.Config)
	if err != nil {
		return games.Step[State]{}, err
	}
	s := State{
		Phase: choosing, Difficulty: config.Difficulty, PauseMS: *config.PauseMS,
		Monster: Monster{Name: monsterName}, Order: []int{},
	}
	for seat, role := range setup.Roles {
		s.Heroes = append(s.Heroes, Hero{Seat: seat, ReservedRole: role, Alive: true})
	}
	s.FreeRoles = s.freeRoles()
	return s.step(phaseChanged(s)), nil
}

func (Rules) Apply(s State, seat int, move Move, env games.Env) (games.Step[State], error) {
	if !slices.Contains(s.awaited(), seat) {
		return games.Step[State]{}, games.Refuse("out-of-turn", "It is not your turn.")
	}
	if err := move.check(); err != nil {
		return games.Step[State]{}, err
	}
	s = s.clone()
	switch {
	case s.Phase == choosing:
		return s.choose(seat, move)
	case move.Kind == attack:
		return s.attack(hero(seat), monster(), s.Heroes[seat].class().damage.roll(env.Rand)), nil
	case move.Kind == heal:
		return s.heal(seat, *move.Target, env.Rand)
	}
	return games.Step[State]{}, games.Refuse("character-chosen", "You have chosen already. Now it is time to attack.")
}

// Timeout gives a character to whoever has not chosen, so that the others can begin. In the fight a late hero loses the
// turn and nothing else.
func (Rules) Timeout(s State, absent []int, _ games.Env) (games.Step[State], error) {
	s = s.clone()
	if s.Phase == choosing {
		return s.chooseFor(absent), nil
	}
	return s.nextTurn(turnSkipped(*s.Acting.Seat)), nil
}

// Leave takes a hero out of the party. The others play on, and what was under way goes on, too.
func (Rules) Leave(s State, seat int, _ games.Env) (games.Step[State], error) {
	s = s.clone()
	s.remove(seat)
	switch {
	case s.decided():
		return s.end(), nil
	case s.Phase == choosing:
		return s.chosen(), nil
	case s.Action == nil && s.Acting.is(seat):
		return s.nextTurn(), nil
	}
	return s.step(), nil
}

// Next takes the server's step: the monster's attack, a blow that lands, or the next turn.
func (Rules) Next(s State, env games.Env) (games.Step[State], error) {
	s = s.clone()
	switch {
	case s.Action == nil:
		return s.monsterAttack(env.Rand), nil
	case !s.Action.Landed:
		return s.land(), nil
	}
	return s.nextTurn(), nil
}

func (Rules) View(s State, _ int) View { return s }

// LegalMoves are, at first, the roles that the seat may choose, without names, for there is no end of these; and then
// the attack, and for the cleric each hero who can be healed.
func (Rules) LegalMoves(s State, seat int) []Move {
	var moves []Move
	switch {
	case !slices.Contains(s.awaited(), seat):
		return nil
	case s.Phase == choosing:
		for _, role := range s.openTo(seat) {
			moves = append(moves, Move{Kind: choose, Role: role})
		}
		return moves
	}
	moves = append(moves, Move{Kind: attack})
	for target := range s.Heroes {
		if s.checkHeal(seat, target) == nil {
			moves = append(moves, Move{Kind: heal, Target: &target})
		}
	}
	return moves
}

// step is what comes next as the state has it: somebody's move, or the server's own after a pause.
func (s State) step(events ...games.Event) games.Step[State] {
	step := games.Step[State]{State: s, Await: s.awaited(), Events: events}
	if len(step.Await) == 0 {
		step.Within = time.Duration(max(1, s.PauseMS)) * time.Millisecond // no time at all is not a pause
	}
	return step
}

// awaited are the seats that must move now.
func (s State) awaited() []int {
	switch {
	case s.Phase == choosing:
		return s.undecided()
	case s.Phase == fighting && s.Acting.Seat != nil && s.Action == nil:
		return []int{*s.Acting.Seat}
	}
	return nil
}

// end is the only way out of a quest. It happens once, because nobody is awaited in what it leaves.
func (s State) end(events ...games.Event) games.Step[State] {
	won := s.Monster.slain()
	s.Phase, s.TeamHasWon, s.FreeRoles = over, &won, []string{}
	s.Acting, s.Action = nil, nil
	return games.Step[State]{State: s, Events: append(events, phaseChanged(s)), Result: s.result(won)}
}

// result puts the heroes first or, behind the monster, second. Whoever left comes last.
func (s State) result(won bool) *games.Result {
	r := &games.Result{Reason: "party-slain"}
	place := 2
	switch {
	case won:
		r.Reason, place = "monster-slain", 1
	case !slices.ContainsFunc(s.Heroes, func(h Hero) bool { return !h.Left }):
		r.Reason = "forfeit"
	}
	for _, h := range s.Heroes {
		p := games.Placing{Seat: h.Seat, Place: place, Score: h.DamageDealt}
		if h.Left {
			p.Place = partySize
		}
		r.Placings = append(r.Placings, p)
	}
	return r
}

// clone is a state that can be written to. What pointers lead to is never written, only replaced.
func (s State) clone() State {
	s.Heroes = slices.Clone(s.Heroes)
	s.Order = slices.Clone(s.Order)
	return s
}
