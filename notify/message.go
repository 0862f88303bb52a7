// Package notify tells players what happened: by a numbered feed that every client can read, by waking those who are
// connected, and by pushes to the devices of those who are not.
//
// The feed is the truth. A message gets its number inside the transaction that makes it true (see the store), so the
// numbers of one player are 1, 2, 3 … without a gap, and a client that has seen n misses nothing by asking for what
// comes after n. A wake ([Hub]) carries no content and may be lost without harm.
//
// A push is a hint that the feed has something. The transaction that writes a message leaves a [Notice] of those that
// are pushed. When a quick answer would have come, the [Outbox] makes it one [Delivery] for each device of the player;
// from then on the deliveries are the ledger of what was tried. A [Channel] claims those that are due, looks whether
// what they say is still true (guard.go), and hands them to the [Sender] of its provider.
package notify

import (
	"encoding/json"
	"time"
)

// PlayerID names the person who is told.
type PlayerID string

// LoginID names one sign-in of a player, with its streams.
type LoginID string

// The kinds of messages. Clients ignore a kind they do not know, so the list may grow.
const (
	Matched         = "matched"          // all seats are taken, the session starts
	YourTurn        = "your_turn"        // the session waits for you
	TurnReminder    = "turn_reminder"    // most of your time is gone
	SessionUpdated  = "session_updated"  // something happened, and you need not act
	SessionFinished = "session_finished" // the session is over
	RematchOffered  = "rematch_offered"  // somebody at the table wants to play again
	TicketExpired   = "ticket_expired"   // nobody was found
	Invited         = "invited"          // somebody invites you to a table

	InvitationDeclined = "invitation_declined" // somebody you have invited says no
)

// The kinds of deliveries that no message stands behind.
const (
	BadgeChanged = "badge" // fewer sessions wait for the player, as another device of theirs knows already
	TestPush     = "test"  // a person tries whether pushes arrive
)

// Message is one row of a player's feed. It is told when its change commits, and never changed.
type Message struct {
	Player   PlayerID
	Seq      int64 // given by the store inside the transaction; 0 before
	Kind     string
	At       time.Time
	Session  string // empty when it is about no session; likewise the next four
	Game     string
	Version  int64
	Turn     int64
	Deadline time.Time
	Data     json.RawMessage // a JSON object
	Own      bool            // the player's own doing, so no news to them; not kept
	Push     bool            // it is pushed, unless its guards fail by then; not kept
}

// PushOnce leaves each player one push of the messages of one commit: the last, for it says most.
func PushOnce(messages []Message) {
	pushed := map[PlayerID]bool{}
	for i := len(messages) - 1; i >= 0; i-- {
		m := &messages[i]
		m.Push = m.Push && !pushed[m.Player]
		pushed[m.Player] = pushed[m.Player] || m.Push
	}
}

// Cursor is where a player's feed stands.
type Cursor struct {
	Last    int64 // the highest number given
	Acked   int64 // everything up to here was seen by a person
	Waiting int64 // sessions that wait for the player: the badge
}
