package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"yourturn/api"
)

// testClock is real time plus an offset; the offset stays zero but on a server started with --test-clock.
type testClock struct {
	node   *Node
	moving sync.Mutex
	offset atomic.Int64 // nanoseconds
}

var _ api.TestClock = (*testClock)(nil)

// now is what the domain takes for now, in the milliseconds that the database keeps.
func (c *testClock) now() time.Time {
	return time.Now().Add(time.Duration(c.offset.Load())).UTC().Truncate(time.Millisecond)
}

// Now is the clock and its offset.
func (c *testClock) Now() (time.Time, time.Duration) {
	return c.now(), time.Duration(c.offset.Load())
}

// Advance moves the clock, stopping at every instant at which something is due. Real time goes on meanwhile, so it is
// the offset that grows by exactly what was asked.
func (c *testClock) Advance(ctx context.Context, by time.Duration) error {
	c.moving.Lock()
	defer c.moving.Unlock()
	for target := c.offset.Load() + int64(by); ; {
		next, err := c.nextDue(ctx)
		if err != nil {
			return err
		}
		offset := c.offset.Load()
		offset += min(max(0, int64(next.Sub(c.now()))), target-offset)
		c.offset.Store(offset)
		if err := c.settle(ctx); err != nil {
			return err
		}
		if offset >= target {
			return c.tidy(ctx)
		}
	}
}

func (c *testClock) nextDue(ctx context.Context) (time.Time, error) {
	next, err := c.node.clock.Next(ctx)
	if err != nil {
		return next, err
	}
	for _, ask := range []func(context.Context) (time.Time, error){c.node.db.NextExpiry, c.node.tickets.NextBots, c.node.outbox.Next} {
		due, err := ask(ctx)
		if err != nil {
			return next, err
		}
		if due.Before(next) {
			next = due
		}
	}
	return next, nil
}

// settle works until nothing is due, also when a background worker has taken a part of it, and until what is to be pushed
// has been tried.
func (c *testClock) settle(ctx context.Context) error {
	if err := c.settleDue(ctx); err != nil {
		return err
	}
	for _, channel := range c.node.channels {
		if err := untilNone(ctx, channel.Step); err != nil {
			return err
		}
		channel.Drain()
	}
	return nil
}

func (c *testClock) settleDue(ctx context.Context) error {
	for {
		sessions, err := c.node.clock.Step(ctx)
		if err != nil {
			return err
		}
		tickets, err := c.node.tickets.Expire(ctx)
		if err != nil {
			return err
		}
		seated, err := c.node.tickets.SeatBots(ctx)
		if err != nil {
			return err
		}
		notices, err := c.node.outbox.Step(ctx)
		if err != nil {
			return err
		}
		next, err := c.nextDue(ctx)
		if err != nil || next.After(c.now()) {
			return err
		}
		if sessions+tickets+seated+notices == 0 {
			if rest(ctx, time.Millisecond, nil); ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
}

// tidy forgets what has been kept long enough.
func (c *testClock) tidy(ctx context.Context) error {
	for _, w := range c.node.workers() {
		if !w.drains {
			continue
		}
		if err := untilNone(ctx, w.step); err != nil {
			return err
		}
	}
	return nil
}

// untilNone makes passes until one finds nothing.
func untilNone(ctx context.Context, step func(context.Context) (int, error)) error {
	for {
		if found, err := step(ctx); err != nil || found == 0 {
			return err
		}
	}
}
