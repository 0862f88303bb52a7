package session

import (
	"encoding/json"
	"slices"
	"time"

	"yourturn/notify"
)

// Message is what a player is told.
type Message = notify.Message

// crowd is the number of seats from which on a session tells of single moves only to those they concern.
const crowd = 8

// maxEvents bounds the events that travel inside a message, in bytes. Who needs more reads the history.
const maxEvents = 4 << 10

// tell writes what each person at the table learns from a change: one message at most, and none to those for whom
// nothing changed.
func tell(before, after Session, c Change) []Message {
	var messages []Message
	for _, seat := range after.Seats {
		kind := kindFor(before, after, c, seat)
		if kind == "" || !seat.isTold() || slices.Contains(c.Unheard, seat.Player) {
			continue
		}
		m := message(kind, seat, after, c.At)
		m.Own = c.Seat == seat.Number
		m.Push = pushed(m, after, seat)
		m.Data = messageData(c.EventsFor(seat.Number), after.Successor)
		if kind == notify.InvitationDeclined {
			m.Data = declinedData(before, c)
		}
		messages = append(messages, m)
	}
	return messages
}

func kindFor(before, after Session, c Change, seat Seat) string {
	full := len(after.Seats) == after.Capacity
	switch {
	case c.Cause == Created, c.Cause == Migrated, c.Cause == Inviting && c.Seat == seat.Number:
		return ""
	case c.Cause == Declined && before.isHostOf(c.Players[0].Player, seat):
		return notify.InvitationDeclined
	case c.Cause == MatchedUp, c.Cause == Joined && before.Status == Waiting && full:
		return notify.Matched
	case c.Cause == Rematched && c.Seat != seat.Number && before.Successor == "": // once, not whenever a table was left
		return notify.RematchOffered
	case c.Cause == Rematched:
		return notify.SessionUpdated
	case after.Status == Finished:
		return notify.SessionFinished
	case seat.Left:
		return ""
	case after.MustMove(seat.Number) && (after.Turn != before.Turn || !before.MustMove(seat.Number)):
		return notify.YourTurn
	case c.Cause == Started:
		return "" // told a moment ago that they are matched
	case after.Turn == before.Turn && len(after.Seats) > crowd && c.Seat != seat.Number:
		return ""
	case c.Cause == Joined && c.Players[0].Player == seat.Player:
		return ""
	}
	return notify.SessionUpdated
}

// pushed says which messages are news to somebody who does not look: not what they can see coming, nor the end that they
// have made themselves.
func pushed(m Message, after Session, seat Seat) bool {
	switch m.Kind {
	case notify.YourTurn, notify.RematchOffered: // also to those who brought it about: their other devices do not know
		return true
	case notify.Matched:
		return !after.MustMove(seat.Number)
	case notify.SessionFinished:
		return !m.Own
	}
	return false
}

func message(kind string, seat Seat, s Session, now time.Time) Message {
	m := Message{
		Player: seat.Player, Kind: kind, At: now, Session: string(s.ID), Game: s.Game, Version: s.Version, Turn: s.Turn,
	}
	if s.Status == Active {
		m.Deadline = s.Deadline
	}
	return m
}

func reminders(s Session, now time.Time) []Message {
	var messages []Message
	for _, seat := range s.Seats {
		if s.MustMove(seat.Number) && seat.isTold() {
			m := message(notify.TurnReminder, seat, s, now)
			m.Data = json.RawMessage(`{}`)
			m.Push = true
			messages = append(messages, m)
		}
	}
	return messages
}

// WireEvent is an event as it travels, in the history and inside a message.
type WireEvent struct {
	Version int64           `json:"version"`
	Turn    int64           `json:"turn"`
	Kind    string          `json:"kind"`
	Seat    *int            `json:"seat,omitempty"`
	At      time.Time       `json:"at"`
	Data    json.RawMessage `json:"data"`
}

// Wire renders events for the wire, in whole seconds.
func Wire(events []Event) []WireEvent {
	wire := make([]WireEvent, 0, len(events))
	for _, e := range events {
		wire = append(wire, WireEvent{Version: e.Version, Turn: e.Turn, Kind: e.Kind, Seat: e.Seat, At: e.At.UTC().Truncate(time.Second), Data: e.Data})
	}
	return wire
}

// messageData is what happened, unless that is much, and the session that follows.
func messageData(events []Event, successor ID) json.RawMessage {
	data := struct {
		Events    []WireEvent `json:"events,omitempty"`
		Successor ID          `json:"successor_id,omitempty"`
	}{Wire(events), successor}
	raw, err := json.Marshal(data)
	if err == nil && len(raw) > maxEvents {
		data.Events = nil
		raw, err = json.Marshal(data)
	}
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return raw
}

// waiting is by how much a change moves the players' badges: the number of sessions that wait for them.
func waiting(before, after Session) map[notify.PlayerID]int {
	delta := map[notify.PlayerID]int{}
	for _, seat := range slices.Concat(before.Seats, after.Seats) {
		was, is := before.MustMove(seat.Number), after.MustMove(seat.Number)
		switch {
		case seat.isBot():
		case is && !was:
			delta[seat.Player] = 1
		case was && !is:
			delta[seat.Player] = -1
		}
	}
	return delta
}

// lowered finds the badges that go down: the player's other devices are to know. What else is pushed of the change may be
// held back, as of a muted session, and the badge must not be.
func lowered(c Commit) []notify.Notice {
	var notices []notify.Notice
	for _, seat := range c.Session.Seats {
		if c.Waiting[seat.Player] >= 0 || !seat.isTold() {
			continue
		}
		last := c.Changes[len(c.Changes)-1]
		n := notify.Notice{Message: message(notify.BadgeChanged, seat, c.Session, last.At)}
		if last.Seat == seat.Number {
			n.By = last.Login
		}
		notices = append(notices, n)
	}
	return notices
}

// seatRows finds the seats whose rows a commit must write, and gives them their places in the players' lists. At a
// crowded table a move inside a turn concerns the mover's row alone.
func seatRows(before Session, after *Session, changes []Change) (rows []Seat, gotUp []int) {
	all := len(after.Seats) <= crowd || after.Turn != before.Turn || after.Status != before.Status
	for i, seat := range after.Seats {
		mover := slices.ContainsFunc(changes, func(c Change) bool { return c.Seat == seat.Number })
		if all || mover {
			after.Seats[i].SortKey = after.sortKey(seat.Number)
			rows = append(rows, after.Seats[i])
		}
	}
	for _, seat := range before.Seats {
		if !slices.ContainsFunc(after.Seats, func(s Seat) bool { return s.Number == seat.Number }) {
			gotUp = append(gotUp, seat.Number)
		}
	}
	return rows, gotUp
}
