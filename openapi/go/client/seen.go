package client

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"yourturn/openapi/go/wire"
)

// Seen acknowledges every message up to seq. Call it when a person has seen them on a visible screen, never on receipt:
// it clears unread marks on all devices and silences the pushes that say the same. Calls may come in any number and
// order; one is sent at a time, and the highest number wins.
func (c *Client) Seen(ctx context.Context, seq int64) error {
	ctx, s, leave := c.login.enter(ctx)
	defer leave()
	return s.why(s.marks().send(ctx, seq, c.acknowledge))
}

func (c *Client) acknowledge(ctx context.Context, seq int64) (int64, error) {
	answer, err := c.API.AckFeedWithResponse(ctx, wire.AckRequest{Seq: seq})
	if err != nil {
		return 0, fmt.Errorf("acknowledge %d: %w", seq, err)
	}
	if answer.JSON200 == nil {
		return 0, fmt.Errorf("acknowledge %d: answered with %s", seq, answer.Status())
	}
	return answer.JSON200.AckedSeq, nil
}

// errReset ends the acknowledgement of numbers that mean nothing any more.
var errReset = errors.New("the feed was reset")

// seen is how far a person has seen, and how far the server knows: in one sitting, and until a reset.
type seen struct {
	ctx     context.Context // ends with a reset
	over    context.CancelCauseFunc
	sending lock

	mu          sync.Mutex
	here, there int64
}

func newSeen() *seen {
	s := &seen{sending: newLock()}
	s.ctx, s.over = context.WithCancelCause(context.Background())
	return s
}

// send acknowledges the highest number there is. What a reset has made meaningless is no failure.
func (s *seen) send(ctx context.Context, seq int64, acknowledge func(context.Context, int64) (int64, error)) error {
	s.raise(seq)
	ctx, leave := endingWith(ctx, s.ctx)
	defer leave()
	if err := s.sending.take(ctx); err != nil {
		return s.unlessReset(err)
	}
	defer s.sending.give()
	wanted := s.unsent()
	if wanted == 0 || s.ctx.Err() != nil {
		return nil
	}
	known, err := acknowledge(ctx, wanted)
	if err != nil {
		return s.unlessReset(err)
	}
	s.accept(known)
	return nil
}

func (s *seen) unlessReset(err error) error {
	if s.ctx.Err() != nil {
		return nil
	}
	return err
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

// badge reads one number again and again, and tells its changes, one at a time.
type badge struct {
	read func(context.Context) (int64, error)
	tell func(int64)

	mu      sync.Mutex
	waiting int64
	known   bool
	told    *int64
	wanted  context.Context // of the sitting whose number is to be read; nil when there is nothing to read
	busy    bool
}

// touch says that the number may have changed, in a sitting with this context. It does not wait.
func (b *badge) touch(sitting context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sitting.Err() == nil {
		b.wanted = sitting
		b.start()
	}
}

// forget says that for nobody nothing waits.
func (b *badge) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting, b.wanted = 0, nil
	b.start()
}

func (b *badge) start() {
	if !b.busy {
		b.busy = true
		go b.work()
	}
}

func (b *badge) work() {
	for {
		sitting, news := b.next()
		switch {
		case news != nil && b.tell != nil:
			b.tell(*news)
		case news != nil: // nobody listens
		case sitting == nil:
			return
		default:
			// A number that cannot be read stays as it is: the next contact or message brings the next try.
			if waiting, err := b.read(sitting); err == nil {
				b.accept(sitting, waiting)
			}
		}
	}
}

// next is what there is to do: to tell a number, or to read it, or nothing.
func (b *badge) next() (sitting context.Context, news *int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known && (b.told == nil || *b.told != b.waiting) {
		b.told = new(b.waiting)
		return nil, b.told
	}
	sitting, b.wanted = b.wanted, nil
	b.busy = sitting != nil
	return sitting, nil
}

func (b *badge) accept(sitting context.Context, waiting int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sitting.Err() == nil {
		b.waiting, b.known = waiting, true
	}
}

func (b *badge) last() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting
}
