package dungeon

import (
	"math/rand/v2"
	"slices"
)

// Cell is a place on the grid, counted from the entrance.
type Cell struct {
	X int `json:"x"` // to the east
	Y int `json:"y"` // to the south
}

// directions are the names of doors. The opposite of one is two further on.
var (
	directions = [4]string{"north", "east", "south", "west"}
	steps      = [4]Cell{{0, -1}, {1, 0}, {0, 1}, {-1, 0}}
)

func opposite(direction int) int { return (direction + 2) % 4 }

func (c Cell) next(direction int) Cell {
	return Cell{X: c.X + steps[direction].X, Y: c.Y + steps[direction].Y}
}

// dig makes what is missing of a dungeon with so many rooms: all of it at the start, and when somebody imagines the
// dungeon, all that they have not seen. Each choice is one roll, also among one; docs/games/dungeon.md has their order.
func (s *State) dig(rooms int, dice *rand.Rand) {
	if len(s.Rooms) == 0 {
		s.Rooms = []Room{{}}
	}
	for len(s.Rooms) < rooms {
		site := pick(s.sites(), dice)
		s.Rooms = append(s.Rooms, Room{Cell: s.Rooms[site.room].Cell.next(site.direction)})
		s.join(site)
	}
	s.closeRing(dice)
	s.furnish(dice)
	s.populate(dice)
}

// wall is one side of a room.
type wall struct{ room, direction int }

// sites are the walls behind which a new room can be: those of rooms that nobody has seen, as the others' doors are
// known, where the grid is free.
func (s *State) sites() []wall {
	var sites []wall
	for _, room := range s.unseen() {
		for direction := range directions {
			if s.behind(room, direction) < 0 {
				sites = append(sites, wall{room, direction})
			}
		}
	}
	return sites
}

// closeRing may put one more door between two rooms that lie side by side, so that there is a way round. It is as
// likely that it puts none as that it takes any one of them.
func (s *State) closeRing(dice *rand.Rand) {
	if s.doors() >= len(s.Rooms) {
		return // there is a ring: a map without one has a door less than it has rooms
	}
	var walls []wall
	for _, room := range s.unseen() {
		for _, direction := range []int{1, 2} { // the neighbours to the north and west come to it from their side
			next := s.behind(room, direction)
			if next >= 0 && !s.hasSeen(next) && !s.Rooms[room].Doors[direction] {
				walls = append(walls, wall{room, direction})
			}
		}
	}
	if at := dice.IntN(len(walls) + 1); at < len(walls) {
		s.join(walls[at])
	}
}

// furnish gives the rooms that have none a name of their own and a description.
func (s *State) furnish(dice *rand.Rand) {
	names := slices.DeleteFunc(slices.Clone(roomNames), func(name string) bool {
		return slices.ContainsFunc(s.Rooms, func(r Room) bool { return r.Name == name })
	})
	for i := range s.Rooms {
		if s.Rooms[i].Name != "" {
			continue
		}
		at := dice.IntN(len(names))
		s.Rooms[i].Name = names[at]
		s.Rooms[i].Description = pick(roomWalls, dice) + " " + pick(roomContents, dice)
		names = slices.Delete(names, at, at+1)
	}
}

// populate puts the monster, the weapon and the treasure where they are, unless they have been seen. The monster is
// not at the entrance, nor the weapon in its room, unless there is no other.
func (s *State) populate(dice *rand.Rand) {
	if s.Monster.Name == "" {
		lairs := without(s.unseen(), 0)
		s.Monster = Monster{Name: name(dice, monsterManners, monsterColours, monsterBeasts), Room: pick(lairs, dice)}
	}
	if s.Weapon.Name == "" {
		corners := without(s.unseen(), s.Monster.Room)
		s.Weapon = Item{Name: name(dice, weaponQualities, weaponKinds), Room: pick(corners, dice)}
	}
	if s.Treasure.Name == "" {
		s.Treasure = Item{Name: name(dice, treasureQualities, treasureKinds), Room: carried}
	}
}

// join puts a door into a wall between two rooms.
func (s *State) join(w wall) {
	s.Rooms[w.room].Doors[w.direction] = true
	s.Rooms[s.behind(w.room, w.direction)].Doors[opposite(w.direction)] = true
}

// behind is the room on the other side of a wall, or -1.
func (s *State) behind(room, direction int) int { return s.roomAt(s.Rooms[room].Cell.next(direction)) }

// roomAt is the room of a cell, or -1.
func (s *State) roomAt(cell Cell) int {
	return slices.IndexFunc(s.Rooms, func(r Room) bool { return r.Cell == cell })
}

func (s *State) doors() int {
	sides := 0
	for _, room := range s.Rooms {
		for _, open := range room.Doors {
			if open {
				sides++
			}
		}
	}
	return sides / 2
}

func (s *State) unseen() []int {
	var rooms []int
	for room := range s.Rooms {
		if !s.hasSeen(room) {
			rooms = append(rooms, room)
		}
	}
	return rooms
}

// without leaves out a room, unless it is the only one.
func without(rooms []int, room int) []int {
	if len(rooms) == 1 {
		return rooms
	}
	return slices.DeleteFunc(rooms, func(r int) bool { return r == room })
}

func pick[T any](list []T, dice *rand.Rand) T { return list[dice.IntN(len(list))] }
