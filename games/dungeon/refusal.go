package dungeon

import (
	"fmt"
	"slices"
	"strings"

	"yourturn/games"
)

// A refusal says what there is instead, as far as it has been seen. The name of something unseen is answered like a name
// that means nothing: otherwise one could ask the dungeon for its secrets.

// fits refuses a command that is out of season or not whole, whatever it names.
func (s *State) fits(move Move) error {
	switch {
	case !slices.Contains(kinds, move.Kind):
		return games.Refuse("unknown-kind", "The kinds of moves are "+list(kinds)+".")
	case !s.entered() && move.Kind != confirm:
		return games.Refuse("not-confirmed", `You stand before the dungeon. Enter it first, with a move of kind "confirm".`)
	case s.entered() && move.Kind == confirm:
		return games.Refuse("already-confirmed", "You are in the dungeon already. "+s.doorsHere())
	}
	for _, member := range []struct {
		name, value string
		wanted      bool
		hint        func() string
	}{
		{"item", move.Item, move.Kind == get, s.itemsHere},
		{"monster", move.Monster, move.Kind == slay, s.monsterHere},
		{"with", move.With, move.Kind == slay, s.inHand},
		{"door", move.Door, move.Kind == goes, s.doorsHere},
	} {
		if member.wanted && strings.TrimSpace(member.value) == "" {
			return games.Refuse("missing-member", fmt.Sprintf("A move of kind %q says its %q as well. %s", move.Kind, member.name, member.hint()))
		}
		if !member.wanted && member.value != "" {
			return games.Refuse("needless-member", fmt.Sprintf("A move of kind %q has no %q. Leave it out.", move.Kind, member.name))
		}
	}
	return nil
}

// mayTake refuses what cannot be taken: item is what the name means, if it means an item that has been seen.
func (s *State) mayTake(item *Item, name string) error {
	switch {
	case item == nil && s.hasSeen(s.Monster.Room) && same(name, s.Monster.Name):
		return games.Refuse("not-an-item", "A monster cannot be taken. "+s.itemsHere())
	case item == nil:
		return games.Refuse("no-such-item", "There is nothing of that name to take. "+s.itemsHere())
	case item.Room == held:
		return games.Refuse("already-held", fmt.Sprintf("You hold the %s already.", item.Name))
	case item.Room == carried:
		return games.Refuse("still-carried", fmt.Sprintf("The %s carries the %s. Slay it first.", s.Monster.Name, item.Name))
	case item.Room != s.Here:
		return games.Refuse("item-elsewhere", fmt.Sprintf("The %s is not here. You saw it in the %s.", item.Name, s.Rooms[item.Room].Name))
	}
	return nil
}

// maySlay refuses a blow that would hit nothing, or with nothing.
func (s *State) maySlay(monster, with string) error {
	switch {
	case !s.hasSeen(s.Monster.Room) || !same(monster, s.Monster.Name):
		return games.Refuse("no-such-monster", "You know no monster of that name. "+s.monsterHere())
	case s.Monster.Slain:
		return games.Refuse("already-slain", fmt.Sprintf("The %s is slain already.", s.Monster.Name))
	case s.Monster.Room != s.Here:
		return games.Refuse("monster-elsewhere", fmt.Sprintf("The %s is not here. You met it in the %s.", s.Monster.Name, s.Rooms[s.Monster.Room].Name))
	case same(with, s.Treasure.Name):
		return games.Refuse("not-a-weapon", fmt.Sprintf("The %s is a treasure and slays nobody. %s", s.Treasure.Name, s.inHand()))
	case s.Weapon.Room != held || !same(with, s.Weapon.Name):
		return games.Refuse("weapon-not-held", "You hold no weapon of that name. "+s.inHand())
	}
	return nil
}

func (s *State) itemsHere() string {
	for _, item := range []Item{s.Weapon, s.Treasure} {
		if item.Room == s.Here {
			return fmt.Sprintf("The %s lies here.", item.Name)
		}
	}
	return "Nothing lies here."
}

func (s *State) monsterHere() string {
	switch {
	case s.Monster.Room != s.Here:
		return "There is none here."
	case s.Monster.Slain:
		return fmt.Sprintf("The %s lies slain here.", s.Monster.Name)
	}
	return fmt.Sprintf("The %s is here.", s.Monster.Name)
}

func (s *State) inHand() string {
	if s.Weapon.Room != held {
		return "Your hands are empty."
	}
	return fmt.Sprintf("In your hand is the %s.", s.Weapon.Name)
}

func (s *State) doorsHere() string {
	doors := s.exits(s.Here)
	switch len(doors) {
	case 0:
		return "This room has no doors."
	case 1:
		return "Its only door leads " + doors[0] + "."
	}
	return "Doors lead " + list(doors) + "."
}

// list is "a, b and c".
func list(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
