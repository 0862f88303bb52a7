package quest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"yourturn/games"
)

// Monster is the adversary. It has no seat.
type Monster struct {
	Name        string `json:"name" doc:"What it is called." example:"The Gloamback"`
	Health      int    `json:"health" doc:"What is left of its health; 0 until the fight begins." example:"64"`
	MaxHealth   int    `json:"max_health" doc:"Its health at the beginning." example:"100"`
	DamageDealt int    `json:"damage_dealt" doc:"How much health it has taken from the heroes." example:"31"`
}

func (m Monster) slain() bool { return m.MaxHealth > 0 && m.Health == 0 }

// Combatant is somebody in the fight.
type Combatant struct {
	Kind string `json:"kind" doc:"monster or hero." example:"hero"`
	Seat *int   `json:"seat,omitempty" doc:"Of a hero: the seat." example:"1"`
}

func monster() Combatant      { return Combatant{Kind: "monster"} }
func hero(seat int) Combatant { return Combatant{Kind: "hero", Seat: &seat} }

func (c Combatant) is(seat int) bool { return c.Seat != nil && *c.Seat == seat }

// Action is what somebody does to somebody.
type Action struct {
	Kind   string    `json:"kind" doc:"attack or heal." example:"attack"`
	Actor  Combatant `json:"actor" doc:"Who does it."`
	Target Combatant `json:"target" doc:"To whom."`
	Amount int       `json:"amount" doc:"How much health it takes or gives, as the dice have it: there may be less to take or to give." example:"17"`
	Landed bool      `json:"landed" doc:"Whether it has happened, or is announced." example:"false"`
}

// open begins the fight. The monster comes first.
func (s State) open(events ...games.Event) games.Step[State] {
	party := 0
	for _, h := range s.Heroes {
		party += h.Health
	}
	s.Phase, s.FreeRoles = fighting, []string{}
	s.Monster.MaxHealth = monsterHealth(s.Difficulty, party)
	s.Monster.Health = s.Monster.MaxHealth
	return s.begin(monster(), append(events, phaseChanged(s))...)
}

// nextTurn ends the turn, and the quest when it is decided.
func (s State) nextTurn(events ...games.Event) games.Step[State] {
	if s.decided() {
		return s.end(events...)
	}
	return s.begin(s.following(*s.Acting), events...)
}

func (s State) begin(who Combatant, events ...games.Event) games.Step[State] {
	s.Acting, s.Action = &who, nil
	return s.step(append(events, turnBegan(who))...)
}

// decided says that one side is down.
func (s State) decided() bool { return s.Monster.slain() || len(s.living()) == 0 }

// following is whose turn comes after somebody's: the living heroes in their order, and the monster after the last.
func (s State) following(who Combatant) Combatant {
	rest := s.Order
	if who.Seat != nil {
		rest = rest[slices.Index(rest, *who.Seat)+1:]
	}
	for _, seat := range rest {
		if s.Heroes[seat].Alive {
			return hero(seat)
		}
	}
	return monster()
}

// monsterAttack rolls for the target first, and then for the damage.
func (s State) monsterAttack(dice *rand.Rand) games.Step[State] {
	living := s.living()
	target := living[dice.IntN(len(living))]
	return s.attack(monster(), hero(target), monsterDamage.roll(dice))
}

func (s State) attack(by, target Combatant, damage int) games.Step[State] {
	s.Action = &Action{Kind: attack, Actor: by, Target: target, Amount: damage}
	return s.step(attackAnnounced(*s.Action))
}

func (s State) heal(seat, target int, dice *rand.Rand) (games.Step[State], error) {
	if err := s.checkHeal(seat, target); err != nil {
		return games.Step[State]{}, err
	}
	s.Action = &Action{Kind: heal, Actor: hero(seat), Target: hero(target), Amount: healing.roll(dice)}
	return s.step(healAnnounced(*s.Action)), nil
}

func (s State) checkHeal(seat, target int) error {
	h := s.Heroes[target]
	switch {
	case s.Heroes[seat].Role != cleric:
		return games.Refuse("not-a-cleric", "Only the cleric can heal.")
	case h.Left:
		return games.Refuse("hero-gone", "That hero has left the party.")
	case !h.Alive:
		return games.Refuse("hero-defeated", fmt.Sprintf("%s is beyond help.", h.Name))
	case h.Health == h.MaxHealth:
		return games.Refuse("not-hurt", fmt.Sprintf("%s is not hurt.", h.Name))
	}
	return nil
}

// land makes true what was announced. Only a hero who has left in the meantime is out of its reach; what one who left
// had announced still happens.
func (s State) land() games.Step[State] {
	done := *s.Action
	done.Landed = true
	s.Action = &done
	event := s.happen(done)
	return s.step(event)
}

func (s *State) happen(done Action) games.Event {
	if done.Target.Seat == nil {
		return s.strikeMonster(done)
	}
	target := &s.Heroes[*done.Target.Seat]
	switch {
	case target.Left:
		return missed(done)
	case done.Kind == heal:
		return target.restore(done)
	}
	return s.strikeHero(target, done)
}

func (s *State) strikeMonster(blow Action) games.Event {
	damage := min(blow.Amount, s.Monster.Health)
	s.Monster.Health -= damage
	s.Heroes[*blow.Actor.Seat].DamageDealt += damage
	return attackLanded(blow, damage, s.Monster.Health)
}

func (s *State) strikeHero(target *Hero, blow Action) games.Event {
	damage := min(blow.Amount, target.Health)
	target.Health -= damage
	target.Alive = target.Health > 0
	s.Monster.DamageDealt += damage
	return attackLanded(blow, damage, target.Health)
}

func (h *Hero) restore(done Action) games.Event {
	health := min(done.Amount, h.MaxHealth-h.Health)
	h.Health += health
	return healLanded(done, health, h.Health)
}
