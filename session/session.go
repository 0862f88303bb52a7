// Package session plays games between people who are not there together. Start at [Service.Play]; the turn itself is
// in turn.go and does no I/O.
//
// A [Session] is one play of one game. What happens to it is an [Act]; advance turns an act into the session as it
// stands afterwards and the [Change] that made it so, a row of history from which the session can be played again. One
// [Commit] writes changes, the session and what the players are told as a whole, or not at all.
package session

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// ID names a session.
type ID string

// Status is where a session stands in its life.
type Status string

// A session waits for players, is played, and is over.
const (
	Waiting  Status = "waiting"
	Active   Status = "active"
	Finished Status = "finished"
)

// Session is one play of one game, as its last change left it.
type Session struct {
	ID           ID
	Game         string
	RulesVersion int
	Status       Status
	Version      int64 // how many changes it has had
	Turn         int64 // the number of the current turn, from 1; 0 while it waits
	Config       json.RawMessage
	TurnSeconds  int
	Capacity     int // seats that must be taken before it starts
	JoinCode     string
	Seed         []byte                  // 32 bytes from which all its randomness is derived
	State        json.RawMessage         `json:",omitempty"` // a table that waits has none, and a null would be one
	Await        []int                   // the seats that must move, ascending
	Pending      map[int]json.RawMessage // the moves of a simultaneous turn that wait for the others; of those that count at once, who made them
	Deadline     time.Time               // when the turn ends; zero when nobody's time runs
	Due          time.Time               // when the clock must look at it next; Never when it need not
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Seats        []Seat       // ascending by number
	Invitations  []Invitation `json:",omitempty"` // while it waits
	Result       *games.Result
	Public       bool   // anybody may enter, without a code
	Successor    ID     // the session that follows it: a rematch, or the next one that anybody may enter
	ChangeID     string // of the last change
}

// Seat is a taken place at the table.
type Seat struct {
	Number      int
	Player      notify.PlayerID // nobody at a bot's seat
	Bot         games.Level     // how well the server plays it; empty: a person does
	Role        string
	Left        bool // forfeited while the game went on without them, or at its end
	DisplayName string
	Avatar      string
	Deleted     bool  // the player's account is gone
	Muted       bool  // the player wants no pushes of this session
	LastSeq     int64 // the last message the player got about this session
	SortKey     int64 // where it stands in the player's list
}

// Never is the due instant of a session that the clock can forget.
var Never = time.UnixMilli(1 << 52).UTC()

// Grace is how long after a deadline a move is still taken: it was on its way. The server acts right after.
const Grace = 2 * time.Second

// WaitingLife is how long a session waits for its seats to fill.
const WaitingLife = 7 * 24 * time.Hour

// SeatOf finds a player's seat.
func (s Session) SeatOf(player notify.PlayerID) (Seat, bool) {
	for _, seat := range s.Seats {
		if seat.Player == player && !seat.isBot() {
			return seat, true
		}
	}
	return Seat{}, false
}

// seat finds a seat by its number.
func (s Session) seat(number int) (Seat, bool) {
	i := slices.IndexFunc(s.Seats, func(seat Seat) bool { return seat.Number == number })
	if i < 0 {
		return Seat{}, false
	}
	return s.Seats[i], true
}

func (s Seat) isBot() bool { return s.Bot != "" }

// isTold says whether somebody reads what is told to the seat.
func (s Seat) isTold() bool { return !s.isBot() && !s.Deleted }

// bots are the seats of bots that must move.
func (s Session) bots() (awaited []Seat) {
	for _, seat := range s.Seats {
		if seat.isBot() && s.MustMove(seat.Number) {
			awaited = append(awaited, seat)
		}
	}
	return awaited
}

// MustMove says whether the session waits for the seat.
func (s Session) MustMove(seat int) bool { return s.Status == Active && slices.Contains(s.Await, seat) }

// mostSeats is how many may sit at the table as things stand.
func (s Session) mostSeats(g games.Game) int {
	if s.Status == Active && g.JoinsLate() {
		return g.Info().MaxSeats
	}
	return s.Capacity
}

// kept are the seats whose moves wait for those of the others.
func (s Session) kept(info games.Info) []int {
	if info.AtOnce {
		return nil
	}
	return slices.Collect(maps.Keys(s.Pending))
}

// ToMove lists the seats that must move, as a viewer may know them. Where moves count at once and are hidden, others must
// not see who has moved: beside a tally of the answers it would tell them whose was right.
func (s Session) ToMove(viewer int, info games.Info) []int {
	if !info.AtOnce {
		return s.Await
	}
	seats := slices.Clone(s.Await)
	for seat, noted := range s.Pending {
		if seat != viewer && bytes.Equal(noted, hiddenMove) {
			seats = append(seats, seat)
		}
	}
	slices.Sort(seats)
	return seats
}

// serverMoves says that the next step is the server's own.
func (s Session) serverMoves() bool { return s.Status == Active && len(s.Await) == 0 }

// expiry is the last instant at which the people awaited may still act.
func (s Session) expiry() time.Time {
	if s.serverMoves() || s.Status == Waiting {
		return s.Deadline
	}
	return s.Deadline.Add(Grace)
}

// Overdue says that the server must act for those who did not. It is also the instant from which their moves are
// refused, so no move is both late and lost.
func (s Session) Overdue(now time.Time) bool {
	if s.Status == Finished {
		return false
	}
	if s.serverMoves() {
		return !now.Before(s.expiry())
	}
	return now.After(s.expiry())
}

// overdueAt is the first instant of being overdue.
func (s Session) overdueAt() time.Time {
	if s.serverMoves() {
		return s.expiry()
	}
	return s.expiry().Add(time.Millisecond)
}

// sortKey orders a player's sessions: those that wait for the player by deadline, then the others, newest first.
func (s Session) sortKey(seat int) int64 {
	if s.MustMove(seat) {
		return s.Deadline.UnixMilli()
	}
	return NotMyTurn - s.UpdatedAt.UnixMilli()
}

// NotMyTurn is the offset of the sort keys of sessions that do not wait for the player; half of it divides the two.
const NotMyTurn = int64(1) << 62

func (s Session) clone() Session {
	s.Seats = slices.Clone(s.Seats)
	s.Await = slices.Clone(s.Await)
	s.Pending = maps.Clone(s.Pending)
	s.Invitations = slices.Clone(s.Invitations)
	return s
}

// freeSeat is the lowest number nobody sits at.
func (s Session) freeSeat() int {
	free := 0
	for _, seat := range s.Seats {
		if seat.Number == free {
			free++
		}
	}
	return free
}

// FreeRoles lists the game's roles that nobody has taken.
func (s Session) FreeRoles(info games.Info) []string {
	free := []string{}
	for _, role := range info.Roles {
		if !slices.ContainsFunc(s.Seats, func(seat Seat) bool { return seat.Role == role }) {
			free = append(free, role)
		}
	}
	return free
}
