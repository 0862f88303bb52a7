package dungeon

import (
	"time"

	"yourturn/games"
)

// The data of events. What becomes known with one is seen in its view as well.
type (
	// Dug is the data of dungeon_dug: it is there, and waits for its visitor.
	Dug struct {
		Rooms          int `json:"rooms"`
		ConfirmSeconds int `json:"confirm_seconds"`
	}
	// Confirmed is the data of confirmed: the hour begins.
	Confirmed struct {
		EndsAt time.Time `json:"ends_at"`
	}
	// Entered is the data of room_entered.
	Entered struct {
		First bool  `json:"first"` // they have not been here before
		Place Place `json:"place"`
	}
	// Happening is the data of item_taken, monster_slain, item_dropped, died_waiting and out_of_time.
	Happening struct {
		Room    string `json:"room,omitempty"`
		Monster string `json:"monster,omitempty"`
		With    string `json:"with,omitempty"`
		Item    string `json:"item,omitempty"`
	}
	// Victory is the data of victory.
	Victory struct {
		Treasure    string `json:"treasure"`
		SecondsLeft int    `json:"seconds_left"`
	}
)

// happened is an event of the only seat.
func happened(kind string, data any) games.Event {
	seat := 0
	return games.Event{Kind: kind, Seat: &seat, Data: data}
}
