package notify

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
)

// Channel sends what is due on one push channel: apns, fcm or webpush. Channels share nothing, so a provider that hangs
// holds up its own channel alone.
type Channel struct {
	name    string
	sender  Sender
	config  ChannelConfig
	room    chan struct{} // holds one for each delivery that is claimed, until what came of it is written down
	slots   chan struct{} // holds one for each try in flight
	wake    chan struct{}
	breaker breakers

	draining chan struct{} // holds one while somebody drains

	mu      sync.Mutex
	settled []Settlement
	writing bool
}

// ChannelConfig is what channels have in common.
type ChannelConfig struct {
	Store   DeliveryStore
	Texts   *Texts
	Title   func(game string) string // what people call a game
	Now     func() time.Time         // the domain's, by which guards decide
	Clock   func() time.Time         // the real one, by which breakers close
	NewID   func() string
	Slots   int           // tries in flight; default 64
	Timeout time.Duration // of one try; default 10 s
	Lease   time.Duration // how long a claim holds; default 60 s. A try that outlives it would be made twice
	Log     *slog.Logger
	Metrics *Metrics
}

// The defaults of [ChannelConfig]. More than 64 pushes at a time make APNs clients open connections for nothing: see the
// package of the sender.
const (
	DefaultSlots   = 64
	DefaultTimeout = 10 * time.Second
	DefaultLease   = time.Minute
)

// roomFor is how many deliveries a channel has claimed at most, for each slot: some are read, some are tried, and of some
// the outcome is written down. When the database is slow, providers are asked more slowly.
const roomFor = 8

// claimLot bounds what is claimed at a time: on SQLite moves wait for it.
const claimLot = 128

// fresh is for how long what the guards have read is believed while a delivery waits for a slot.
const fresh = 2 * time.Second

// NewChannel makes a channel. It refuses a lease that a slow try would outlive.
func NewChannel(name string, sender Sender, c ChannelConfig) (*Channel, error) {
	if c.Slots == 0 {
		c.Slots = DefaultSlots
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Lease == 0 {
		c.Lease = DefaultLease
	}
	if c.Lease < 2*c.Timeout {
		return nil, fmt.Errorf("a lease of %s does not outlast a try of %s and the writing down of it", c.Lease, c.Timeout)
	}
	return &Channel{
		name: name, sender: sender, config: c, slots: make(chan struct{}, c.Slots), room: make(chan struct{}, roomFor*c.Slots), wake: make(chan struct{}, 1),
		draining: make(chan struct{}, 1),
	}, nil
}

// Name is one of the push channels.
func (c *Channel) Name() string { return c.name }

// Close ends the connections to the provider. Nothing may be in flight.
func (c *Channel) Close() {
	if closer, ok := c.sender.(interface{ Close() }); ok {
		closer.Close()
	}
}

// Wake says that something may be due.
func (c *Channel) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Woken is where wakes arrive.
func (c *Channel) Woken() <-chan struct{} { return c.wake }

// Next is when something is due, by the real clock.
func (c *Channel) Next(ctx context.Context) (time.Time, error) {
	return c.config.Store.NextDelivery(ctx, c.name)
}

// Step claims as many deliveries as there is room for, starts them, and tells how many. It waits for room, not for what it
// starts: see [Channel.Drain].
func (c *Channel) Step(ctx context.Context) (int, error) {
	room, err := c.enter(ctx)
	if err != nil {
		return 0, err
	}
	read := c.config.Clock()
	due, err := c.config.Store.ClaimDeliveries(ctx, c.name, c.config.NewID(), c.config.Lease, room)
	c.start(due, read, room)
	return len(due), err
}

// enter waits for room for one, and takes what there is for a lot.
func (c *Channel) enter(ctx context.Context) (room int, err error) {
	select {
	case c.room <- struct{}{}:
		room++
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for room < claimLot && c.enterOne() {
		room++
	}
	return room, nil
}

// enterOne takes room if there is some.
func (c *Channel) enterOne() bool {
	select {
	case c.room <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *Channel) leave(room int) {
	for range room {
		<-c.room
	}
}

// start works on claimed deliveries, in the room that was taken for them. What is too much of it is given back. One after the
// other gets its slot: a hundred that begin together would keep the processors from moves for many milliseconds.
func (c *Channel) start(due []Due, read time.Time, room int) {
	c.leave(room - len(due))
	go func() {
		for _, d := range due {
			c.slots <- struct{}{}
			go func() {
				s := c.attempt(d, read)
				<-c.slots
				c.settle(s)
			}()
			runtime.Gosched()
		}
	}()
}

// claim marks as many new deliveries as there is room for as this channel's own, so that they need not be looked for and
// claimed. Whoever calls it starts them, whatever comes.
func (c *Channel) claim(deliveries []*Delivery) *handful {
	h := &handful{channel: c, claim: c.config.NewID()}
	for _, d := range deliveries {
		if !c.enterOne() {
			c.Wake() // for those that there is no room for
			break
		}
		d.Claim, d.Lease = h.claim, c.config.Lease
		h.ids = append(h.ids, d.ID)
	}
	return h
}

// handful is deliveries that a channel has room for.
type handful struct {
	channel *Channel
	claim   string
	ids     []DeliveryID
}

// start works on those that were kept, while the caller goes on. What cannot be read now is left to whoever claims it when
// the lease is over.
func (h *handful) start(kept bool) {
	c := h.channel
	if !kept || len(h.ids) == 0 {
		c.leave(len(h.ids))
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.config.Timeout)
		defer cancel()
		read := c.config.Clock()
		due, err := c.config.Store.Claimed(ctx, h.claim, h.ids)
		if err != nil {
			c.config.Log.Warn("claimed pushes could not be read, and wait for their lease to end", slog.Any("error", err))
		}
		c.start(due, read, len(h.ids))
	}()
}

// Drain waits until nothing is in flight and all is written down.
func (c *Channel) Drain() {
	c.draining <- struct{}{} // two who each hold a part of the room would wait for each other
	defer func() { <-c.draining }()
	for range cap(c.room) {
		c.room <- struct{}{}
	}
	c.leave(cap(c.room))
}

// attempt looks whether a delivery may be sent, and tries once. What was read about it too long ago, because the tries
// before it hang, is read again.
func (c *Channel) attempt(d Due, read time.Time) Settlement {
	if c.config.Clock().Sub(read) > fresh {
		return d.again(d.Reason, 0)
	}
	now := c.config.Now()
	if status, reason := d.guard(now); status != "" {
		return d.end(status, reason)
	}
	provider := c.sender.Provider(d.To.Address)
	if wait, ok := c.breaker.allow(provider, c.config.Clock()); !ok {
		return d.again(ReasonProviderDown, wait+rand.N(wait/4+time.Second))
	}
	outcome := c.try(d, now)
	if c.breaker.note(provider, outcome, c.config.Clock()) {
		c.config.Log.Error("a push provider is not asked for a while", slog.String("provider", provider), slog.String("outcome", outcome.Class.String()),
			slog.String("reason", outcome.Reason))
	}
	if outcome.Class == Faulty {
		c.config.Log.Error("a push provider does not take what we sent", slog.String("provider", provider), slog.String("reason", outcome.Reason),
			slog.String("delivery_id", string(d.ID)))
	}
	return d.after(outcome)
}

// try asks the provider. It goes on when the server shuts down: what came of it is to be known. A panic is a fault of
// one sender, and must not end the process, and every node's after it.
func (c *Channel) try(d Due, now time.Time) (o Outcome) {
	defer func() {
		if cause := recover(); cause != nil {
			c.config.Log.Error("a sender panics", slog.String("channel", c.name), slog.Any("cause", cause))
			o = Outcome{Class: Faulty, Reason: "panic"}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), c.config.Timeout)
	defer cancel()
	return c.sender.Send(ctx, c.push(d, now))
}

// settle writes down what came of a try. Who comes first waits a little and writes for all who come meanwhile: a
// transaction for each would keep the database busy, which moves need more.
func (c *Channel) settle(s Settlement) {
	c.mu.Lock()
	c.settled = append(c.settled, s)
	if c.writing {
		c.mu.Unlock()
		return
	}
	c.writing = true
	for len(c.settled) > 0 {
		c.mu.Unlock()
		time.Sleep(gather)
		c.mu.Lock()
		lot := c.settled
		c.settled = nil
		c.mu.Unlock()
		c.write(lot)
		c.leave(len(lot))
		c.mu.Lock()
	}
	c.writing = false
	c.mu.Unlock()
}

// gather is how long outcomes are gathered.
const gather = 25 * time.Millisecond

// The writing of a lot is tried for about as long as the leases hold. What is lost after that is sent again, and replaces
// what is shown.
const (
	writeTries = 6
	writePause = 100 * time.Millisecond
)

func (c *Channel) write(lot []Settlement) {
	now := c.config.Now()
	for i := range lot {
		lot[i].UpdatedAt = now
		c.config.Metrics.settled(lot[i])
	}
	for attempt := range writeTries {
		ctx, cancel := context.WithTimeout(context.Background(), c.config.Timeout)
		err := c.config.Store.Settle(ctx, lot)
		cancel()
		if err == nil {
			return
		}
		c.config.Log.Warn("what became of pushes could not be written down", slog.Int("deliveries", len(lot)), slog.Any("error", err))
		time.Sleep(rand.N(writePause << attempt))
	}
}

// test is a try for a person who waits.
func (c *Channel) test(ctx context.Context, to Device, cursor Cursor) (Delivery, error) {
	now := c.config.Now()
	d := Due{To: &to, Waiting: int(cursor.Waiting), Delivery: Delivery{
		ID: DeliveryID(c.config.NewID()), Notice: Notice{Message: Message{Player: to.Player, Kind: TestPush, At: now}},
		Device: to.ID, Channel: c.name, Status: Pending, CreatedAt: now, UpdatedAt: now,
		Claim: c.config.NewID(), Lease: c.config.Lease,
	}}
	if err := c.config.Store.AddDelivery(ctx, d.Delivery); err != nil {
		return Delivery{}, err
	}
	s := c.attempt(d, c.config.Clock())
	if s.Status == Pending { // the person can try again
		s.Status, s.Again = Failed, 0
	}
	s.UpdatedAt = c.config.Now()
	c.config.Metrics.settled(s)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout) // the person may have gone
	defer cancel()
	return s.Delivery, c.config.Store.Settle(ctx, []Settlement{s})
}
