package quest

import "yourturn/games"

// Move is what a hero does: choosing a character at first, and later attacking or healing.
type Move struct {
	Kind   string `json:"kind" enum:"choose,attack,heal" doc:"choose in the phase character, attack and heal in the phase play. An attack always goes at the monster. Only the cleric heals." example:"choose"`
	Role   string `json:"role,omitempty" enum:"fighter,ranger,mage,cleric" doc:"With choose: who to be. It can be left out by a seat whose role is reserved." example:"ranger"`
	Name   string `json:"name,omitempty" maxLength:"24" doc:"With choose: what the hero is called. Spaces around it are dropped. Two heroes with the same name, whatever the case, cannot be; without one the role's own name is given." example:"Wilma"`
	Target *int   `json:"target,omitempty" minimum:"0" maximum:"2" doc:"With heal: the seat of the hero, who must be alive and hurt." example:"1"`
}

// The kinds of moves; two of them are actions.
const (
	choose = "choose"
	attack = "attack"
	heal   = "heal"
)

// check finds members that do not belong to the kind of move. To ignore them would be to guess what was meant.
func (m Move) check() error {
	switch {
	case m.Kind != choose && m.Role != "":
		return wrong("role", "belongs to choose")
	case m.Kind != choose && m.Name != "":
		return wrong("name", "belongs to choose")
	case m.Kind != heal && m.Target != nil:
		return wrong("target", "belongs to heal: an attack always goes at the monster")
	case m.Kind == heal && m.Target == nil:
		return wrong("target", "is needed: the seat of the hero to heal")
	}
	return nil
}

func wrong(member, message string) error {
	return &games.Invalid{Issues: []games.Issue{{Location: member, Message: message}}}
}
