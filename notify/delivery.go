package notify

import (
	"context"
	"time"
)

// Notice is what somebody may have to be pushed: a message, or a badge that went down. It has the message's members but
// for the data.
type Notice struct {
	Message
	By LoginID // of a badge: the login that brought it about, whose devices know
}

// For says whether a device is to hear of it.
func (n Notice) For(d Device) bool {
	if n.Kind != BadgeChanged {
		return true
	}
	return d.Login != n.By && d.Channel != WebPush // where a push must show something, it cannot just change a badge
}

// dayLong is how long news wait for a device that is away.
const dayLong = 24 * time.Hour

// testLife is how long a person looks at a phone to see whether a test arrives.
const testLife = time.Minute

// ends is the instant from which on it is not pushed any more.
func (n Notice) ends() time.Time {
	switch n.Kind {
	case YourTurn, TurnReminder, Invited:
		return n.Deadline
	case TestPush:
		return n.At.Add(testLife)
	}
	return n.At.Add(dayLong)
}

// DeliveryID names a delivery. Ids ascend with time.
type DeliveryID string

// Delivery is one push of one notice to one device, and what became of it.
type Delivery struct {
	ID DeliveryID
	Notice
	Device     DeviceID
	Channel    string
	Status     string
	Reason     string // why it is not sent, or not yet; empty when there is nothing to say
	ProviderID string // what the provider calls it
	Attempts   int    // how often a provider was asked
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Claim      string        // that it is worked on under
	Lease      time.Duration // how long the claim holds of one that is added claimed already
}

// The states of a delivery. All but the first are final.
const (
	Pending    = "pending"
	Delivered  = "sent"       // the provider has taken it
	Suppressed = "suppressed" // a guard failed: it would not have been true, or not wanted
	Failed     = "failed"     // the provider has refused it
	Expired    = "expired"    // its time was over before a provider took it
)

// Due is a claimed delivery with all that its guards ask for, read in one look.
type Due struct {
	Delivery
	To      *Device // nil when it is forgotten
	Acked   int64   // a person has seen everything up to here
	Waiting int     // sessions that wait for the player
	Table   *Table  // nil when the session is not there
	Invited bool    // of an invitation: it is open, at a table that waits, and no block stands between
}

// Table is what a push needs to know of a session, as the player at it sees it.
type Table struct {
	Active   bool
	Turn     int64
	Deadline time.Time
	Awaited  bool   // whether it waits for the player
	Muted    bool   // whether the player wants no pushes of it
	Opponent string // what the other one is called, where there is one other
}

// Settlement is what one try, or the decision against it, has come to.
type Settlement struct {
	Delivery
	Again time.Duration // how long from now it is tried again, of one that is pending
	To    *Device       // as it was when the try began; nil when there was none
	Asked bool          // whether a provider was asked; then Class says what came of it
	Class Class
}

// DeliveryStore keeps notices and deliveries. Leases and back-off run on the real clock, which nobody moves.
type DeliveryStore interface {
	// Notices lists what became true before the instant, oldest first.
	Notices(ctx context.Context, before time.Time, limit int) ([]Notice, error)
	// NextNotice is when the oldest notice became true, or a time far ahead.
	NextNotice(ctx context.Context) (time.Time, error)
	// DevicesOf lists the devices of players.
	DevicesOf(ctx context.Context, players []PlayerID) ([]Device, error)
	// Deliver turns notices into deliveries, in one transaction. It leaves out those of notices that another node has
	// turned, and tells how many it has kept.
	Deliver(ctx context.Context, notices []Notice, deliveries []Delivery) (int, error)

	// Claimed reads those of some deliveries that bear a claim.
	Claimed(ctx context.Context, claim string, ids []DeliveryID) ([]Due, error)
	// ClaimDeliveries takes deliveries of a channel that are due for this claim alone, until the lease ends.
	ClaimDeliveries(ctx context.Context, channel, claim string, lease time.Duration, limit int) ([]Due, error)
	// NextDelivery is when a delivery of a channel is due, or a time far ahead; by the real clock.
	NextDelivery(ctx context.Context, channel string) (time.Time, error)
	// Settle writes down what became of deliveries, each while its claim holds, and what that means for their devices.
	Settle(ctx context.Context, settled []Settlement) error

	// AddDelivery keeps a delivery of no notice.
	AddDelivery(ctx context.Context, d Delivery) error
	// Deliveries lists those of a player, newest first, that came before one; empty for the newest.
	Deliveries(ctx context.Context, player PlayerID, before DeliveryID, limit int) ([]Delivery, error)
	// NoticesOf lists the notices of a player.
	NoticesOf(ctx context.Context, player PlayerID) ([]Notice, error)
	// PruneDeliveries forgets deliveries made before an instant, at most limit of them, and tells how many.
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}
