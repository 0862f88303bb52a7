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

// outboxLot bounds one pass, deliveryLot about what one transaction writes: on SQLite moves wait for it.
const (
	outboxLot   = 256
	deliveryLot = 128
)

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
	of := map[PlayerID][]Device{}
	for _, d := range devices {
		of[d.Player] = append(of[d.Player], d)
	}
	for done := 0; done < len(notices); {
		lot, deliveries := o.lot(notices[done:], of)
		if err := o.deliver(ctx, lot, deliveries); err != nil {
			return done, err
		}
		done += len(lot)
	}
	return len(notices), nil
}

// deliver makes deliveries of notices, and lets the channels start at once with what they have room for.
func (o *Outbox) deliver(ctx context.Context, notices []Notice, deliveries []Delivery) error {
	of := map[string][]*Delivery{}
	for i, d := range deliveries {
		of[d.Channel] = append(of[d.Channel], &deliveries[i])
	}
	var started []*handful
	for name, c := range o.Channels {
		started = append(started, c.claim(of[name]))
	}
	_, err := o.Store.Deliver(ctx, notices, deliveries)
	for _, h := range started {
		h.start(err == nil)
	}
	return err
}

// lot pairs notices with the devices that are to hear of them, until there are enough for one transaction.
func (o *Outbox) lot(notices []Notice, devices map[PlayerID][]Device) (lot []Notice, deliveries []Delivery) {
	now := o.Now()
	for i, n := range notices {
		for _, d := range devices[n.Player] {
			if n.For(d) {
				deliveries = append(deliveries, Delivery{
					ID: DeliveryID(o.NewID()), Notice: n, Device: d.ID, Channel: d.Channel, Status: Pending, CreatedAt: now, UpdatedAt: now,
				})
			}
		}
		if len(deliveries) >= deliveryLot {
			return notices[:i+1], deliveries
		}
	}
	return notices, deliveries
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
