package session

import (
	"context"
	"errors"
	"time"

	"yourturn/notify"
)

// Store keeps sessions and their histories.
type Store interface {
	// Session reads a session as the database has it now, or ErrNotFound.
	Session(ctx context.Context, id ID) (Session, error)
	// SessionByCode finds a session by its join code.
	SessionByCode(ctx context.Context, code string) (Session, error)
	// SessionByKey finds what an idempotency key made, with the fingerprint of what was asked; ErrNotFound when
	// the key is new.
	SessionByKey(ctx context.Context, player notify.PlayerID, key string) (id ID, fingerprint string, err error)
	// ListSessions reads a page of a player's sessions in the order of their sort keys.
	ListSessions(ctx context.Context, q Query) ([]Session, error)
	// History reads changes after a version, in order.
	History(ctx context.Context, id ID, after int64, limit int) ([]Change, error)
	// MoveAt finds the move that a seat made in a turn.
	MoveAt(ctx context.Context, id ID, turn int64, seat int) (Change, bool, error)

	// Commit makes everything in it true as a whole, gives the messages their numbers, or returns ErrConflict when
	// the stored version is not Before, ErrUnknown when it cannot be told in time what became of it, or ErrBusy when
	// too much waits already. It returns when the result is durable.
	Commit(ctx context.Context, c Commit) error

	// BotTables counts the player's sessions with bots that are not over, up to a limit.
	BotTables(ctx context.Context, player notify.PlayerID, limit int) (int, error)

	// Names tells what players are called. Those who are not there, or not any more, are left out.
	Names(ctx context.Context, players []notify.PlayerID) (map[notify.PlayerID]string, error)
	// OpenInvitations counts the open invitations that a player has sent to tables that wait, up to a limit.
	OpenInvitations(ctx context.Context, host notify.PlayerID, limit int) (int, error)
	// InvitationsOf reads a page of a player's open invitations, the newest first, without those that a block hides: one
	// between the player and whoever invites, or the host of the table.
	InvitationsOf(ctx context.Context, player notify.PlayerID, after Position, limit int) ([]Invited, error)
	// Opponents reads a page of the people whom a player has met, the last first, without those whose account is gone.
	Opponents(ctx context.Context, player notify.PlayerID, after Position, limit int) ([]Opponent, error)

	// Block keeps a block, unless it is there, or the player has max (ErrTooManyBlocks).
	Block(ctx context.Context, player, other notify.PlayerID, now time.Time, max int) error
	Unblock(ctx context.Context, player, other notify.PlayerID) error
	// BlocksOf reads a page of a player's blocks, the last first.
	BlocksOf(ctx context.Context, player notify.PlayerID, after Position, limit int) ([]Block, error)
	// BlocksAmong finds who of some players blocks whom of them.
	BlocksAmong(ctx context.Context, players []notify.PlayerID) (Blocks, error)

	// Mute sets whether a player wants pushes of a session, or returns ErrNotFound when the player has no seat at it.
	Mute(ctx context.Context, id ID, player notify.PlayerID, muted bool) error

	// ClaimDue takes sessions that are due for this claim alone, until the lease ends: those of these games whose rules
	// are not newer.
	ClaimDue(ctx context.Context, now time.Time, rules []Rules, claim string, lease time.Duration, limit int) ([]ID, error)
	// NextDue is the instant at which the clock must look again: when the next session is due, but for those that are due
	// now and that it leaves to others; Never when none is.
	NextDue(ctx context.Context, now time.Time, rules []Rules) (time.Time, error)

	// Standing is the session of a game that anybody may enter, which may not have been made yet; or ErrNotFound.
	Standing(ctx context.Context, game string) (ID, error)
	// MoveStanding puts another session in its place, unless somebody else was first; from is empty when there is none.
	MoveStanding(ctx context.Context, game string, from, to ID) error
}

// Rules name a game, and the newest version of it that a server can play.
type Rules struct {
	Game    string
	Version int
}

// Commit is what becomes true together.
type Commit struct {
	Before   int64   // the version that the changes start from; 0 for a session that is new
	Session  Session // as it stands afterwards
	SameTurn bool    // the turn goes on: its due instant stays what the database has, for a reminder may have moved it
	Changes  []Change
	Messages []notify.Message
	Seats    []Seat                  // the seats whose rows change
	GotUp    []int                   // the numbers of seats that are free again
	Waiting  map[notify.PlayerID]int // moves of the players' badges
	Lowered  []notify.Notice         // badges that go down
	Guests   []Invitation            // the invitations whose rows change
	Uninvite []notify.PlayerID       // whose invitations end
	Met      []Meeting               // who begins to play with whom
	Tickets  []string                // tickets that become this session: each must still be waiting
	Key      *Key                    // remembered as having made this session
	Reminds  time.Time               // set for a reminder: the due instant that it answers; the version stays
}

// Key is an idempotency key: a client's name for one wish, so that asking again makes nothing new.
type Key struct {
	Player      notify.PlayerID
	Value       string
	Fingerprint string // of what was asked; another wish under the same key is refused
}

// Errors of a store.
var (
	ErrConflict    = errors.New("the session has changed")
	ErrUnknown     = errors.New("it is not known whether the change was made")
	ErrBusy        = errors.New("too many changes wait")
	ErrKeyMismatch = errors.New("the idempotency key was used for something else")
)

// Query asks for a page of a player's sessions.
type Query struct {
	Player notify.PlayerID
	Status Status // empty: all
	Game   string // empty: all
	MyTurn *bool  // only those that wait, or do not wait, for the player
	Limit  int
	After  Position // the last one of the page before
}

// Position is where a page of a list ended.
type Position struct {
	SortKey int64
	ID      ID
}
