package dungeon

import "time"

// View is what the visitor knows: how far they are, and what they have seen.
type View struct {
	Phases    []Phase    `json:"phases" doc:"The way to victory in its order: created, confirmation, weapon, monster, treasure, victory."`
	EndsAt    *time.Time `json:"ends_at,omitempty" doc:"When the hour is over. It begins with the confirmation."`
	RoomCount int        `json:"room_count" doc:"How many rooms the dungeon has, seen or not." example:"5"`
	Room      string     `json:"room,omitempty" doc:"The name of the room you are in, once you have entered." example:"Echo Grotto"`
	Inventory []Thing    `json:"inventory" doc:"What you hold."`
	Map       []Place    `json:"map" doc:"The rooms you have been in, in the order of your first visit, as they are now."`
}

// Phase is one stage of the way.
type Phase struct {
	Name   string    `json:"name" doc:"What it is about. Show one that you do not know as it is." example:"weapon"`
	Status string    `json:"status" doc:"done; open: what is to do now; waiting: for the open one; failed: too late." example:"open"`
	Since  time.Time `json:"since" doc:"Since when it is so."`
}

// Place is a room that has been seen.
type Place struct {
	Name        string  `json:"name" doc:"What the room is called." example:"Echo Grotto"`
	Description string  `json:"description" doc:"What it looks like. Nothing in it matters." example:"The walls are black with old soot. Mushrooms glow faintly in the corners."`
	X           int     `json:"x" doc:"How far east of the entrance, in rooms; less than 0 is west." example:"0"`
	Y           int     `json:"y" doc:"How far south of the entrance, in rooms; less than 0 is north." example:"-1"`
	Doors       []Door  `json:"doors" doc:"Its doors: north, east, south, west."`
	Items       []Thing `json:"items" doc:"What lies here and can be taken."`
	Monster     *Beast  `json:"monster,omitempty" doc:"Who lives here, or did."`
}

// Door is a way out of a room.
type Door struct {
	Direction string `json:"direction" doc:"What to say in a move of kind go." example:"east"`
	LeadsTo   string `json:"leads_to,omitempty" doc:"The room behind it; absent until you have been there." example:"Wine Vault"`
}

// Thing is an item that has been seen.
type Thing struct {
	Name string `json:"name" doc:"What to say in a move." example:"Humming Halberd"`
	Kind string `json:"kind" doc:"weapon or treasure." example:"weapon"`
}

// Beast is a monster that has been seen.
type Beast struct {
	Name    string `json:"name" doc:"What to say in a move." example:"Snoring Teal Lindworm"`
	Slain   bool   `json:"slain" doc:"Whether it is dead."`
	Carries *Thing `json:"carries,omitempty" doc:"What it drops when it is slain."`
}

// The kinds of things.
const (
	weapon   = "weapon"
	treasure = "treasure"
)

func (Rules) View(s State, _ int) View {
	view := View{Phases: s.phases(), RoomCount: len(s.Rooms), Inventory: s.thingsIn(held), Map: []Place{}}
	for _, room := range s.Seen {
		view.Map = append(view.Map, s.place(room))
	}
	if s.entered() {
		ends := instant(s.Ends)
		view.EndsAt, view.Room = &ends, s.Rooms[s.Here].Name
	}
	return view
}

func (s *State) place(room int) Place {
	r := s.Rooms[room]
	place := Place{Name: r.Name, Description: r.Description, X: r.Cell.X, Y: r.Cell.Y, Doors: []Door{}, Items: s.thingsIn(room)}
	for direction, open := range r.Doors {
		if !open {
			continue
		}
		door := Door{Direction: directions[direction]}
		if next := s.behind(room, direction); s.hasSeen(next) {
			door.LeadsTo = s.Rooms[next].Name
		}
		place.Doors = append(place.Doors, door)
	}
	if s.Monster.Room == room {
		place.Monster = &Beast{Name: s.Monster.Name, Slain: s.Monster.Slain}
		for _, thing := range s.thingsIn(carried) {
			place.Monster.Carries = &thing
		}
	}
	return place
}

func (s *State) thingsIn(room int) []Thing {
	things := []Thing{}
	if s.Weapon.Room == room {
		things = append(things, Thing{Name: s.Weapon.Name, Kind: weapon})
	}
	if s.Treasure.Room == room {
		things = append(things, Thing{Name: s.Treasure.Name, Kind: treasure})
	}
	return things
}
