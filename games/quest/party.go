package quest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"yourturn/games"
)

// Hero is one seat's character.
type Hero struct {
	Seat         int    `json:"seat" doc:"The seat." example:"1"`
	ReservedRole string `json:"reserved_role,omitempty" doc:"The role that the player asked for beforehand: nobody else can choose it, and this seat no other." example:"mage"`
	Role         string `json:"role,omitempty" doc:"The role, once it is chosen: fighter, ranger, mage or cleric." example:"mage"`
	Name         string `json:"name,omitempty" doc:"The name, once the role is chosen." example:"Wilma"`
	Health       int    `json:"health" doc:"What is left of the health; 0 until the role is chosen." example:"23"`
	MaxHealth    int    `json:"max_health" doc:"The health at the beginning, and the most it can be healed to; 0 until a character is chosen." example:"40"`
	Alive        bool   `json:"alive" doc:"Neither defeated nor gone." example:"true"`
	Left         bool   `json:"left,omitempty" doc:"The player has forfeited."`
	DamageDealt  int    `json:"damage_dealt" doc:"How much health the hero has taken from the monster." example:"31"`
}

// class is empty before the role is chosen.
func (h Hero) class() class { return classOf(h.Role) }

func classOf(role string) class {
	for _, c := range classes {
		if c.role == role {
			return c
		}
	}
	return class{}
}

// undecided are the seats that have yet to choose.
func (s State) undecided() []int {
	var seats []int
	for _, h := range s.Heroes {
		if h.Alive && h.Role == "" {
			seats = append(seats, h.Seat)
		}
	}
	return seats
}

// living are the seats of the heroes who can fight and be fought.
func (s State) living() []int {
	var seats []int
	for _, h := range s.Heroes {
		if h.Alive {
			seats = append(seats, h.Seat)
		}
	}
	return seats
}

// freeRoles are the roles that nobody has and nobody asked for.
func (s State) freeRoles() []string {
	free := []string{}
	for _, c := range classes {
		if !slices.ContainsFunc(s.Heroes, func(h Hero) bool { return h.Role == c.role || h.ReservedRole == c.role }) {
			free = append(free, c.role)
		}
	}
	return free
}

// openTo are the roles that a seat may choose. There is always one, because there are more roles than seats.
func (s State) openTo(seat int) []string {
	if role := s.Heroes[seat].ReservedRole; role != "" {
		return []string{role}
	}
	return s.FreeRoles
}

// choose is the move by which a seat becomes somebody.
func (s State) choose(seat int, move Move) (games.Step[State], error) {
	if move.Kind != choose {
		return games.Step[State]{}, games.Refuse("choose-first", "Choose a character first: the fight begins when everybody has.")
	}
	role := move.Role
	if role == "" {
		role = s.Heroes[seat].ReservedRole
	}
	if err := s.checkRole(seat, role); err != nil {
		return games.Step[State]{}, err
	}
	name, err := s.cleanName(move.Name)
	if err != nil {
		return games.Step[State]{}, err
	}
	event := s.become(seat, role, name, false)
	return s.chosen(event), nil
}

// chooseFor gives to each seat the first role that it could have chosen.
func (s State) chooseFor(seats []int) games.Step[State] {
	var events []games.Event
	for _, seat := range slices.Sorted(slices.Values(seats)) {
		events = append(events, s.become(seat, s.openTo(seat)[0], "", true))
	}
	return s.chosen(events...)
}

// become makes the choice true.
func (s *State) become(seat int, role, name string, byServer bool) games.Event {
	h, c := &s.Heroes[seat], classOf(role)
	if name == "" {
		name = s.unusedName(c.name)
	}
	h.Role, h.Name, h.Health, h.MaxHealth = role, name, c.health, c.health
	s.Order = append(s.Order, seat)
	s.FreeRoles = s.freeRoles()
	return characterChosen(*h, byServer)
}

// chosen waits for the others to choose, or opens the fight when nobody is left to wait for.
func (s State) chosen(events ...games.Event) games.Step[State] {
	if len(s.undecided()) > 0 {
		return s.step(events...)
	}
	return s.open(events...)
}

// remove takes a seat out of the party. Before the fight it has been nobody: its role and its name are free again.
func (s *State) remove(seat int) {
	h := &s.Heroes[seat]
	h.Alive, h.Left = false, true
	if s.Phase != choosing {
		return
	}
	*h = Hero{Seat: seat, Left: true}
	s.Order = slices.DeleteFunc(s.Order, func(n int) bool { return n == seat })
	s.FreeRoles = s.freeRoles()
}

func (s State) checkRole(seat int, role string) error {
	open := s.openTo(seat)
	if slices.Contains(open, role) {
		return nil
	}
	reserved := s.Heroes[seat].ReservedRole
	switch {
	case reserved != "":
		return games.Refuse("role-reserved", fmt.Sprintf("You came as the %s, and the %s is kept for you.", reserved, reserved))
	case role == "":
		return games.Refuse("role-missing", fmt.Sprintf("Say who you want to be. Still free: %s.", list(open)))
	case slices.ContainsFunc(s.Heroes, func(h Hero) bool { return h.ReservedRole == role }):
		return games.Refuse("role-reserved", fmt.Sprintf("The %s is kept for a player who asked for it. Still free: %s.", role, list(open)))
	}
	return games.Refuse("role-taken", fmt.Sprintf("The %s is taken. Still free: %s.", role, list(open)))
}

// list is a list as it is said.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// cleanName is a name as the others will read it, or empty.
func (s State) cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if strings.ContainsFunc(name, invisible) {
		return "", games.Refuse("name-unreadable", "That name has characters in it that cannot be seen. Please use letters, digits and signs.")
	}
	name = strings.Join(strings.Fields(name), " ")
	if s.named(name) {
		return "", games.Refuse("name-taken", fmt.Sprintf("Somebody here is called %s already.", name))
	}
	return name, nil
}

// invisible characters make two names look the same, or a list of names look broken.
func invisible(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// named says that somebody in the story has the name.
func (s State) named(name string) bool {
	return strings.EqualFold(name, s.Monster.Name) ||
		name != "" && slices.ContainsFunc(s.Heroes, func(h Hero) bool { return strings.EqualFold(h.Name, name) })
}

// unusedName is the name, with a number behind it when somebody was quicker to take it.
func (s State) unusedName(name string) string {
	unused := name
	for n := 2; s.named(unused); n++ {
		unused = fmt.Sprintf("%s %d", name, n)
	}
	return unused
}
