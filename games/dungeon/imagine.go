package dungeon

import (
	"slices"

	"yourturn/games"
)

// Imagine rebuilds what has been seen and lets the dice dig the rest as they did at the start.
func (Rules) Imagine(view View, _ int, env games.Env) State {
	s := State{Seen: []int{}, Done: []int64{}}
	s.recall(view.Phases)
	for room, place := range view.Map {
		s.Seen = append(s.Seen, room)
		s.Rooms = append(s.Rooms, recalled(place))
		s.meet(place.Monster, room)
		s.find(place.Items, room)
		if place.Name == view.Room {
			s.Here = room
		}
	}
	s.find(view.Inventory, held)
	if view.EndsAt != nil {
		s.Ends = view.EndsAt.Unix()
	}
	s.openDoors()
	s.dig(view.RoomCount, env.Rand)
	return s
}

func (s *State) recall(phases []Phase) {
	for _, phase := range phases {
		switch phase.Status {
		case phaseDone:
			s.Done = append(s.Done, phase.Since.Unix())
		case phaseFailed:
			s.Failed = phase.Since.Unix()
		}
	}
}

func recalled(place Place) Room {
	room := Room{Name: place.Name, Description: place.Description, Cell: Cell{X: place.X, Y: place.Y}}
	for _, door := range place.Doors {
		room.Doors[slices.Index(directions[:], door.Direction)] = true
	}
	return room
}

func (s *State) meet(beast *Beast, room int) {
	if beast == nil {
		return
	}
	s.Monster = Monster{Name: beast.Name, Room: room, Slain: beast.Slain}
	if beast.Carries != nil {
		s.find([]Thing{*beast.Carries}, carried)
	}
}

func (s *State) find(things []Thing, room int) {
	for _, thing := range things {
		item := Item{Name: thing.Name, Room: room}
		if thing.Kind == weapon {
			s.Weapon = item
		} else {
			s.Treasure = item
		}
	}
}

// openDoors puts a room behind each door that has been seen and not been opened. Two doors may lead to the same one.
func (s *State) openDoors() {
	for _, room := range s.Seen {
		for direction, open := range s.Rooms[room].Doors {
			if !open {
				continue
			}
			if s.behind(room, direction) < 0 {
				s.Rooms = append(s.Rooms, Room{Cell: s.Rooms[room].Cell.next(direction)})
			}
			s.join(wall{room, direction})
		}
	}
}
