package notify

import (
	"context"
	"time"
)

// Outbox turns notices into deliveries when their grace is over.
type Outbox struct {
	Store    DeliveryStore
	Channels map[string]*Channel
	Now      func() time.Time // the domain's
	NewID    func() string
	Grace    time.Duration // how long a notice waits: who answers quickly, or looks at the screen, needs no push
	Keep     time.Duration // how long the ledger is kept
}

// DefaultGrace is about what a person needs to see a move on the screen and answer it. Lichess waits 2 s.
const DefaultGrace = 3 * time.Second

// outboxLot bounds one pass.
const outboxLot = 256

// Step makes deliveries of a lot of the notices that are due, and tells how many notices there were.
func (o *Outbox) Step(ctx context.Context) (int, error) {
	notices, err := o.Store.Notices(ctx, o.Now().Add(-o.Grace), outboxLot)
	if err != nil || len(notices) == 0 {
		return 0, err
	}
	players := make([]PlayerID, 0, len(notices))
	for _, n := range notices {
		players = append(players, n.Player)
	}
	devices, err := o.Store.DevicesOf(ctx, players)
	if err != nil {
		return 0, err
	}
	if _, err := o.Store.Deliver(ctx, notices, o.deliveries(notices, devices)); err != nil {
		return 0, err
	}
	for _, c := range o.Channels {
		c.Wake()
	}
	return len(notices), nil
}

// deliveries pairs notices with the devices that are to hear of them.
func (o *Outbox) deliveries(notices []Notice, devices []Device) (all []Delivery) {
	of := map[PlayerID][]Device{}
	for _, d := range devices {
		of[d.Player] = append(of[d.Player], d)
	}
	now := o.Now()
	for _, n := range notices {
		for _, d := range of[n.Player] {
			if n.For(d) {
				all = append(all, Delivery{
					ID: DeliveryID(o.NewID()), Notice: n, Device: d.ID, Channel: d.Channel, Status: Pending, CreatedAt: now, UpdatedAt: now,
				})
			}
		}
	}
	return all
}

// Next is when the next notice is due.
func (o *Outbox) Next(ctx context.Context) (time.Time, error) {
	next, err := o.Store.NextNotice(ctx)
	return next.Add(o.Grace), err
}

// Prune forgets a lot of the deliveries that have been kept long enough, and tells how many.
func (o *Outbox) Prune(ctx context.Context) (int, error) {
	return o.Store.PruneDeliveries(ctx, o.Now().Add(-o.Keep), pruneLot)
}
