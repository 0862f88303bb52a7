package session

import (
	"fmt"
	"testing"

	"yourturn/games"
	"yourturn/notify"
)

// Who begins to play with whom: everybody at a start, latecomers with those who are there, and nobody in a crowd.
func TestMet(t *testing.T) {
	at := func(turn int64, players ...notify.PlayerID) Session {
		s := Session{Turn: turn}
		for i, player := range players {
			seat := Seat{Number: i, Player: player}
			if player == "" {
				seat.Bot = games.Easy
			}
			s.Seats = append(s.Seats, seat)
		}
		return s
	}
	without := func(s Session, change func(*Seat)) Session {
		s = s.clone()
		change(&s.Seats[0])
		return s
	}
	left, gone := func(seat *Seat) { seat.Left = true }, func(seat *Seat) { seat.Deleted = true }
	eight := []notify.PlayerID{"a", "b", "c", "d", "e", "f", "g", "h"}
	for name, c := range map[string]struct {
		before, after Session
		want          int
		some          string
	}{
		"a table that waits":         {at(0, "a"), at(0, "a", "b"), 0, "[]"},
		"two begin":                  {at(0, "a"), at(1, "a", "b"), 2, "[{a b} {b a}]"},
		"two begin from nothing":     {Session{}, at(1, "a", "b"), 2, "[{a b} {b a}]"},
		"a bot is nobody":            {at(0, "a"), at(1, "a", "", "b"), 2, "[{a b} {b a}]"},
		"alone with bots":            {at(0), at(1, "a", ""), 0, "[]"},
		"a turn":                     {at(1, "a", "b"), at(2, "a", "b"), 0, "[]"},
		"somebody comes late":        {at(3, "a", "b"), at(3, "a", "b", "c"), 4, "[{a c} {b c} {c a} {c b}]"},
		"not who has left":           {at(3, "a", "b"), without(at(3, "a", "b", "c"), left), 2, "[{b c} {c b}]"},
		"nor whose account is gone":  {at(3, "a", "b"), without(at(3, "a", "b", "c"), gone), 2, "[{b c} {c b}]"},
		"eight begin":                {at(0), at(1, eight...), 56, ""},
		"nine are a crowd":           {at(0), at(1, append(eight, "i")...), 0, "[]"},
		"the ninth makes it a crowd": {at(1, eight...), at(1, append(eight, "i")...), 0, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := met(c.before, c.after)
			if len(got) != c.want || c.some != "" && fmt.Sprint(got) != c.some {
				t.Errorf("%v, want %d: %s", got, c.want, c.some)
			}
		})
	}
}
