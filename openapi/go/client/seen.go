package client

import (
	"context"
	"fmt"
	"sync"

	"yourturn/openapi/go/wire"
)

// Seen acknowledges every message up to seq. Call it when a person has seen them on a visible screen, never on receipt:
// it clears unread marks on all devices and silences the pushes that say the same. Calls may come in any number and
// order; one is sent at a time, and the highest number wins.
func (c *Client) Seen(ctx context.Context, seq int64) error {
	c.seen.raise(seq)
	if err := c.seen.sending.take(ctx); err != nil {
		return err
	}
	defer c.seen.sending.give()
	wanted := c.seen.unsent()
	if wanted == 0 {
		return nil
	}
	answer, err := c.API.AckFeedWithResponse(ctx, wire.AckRequest{Seq: wanted})
	if err != nil {
		return fmt.Errorf("acknowledge %d: %w", wanted, err)
	}
	if answer.JSON200 == nil {
		return fmt.Errorf("acknowledge %d: answered with %s", wanted, answer.Status())
	}
	c.seen.accept(answer.JSON200.AckedSeq)
	return nil
}

// seen is how far a person has seen, and how far the server knows.
type seen struct {
	sending lock

	mu          sync.Mutex
	here, there int64
}

func (s *seen) raise(seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.here = max(s.here, seq)
}

// unsent is the number to send, or 0.
func (s *seen) unsent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.here <= s.there {
		return 0
	}
	return s.here
}

func (s *seen) accept(seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.there = max(s.there, seq)
}

// forget begins anew: for another player's feed, or one whose numbers the server has lost.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.here, s.there = 0, 0
}

// Badge is the number of sessions that wait for the player, as far as it is known here: Messages reads it at its start
// and keeps it current.
func (c *Client) Badge() int64 { return c.badge.last() }

func (c *Client) waiting(ctx context.Context) (int64, error) {
	list, err := c.API.ListSessionsWithResponse(ctx, &wire.ListSessionsParams{Limit: new(int64(1))})
	if err != nil {
		return 0, err
	}
	if list.JSON200 == nil {
		return 0, fmt.Errorf("listSessions was answered with %s", list.Status())
	}
	return list.JSON200.WaitingForMe, nil
}

// badge reads one number again and again, one time at a time.
type badge struct {
	read func(context.Context) (int64, error)
	tell func(int64)

	mu             sync.Mutex
	waiting        int64
	known          bool
	reading, again bool
}

// touch says that the number may have changed. It does not wait.
func (b *badge) touch(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reading {
		b.again = true
		return
	}
	b.reading = true
	go func() {
		for more := true; more; more = b.more() {
			// A number that cannot be read stays as it is; the next message brings the next try.
			if waiting, err := b.read(ctx); err == nil && b.changed(waiting) && b.tell != nil {
				b.tell(waiting)
			}
		}
	}()
}

func (b *badge) changed(waiting int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := !b.known || b.waiting != waiting
	b.waiting, b.known = waiting, true
	return changed
}

// more says whether it was touched while it was read.
func (b *badge) more() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading, b.again = b.again, false
	return b.reading
}

func (b *badge) last() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting
}
