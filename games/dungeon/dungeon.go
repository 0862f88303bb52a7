// Package dungeon is a quest for one: find the weapon, slay the monster with it, take the treasure that it drops.
//
// The dice dig the dungeon at the start ([State], dig.go), and nothing is drawn afterwards. The player sees the rooms
// they have been in and no more ([View], view.go); what a refused command is told (refusal.go) is bounded by the same
// sight. The clock has two parts: two minutes to enter, then one hour for all the rest. The rules refuse nothing because
// it is late. That is the server's part, which takes a move as long as its grace lasts; but a move that is taken when
// the hour is over, and does not win, is the last.
package dungeon

import (
	"slices"
	"strings"
	"time"

	"yourturn/games"
)

// How long there is to enter, and then to win.
const (
	confirmWithin = 2 * time.Minute
	questWithin   = time.Hour
)

// The ways in which it ends.
const (
	won       = "treasure"
	neverCame = "died-waiting"
	tooLate   = "out-of-time"
)

// Rules are the rules of the dungeon.
type Rules struct{}

// Config is the size of the dungeon.
type Config struct {
	Rooms int `json:"rooms,omitempty" minimum:"1" maximum:"9" default:"1" doc:"How many rooms there are. Doors join them, and the map is hidden until seen." example:"5"`
}

// Move is a command. Names are matched without regard to case and to blanks that are too many.
type Move struct {
	Kind    string `json:"kind" enum:"confirm,get,slay,go" doc:"What to do: confirm (enter the dungeon), get an item, slay a monster with a weapon, go through a door." example:"slay"`
	Item    string `json:"item,omitempty" maxLength:"80" doc:"For get: the name of what to take." example:"Humming Halberd"`
	Monster string `json:"monster,omitempty" maxLength:"80" doc:"For slay: the name of the monster." example:"Snoring Teal Lindworm"`
	With    string `json:"with,omitempty" maxLength:"80" doc:"For slay: the name of a weapon that you hold." example:"Humming Halberd"`
	Door    string `json:"door,omitempty" maxLength:"80" doc:"For go: where the door leads: north, east, south or west." example:"north"`
}

// The kinds of moves.
const (
	confirm = "confirm"
	get     = "get"
	slay    = "slay"
	goes    = "go"
)

var kinds = []string{confirm, get, slay, goes}

// State is the whole dungeon, and how far its visitor has come.
type State struct {
	Rooms    []Room  `json:"rooms"` // the first is the entrance; they never change
	Monster  Monster `json:"monster"`
	Weapon   Item    `json:"weapon"`
	Treasure Item    `json:"treasure"`
	Here     int     `json:"here"`           // the room of the visitor, once they have entered
	Seen     []int   `json:"seen"`           // the rooms they have been in, in the order of their first visit
	Done     []int64 `json:"done"`           // when each phase was done, in Unix seconds
	Failed   int64   `json:"failed"`         // when the rest of them failed; 0 while there is hope
	Ends     int64   `json:"ends,omitempty"` // the end of the hour, in Unix seconds
}

// Room is one place on the grid.
type Room struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Cell        Cell    `json:"cell"`
	Doors       [4]bool `json:"doors"` // in the order of directions
}

// Monster guards the treasure, and no door.
type Monster struct {
	Name  string `json:"name"`
	Room  int    `json:"room"`
	Slain bool   `json:"slain"`
}

// Item lies in a room, or is with somebody.
type Item struct {
	Name string `json:"name"`
	Room int    `json:"room"` // or one of the places below
}

// Where an item is that lies in no room.
const (
	held    = -1 // by the visitor
	carried = -2 // by the monster
)

func (Rules) Describe() games.Info {
	return games.Info{
		Name: "dungeon", Title: "Dungeon", TypeName: "Dungeon", Version: 1,
		MinSeats: 1, MaxSeats: 1, TurnSeconds: int(questWithin / time.Second),
	}
}

// Configure gives whoever asks for nothing one room.
func (Rules) Configure(config Config) (Config, error) {
	config.Rooms = max(config.Rooms, 1)
	return config, nil
}

// Start digs the dungeon, so that all of it is there before anybody can ask for it.
func (Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	s := State{Seen: []int{}, Done: []int64{setup.Now.Unix()}}
	s.dig(setup.Config.Rooms, setup.Rand)
	return games.Step[State]{
		State: s, Await: []int{0}, Within: confirmWithin,
		Events: []games.Event{{Kind: "dungeon_dug", Data: Dug{Rooms: len(s.Rooms), ConfirmSeconds: int(confirmWithin / time.Second)}}},
	}, nil
}

func (Rules) Apply(s State, _ int, move Move, env games.Env) (games.Step[State], error) {
	if err := s.fits(move); err != nil {
		return games.Step[State]{}, err
	}
	var events []games.Event
	var err error
	switch move.Kind {
	case confirm:
		events = s.confirm(env.Now)
	case get:
		events, err = s.get(move.Item, env.Now)
	case slay:
		events, err = s.slay(move.Monster, move.With, env.Now)
	case goes:
		events, err = s.leave(move.Door)
	}
	if err != nil {
		return games.Step[State]{}, err
	}
	return s.settle(events, env.Now), nil
}

// Timeout ends it for whoever did not come in time, or did not win in time.
func (Rules) Timeout(s State, _ []int, env games.Env) (games.Step[State], error) {
	if !s.entered() {
		return s.lose(neverCame, nil, env.Now), nil
	}
	return s.lose(tooLate, nil, env.Now), nil
}

// LegalMoves are all commands that make sense here, in the spelling of the view.
func (Rules) LegalMoves(s State, _ int) []Move {
	if !s.entered() {
		return []Move{{Kind: confirm}}
	}
	var moves []Move
	for _, item := range []Item{s.Weapon, s.Treasure} {
		if item.Room == s.Here {
			moves = append(moves, Move{Kind: get, Item: item.Name})
		}
	}
	if s.Weapon.Room == held && s.Monster.Room == s.Here && !s.Monster.Slain {
		moves = append(moves, Move{Kind: slay, Monster: s.Monster.Name, With: s.Weapon.Name})
	}
	for _, door := range s.exits(s.Here) {
		moves = append(moves, Move{Kind: goes, Door: door})
	}
	return moves
}

func (s *State) confirm(now time.Time) []games.Event {
	s.done(now)
	s.Ends = now.Add(questWithin + time.Second - 1).Unix() // rounded up, as deadlines are
	return append([]games.Event{happened("confirmed", Confirmed{EndsAt: instant(s.Ends)})}, s.enter(0)...)
}

func (s *State) get(name string, now time.Time) ([]games.Event, error) {
	item := s.itemCalled(name)
	if err := s.mayTake(item, name); err != nil {
		return nil, err
	}
	item.Room = held
	s.done(now)
	return []games.Event{happened("item_taken", Happening{Room: s.Rooms[s.Here].Name, Item: item.Name})}, nil
}

func (s *State) slay(monster, with string, now time.Time) ([]games.Event, error) {
	if err := s.maySlay(monster, with); err != nil {
		return nil, err
	}
	s.Monster.Slain = true
	s.Treasure.Room = s.Here
	s.done(now)
	room := s.Rooms[s.Here].Name
	return []games.Event{
		happened("monster_slain", Happening{Room: room, Monster: s.Monster.Name, With: s.Weapon.Name}),
		happened("item_dropped", Happening{Room: room, Monster: s.Monster.Name, Item: s.Treasure.Name}),
	}, nil
}

func (s *State) leave(door string) ([]games.Event, error) {
	for direction, open := range s.Rooms[s.Here].Doors {
		if open && same(door, directions[direction]) {
			return s.enter(s.behind(s.Here, direction)), nil
		}
	}
	return nil, games.Refuse("no-such-door", "There is no door of that name here. "+s.doorsHere())
}

func (s *State) enter(room int) []games.Event {
	s.Here = room
	first := !s.hasSeen(room)
	if first {
		s.Seen = append(slices.Clone(s.Seen), room)
	}
	return []games.Event{happened("room_entered", Entered{First: first, Place: s.place(room)})}
}

// settle says how it goes on after a move: it is won, or over, or has what is left of the hour.
func (s *State) settle(events []games.Event, now time.Time) games.Step[State] {
	left := instant(s.Ends).Sub(now)
	if s.Treasure.Room == held {
		return s.win(events, max(left, 0), now)
	}
	if left <= 0 {
		return s.lose(tooLate, events, now)
	}
	return games.Step[State]{State: *s, Await: []int{0}, Within: left, Events: events}
}

func (s *State) win(events []games.Event, left time.Duration, now time.Time) games.Step[State] {
	s.done(now)
	seconds := int(left / time.Second)
	events = append(events, happened("victory", Victory{Treasure: s.Treasure.Name, SecondsLeft: seconds}))
	placing := games.Placing{Seat: 0, Place: 1, Score: seconds}
	return games.Step[State]{State: *s, Events: events, Result: &games.Result{Reason: won, Placings: []games.Placing{placing}}}
}

// lose places the only seat second, as nobody who has lost comes first.
func (s *State) lose(reason string, events []games.Event, now time.Time) games.Step[State] {
	s.Failed = now.Unix()
	events = append(events, happened(strings.ReplaceAll(reason, "-", "_"), Happening{}))
	placing := games.Placing{Seat: 0, Place: 2}
	return games.Step[State]{State: *s, Events: events, Result: &games.Result{Reason: reason, Placings: []games.Placing{placing}}}
}

func (s *State) entered() bool         { return len(s.Seen) > 0 }
func (s *State) hasSeen(room int) bool { return slices.Contains(s.Seen, room) }

// itemCalled is the item that a name means, of those that have been seen, or nil.
func (s *State) itemCalled(name string) *Item {
	for _, item := range []*Item{&s.Weapon, &s.Treasure} {
		if s.isKnown(*item) && same(name, item.Name) {
			return item
		}
	}
	return nil
}

func (s *State) isKnown(item Item) bool {
	switch item.Room {
	case held:
		return true
	case carried:
		return s.hasSeen(s.Monster.Room)
	}
	return s.hasSeen(item.Room)
}

// exits are the directions of a room's doors.
func (s *State) exits(room int) []string {
	var exits []string
	for direction, open := range s.Rooms[room].Doors {
		if open {
			exits = append(exits, directions[direction])
		}
	}
	return exits
}
