package quest

import "yourturn/games"

// What happens in a quest, as its history tells it. Everybody may see all of it.

func phaseChanged(s State) games.Event {
	data := PhaseChanged{Phase: s.Phase, TeamHasWon: s.TeamHasWon}
	if s.Phase == over {
		data.Damage = append(data.Damage, DamageDealt{monster(), s.Monster.DamageDealt})
		for _, h := range s.Heroes {
			data.Damage = append(data.Damage, DamageDealt{hero(h.Seat), h.DamageDealt})
		}
	}
	return games.Event{Kind: "phase_changed", Data: data}
}

// PhaseChanged tells of a phase that begins; with the last one, who has won and what everybody did.
type PhaseChanged struct {
	Phase      string        `json:"phase"`
	TeamHasWon *bool         `json:"team_has_won,omitempty"`
	Damage     []DamageDealt `json:"damage,omitempty"`
}

// DamageDealt is how much health somebody took from the other side, all in all.
type DamageDealt struct {
	By     Combatant `json:"by"`
	Damage int       `json:"damage"`
}

func characterChosen(h Hero, byServer bool) games.Event {
	return games.Event{Kind: "character_chosen", Seat: &h.Seat, Data: CharacterChosen{h.Role, h.Name, h.Health, byServer}}
}

// CharacterChosen tells who a seat is from now on.
type CharacterChosen struct {
	Role     string `json:"role"`
	Name     string `json:"name"`
	Health   int    `json:"health"`
	ByServer bool   `json:"by_server,omitempty"` // the player let the deadline pass
}

func turnBegan(who Combatant) games.Event {
	return games.Event{Kind: "turn_began", Seat: who.Seat, Data: TurnBegan{who}}
}

// TurnBegan tells who acts next.
type TurnBegan struct {
	Acting Combatant `json:"acting"`
}

// turnSkipped tells of a hero who let the deadline pass.
func turnSkipped(seat int) games.Event { return games.Event{Kind: "turn_skipped", Seat: &seat} }

func attackAnnounced(a Action) games.Event {
	return games.Event{Kind: "attack_announced", Seat: a.Actor.Seat, Data: Attack{Attacker: a.Actor, Target: a.Target, Damage: a.Amount}}
}

func attackLanded(a Action, damage, health int) games.Event {
	return games.Event{Kind: "attack_landed", Seat: a.Actor.Seat, Data: AttackLanded{
		Attack: Attack{Attacker: a.Actor, Target: a.Target, Damage: damage}, Health: health, Defeated: health == 0,
	}}
}

// Attack tells of a blow.
type Attack struct {
	Attacker Combatant `json:"attacker"`
	Target   Combatant `json:"target"`
	Damage   int       `json:"damage"`
}

// AttackLanded tells what it came to: Damage is what the target has lost, Health what it has left.
type AttackLanded struct {
	Attack
	Health   int  `json:"health"`
	Defeated bool `json:"defeated"`
}

func healAnnounced(a Action) games.Event {
	return games.Event{Kind: "heal_announced", Seat: a.Actor.Seat, Data: Healing{Healer: a.Actor, Target: a.Target, Healed: a.Amount}}
}

func healLanded(a Action, healed, health int) games.Event {
	return games.Event{Kind: "heal_landed", Seat: a.Actor.Seat, Data: HealLanded{
		Healing: Healing{Healer: a.Actor, Target: a.Target, Healed: healed}, Health: health,
	}}
}

// Healing tells of help.
type Healing struct {
	Healer Combatant `json:"healer"`
	Target Combatant `json:"target"`
	Healed int       `json:"healed"`
}

// HealLanded tells what it came to: Healed is what the target has gained, Health what it has now.
type HealLanded struct {
	Healing
	Health int `json:"health"`
}

// missed tells of an action whose target has left.
func missed(a Action) games.Event {
	return games.Event{Kind: a.Kind + "_missed", Seat: a.Actor.Seat, Data: Missed{a.Actor, a.Target}}
}

// Missed tells who reached for whom.
type Missed struct {
	Actor  Combatant `json:"actor"`
	Target Combatant `json:"target"`
}
