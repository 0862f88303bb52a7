package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// Cause says what made a change. It is also the kind of the event that tells of it.
type Cause string

// The causes. A game's own events may not use these words.
const (
	Created   Cause = "created"   // somebody opened a table
	MatchedUp Cause = "matched"   // tickets became a session
	Inviting  Cause = "invited"   // somebody at the table has invited others
	Declined  Cause = "declined"  // somebody said no to an invitation
	Joined    Cause = "joined"    // somebody sat down
	Gone      Cause = "left"      // somebody got up while it waited
	Started   Cause = "started"   // all seats are taken
	Moved     Cause = "move"      // a seat moved
	TimedOut  Cause = "timed_out" // the deadline passed
	Stepped   Cause = "stepped"   // the server took its own step
	Forfeited Cause = "forfeited" // a seat gave up
	Migrated  Cause = "migrated"  // newer rules took it over
	Rematched Cause = "rematch"   // somebody wants to play again
)

// finishedEvent is the kind of the event that ends every history.
const finishedEvent = "finished"

// Seated is somebody who sits down.
type Seated struct {
	Player notify.PlayerID `json:"player,omitempty"`
	Bot    games.Level     `json:"bot,omitempty"`
	Role   string          `json:"role,omitempty"`
	Seat   *int            `json:"seat,omitempty"` // which; nil: the first that is free
	Name   string          `json:"-"`              // what they are called, when that is known
}

// Act is what is done to a session. Its members are what a replay needs to do it again.
type Act struct {
	Cause   Cause             `json:"-"`
	Seat    int               `json:"-"` // who acts; [NoSeat] when it is the server
	Login   notify.LoginID    `json:"-"` // by which the player of the seat acts, when that is known; not kept
	Players []Seated          `json:"players,omitempty"`
	Move    json.RawMessage   `json:"move,omitempty"`
	Next    ID                `json:"next,omitempty"`  // the session of a rematch
	Table   *Table            `json:"table,omitempty"` // of a migration: all that the acts before have come to
	Unheard []notify.PlayerID `json:"-"`               // who are not told of it, for a block stands between
}

// NoSeat is the seat of an act of the server.
const NoSeat = -1

// Change is one step of a session: the act, what came of it, and who is told. It is a row of history.
type Change struct {
	Act
	ID       string
	Session  ID
	Version  int64
	Turn     int64 // the turn it answers
	At       time.Time
	Private  bool // the move is for its mover alone
	Nameless bool // nor may others know who has moved
	Events   []Recorded
	Messages []notify.Message `json:"-"`
}

// Recorded is an event as it is kept, with those who may see it.
type Recorded struct {
	Kind string          `json:"kind"`
	Seat *int            `json:"seat,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
	To   []int           `json:"to,omitempty"`  // nil: everybody
	Few  bool            `json:"few,omitempty"` // To counts, even when it is empty
}

// Event is one line of history as one seat may see it.
type Event struct {
	Version int64
	Turn    int64
	Kind    string
	Seat    *int
	At      time.Time
	Data    json.RawMessage
}

// EventsFor renders the change for a seat: the act itself, then what came of it.
func (c Change) EventsFor(viewer int) []Event {
	events := []Event{c.event(string(c.Cause), c.actor(viewer), c.actData(viewer))}
	for _, r := range c.Events {
		if r.Few && !slices.Contains(r.To, viewer) {
			continue
		}
		events = append(events, c.event(r.Kind, r.Seat, r.Data))
	}
	return events
}

func (c Change) event(kind string, seat *int, data json.RawMessage) Event {
	if data == nil {
		data = json.RawMessage(`{}`)
	}
	return Event{Version: c.Version, Turn: c.Turn, Kind: kind, Seat: seat, At: c.At, Data: data}
}

func (c Change) actor(viewer int) *int {
	if c.Seat == NoSeat || c.Nameless && viewer != c.Seat {
		return nil
	}
	return &c.Seat
}

// actData shows a move to everybody, or to its mover alone when it is private.
func (c Change) actData(viewer int) json.RawMessage {
	switch {
	case c.Cause == Rematched:
		return object("session_id", quoted(c.Next))
	case c.Cause == Inviting:
		var invited [][]byte
		for _, p := range c.Players {
			invited = append(invited, quoted(p.Player))
		}
		return object("player_ids", slices.Concat([]byte{'['}, bytes.Join(invited, []byte{','}), []byte{']'}))
	case c.Cause == Declined:
		return object("player_id", quoted(c.Players[0].Player))
	case c.Cause != Moved || c.Private && viewer != c.Seat:
		return nil
	}
	return object("move", c.Move)
}

// quoted is an id as JSON: it has no character that would need an escape.
func quoted[T ~string](id T) json.RawMessage { return json.RawMessage(`"` + string(id) + `"`) }

// object is the JSON object of one member.
func object(name string, value json.RawMessage) json.RawMessage {
	return slices.Concat([]byte(`{"`+name+`":`), value, []byte(`}`))
}

// reserved are the kinds of events that a game may not use: clients would take them for ours.
var reserved = []string{
	string(Created), string(MatchedUp), string(Inviting), string(Declined), string(Joined), string(Gone), string(Started), string(Moved), string(TimedOut),
	string(Stepped), string(Forfeited), string(Migrated), string(Rematched), finishedEvent,
}

// record takes up what the rules say happened.
func (c *Change) record(events []games.Event) error {
	for _, e := range events {
		if e.Kind == "" || slices.Contains(reserved, e.Kind) {
			return fmt.Errorf("the rules tell of an event of kind %q, which is not theirs", e.Kind)
		}
		if err := c.add(e); err != nil {
			return err
		}
	}
	return nil
}

// add keeps an event. Its data must be an object, so that it can grow.
func (c *Change) add(e games.Event) error {
	r := Recorded{Kind: e.Kind, Seat: e.Seat, To: e.To, Few: e.To != nil}
	if e.Data != nil {
		data, err := json.Marshal(e.Data)
		if err != nil {
			return err
		}
		if data[0] != '{' {
			return fmt.Errorf("the data of an event of kind %q is no object", e.Kind)
		}
		r.Data = data
	}
	c.Events = append(c.Events, r)
	return nil
}

// outcome is the data of the finished event, and a session's result on the wire.
type outcome struct {
	Reason    string    `json:"reason"`
	Placings  []placing `json:"placings"`
	Successor ID        `json:"successor,omitempty"`
}

type placing struct {
	Seat  int `json:"seat"`
	Place int `json:"place"`
	Score int `json:"score"`
}

func (c *Change) recordResult(result *games.Result, successor ID) error {
	o := outcome{Reason: result.Reason, Placings: []placing{}, Successor: successor}
	for _, p := range result.Placings {
		o.Placings = append(o.Placings, placing(p))
	}
	return c.add(games.Event{Kind: finishedEvent, Data: o})
}
