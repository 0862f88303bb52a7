// Package matchmaking turns tickets into sessions.
//
// A [Ticket] is one player's wish to be matched; it lives for days without a connection. It is matched in the very
// request that makes a match possible. Two nodes may see the same tickets at the same instant: the commit of a session
// takes each of its tickets only while it still waits, so one of them wins and the other looks again. A sweep
// ([Service.Step]) finds what a node that died left behind.
package matchmaking

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

// TicketID names a ticket.
type TicketID string

// Status is what has become of a ticket.
type Status string

// A ticket waits until exactly one of the other things happens to it.
const (
	Waiting   Status = "waiting"
	Matched   Status = "matched"
	Cancelled Status = "cancelled"
	Expired   Status = "expired"
)

// Ticket is one player's wish to be matched.
type Ticket struct {
	ID        TicketID
	Player    notify.PlayerID
	Wish      session.Wish // settled
	Status    Status
	Session   session.ID // once matched
	CreatedAt time.Time
	BotsAt    time.Time // from when on bots may take the seats that are free; zero: never
	ExpiresAt time.Time
}

// Compare puts tickets in the order in which they came.
func (t Ticket) Compare(other Ticket) int {
	return cmp.Or(t.CreatedAt.Compare(other.CreatedAt), cmp.Compare(t.ID, other.ID))
}

// playsBots says whether bots may take the seats that are free.
func (t Ticket) playsBots(now time.Time) bool { return !t.BotsAt.IsZero() && !t.BotsAt.After(now) }

// Life is how long a ticket waits.
const Life = 7 * 24 * time.Hour

// MaxOpen is how many tickets of one player may wait at a time.
const MaxOpen = 20

// Bucket names all that fits together: tickets of one bucket differ in their players and roles alone.
func (t Ticket) Bucket() string {
	w := t.Wish
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %s", w.Game, w.TurnSeconds, w.Seats, w.Config))
	return hex.EncodeToString(sum[:])
}

// Errors of tickets.
var (
	ErrNotFound = errors.New("no such ticket")
	ErrTooMany  = errors.New("too many open tickets")
)

// Store keeps tickets. It takes them for a session in the session's own commit.
type Store interface {
	// AddTicket keeps a new ticket unless its player has max waiting (ErrTooMany). With a key that is used already
	// it returns session.ErrConflict.
	AddTicket(ctx context.Context, t Ticket, max int, key *session.Key) error
	// TicketByKey finds what an idempotency key made, or ErrNotFound.
	TicketByKey(ctx context.Context, player notify.PlayerID, key string) (id TicketID, fingerprint string, err error)
	Ticket(ctx context.Context, id TicketID) (Ticket, error)
	// Tickets lists a player's tickets, newest first, after the given one.
	Tickets(ctx context.Context, player notify.PlayerID, after TicketID, limit int) ([]Ticket, error)
	// CancelTicket ends a ticket that waits; one that does not is left as it is.
	CancelTicket(ctx context.Context, id TicketID) error
	// OpenTickets lists what waits in a bucket, oldest first: an equal share of the limit for each role, and one for those whom
	// bots may play with by now, so that many of one kind cannot hide the few of another. No roles means all of them alike. It
	// passes over as many lots as it is told, and says whether there may be more behind this one.
	OpenTickets(ctx context.Context, bucket string, roles []string, now time.Time, lot, limit int) (open []Ticket, more bool, err error)
	// BlocksAmong finds who of some players blocks whom of them.
	BlocksAmong(ctx context.Context, players []notify.PlayerID) (session.Blocks, error)
	// CrowdedBuckets lists the buckets in which tickets of more than one player wait.
	CrowdedBuckets(ctx context.Context, now time.Time) ([]string, error)
	// BotBuckets lists the buckets of these games in which tickets wait whose free seats bots may take by now.
	BotBuckets(ctx context.Context, games []string, now time.Time) ([]string, error)
	// NextBots is the instant from which bots may match the next ticket of these games; session.Never when there is none.
	NextBots(ctx context.Context, games []string) (time.Time, error)
	// ExpireTickets ends tickets whose time is over, tells their owners in the feed, and returns who they are.
	ExpireTickets(ctx context.Context, now time.Time, limit int) ([]notify.PlayerID, error)
	// NextExpiry is the instant at which the next ticket expires; session.Never when none does.
	NextExpiry(ctx context.Context) (time.Time, error)
}
