package server

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// worker is something done in the background, a bounded pass at a time.
type worker struct {
	name   string
	every  time.Duration
	step   func(context.Context) (int, error)
	drains bool                                     // a pass that found something is followed by another, after the pace
	pace   time.Duration                            // in which a lot gathers: passes for one row each would keep the database busy
	next   func(context.Context) (time.Time, error) // when there is something to do again, if that is known
	clock  func() time.Time                         // by which next is meant; nil: the domain's
	woken  <-chan struct{}                          // ends the rest
}

// How long things are remembered.
const (
	keyLife    = 24 * time.Hour
	ticketLife = 30 * 24 * time.Hour // after it was over
	pruneLot   = 1000
)

// troubleEvery is how often a worker says that it still fails: a database that is away for a night would fill the disk.
const troubleEvery = time.Minute

// pushPace lets pushes gather: nobody notices a delay of so little, and a database has less to do for fewer, larger lots.
const pushPace = 50 * time.Millisecond

func (n *Node) workers() []worker {
	now := n.time.now
	all := []worker{
		{name: "clock", every: time.Second, step: n.clock.Step, drains: true, next: n.clock.Next},
		{name: "ticket expiry", every: time.Second, step: n.tickets.Expire, drains: true},
		{name: "bots for tickets", every: time.Second, step: n.whenTrusted(n.tickets.SeatBots), drains: true, pace: shortestRest, next: n.tickets.NextBots},
		{name: "open sessions", every: 10 * time.Second, step: n.sessions.KeepOpen},
		{name: "matchmaking sweep", every: time.Second, step: n.tickets.Step},
		{name: "feed sweep", every: time.Second, step: n.feed.Step},
		{name: "feed retention", every: time.Minute, step: n.feed.Prune, drains: true},
		{name: "token retention", every: time.Minute, step: n.players.Prune, drains: true},
		{name: "key retention", every: time.Minute, drains: true, step: func(ctx context.Context) (int, error) {
			return n.db.PruneKeys(ctx, now().Add(-keyLife), pruneLot)
		}},
		{name: "ticket retention", every: time.Minute, drains: true, step: func(ctx context.Context) (int, error) {
			return n.db.PruneTickets(ctx, now().Add(-ticketLife), pruneLot)
		}},
		{name: "clock comparison", every: 5 * time.Second, step: n.compareClocks},
		{name: "outbox", every: time.Second, step: n.whenTrusted(n.outbox.Step), drains: true, pace: pushPace, next: n.outbox.Next},
		{name: "ledger retention", every: time.Minute, step: n.outbox.Prune, drains: true},
	}
	for _, c := range n.channels {
		all = append(all, worker{
			name: "push by " + c.Name(), every: time.Second, step: n.whenTrusted(c.Step), drains: true, pace: pushPace, next: c.Next, clock: time.Now, woken: c.Woken(),
		})
	}
	return all
}

// whenTrusted rests while this node's clock is wrong: guards would take turns for over, and leases of others for ended.
func (n *Node) whenTrusted(step func(context.Context) (int, error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if !n.clockTrusted() {
			return 0, nil
		}
		return step(ctx)
	}
}

// compareClocks measures how far the database's clock is from ours.
func (n *Node) compareClocks(ctx context.Context) (int, error) {
	skew, err := n.db.ClockSkew(ctx)
	if err != nil {
		return 0, err
	}
	before := n.clockTrusted()
	n.skew.Store(int64(skew))
	n.compared.Store(true)
	if after := n.clockTrusted(); after != before {
		level := slog.LevelWarn
		if after {
			level = slog.LevelInfo
		}
		n.log.Log(ctx, level, "clock compared with the database's", slog.Duration("skew", skew), slog.Bool("trusted", after))
	}
	return 0, nil
}

// work runs the workers until the context ends; the channel closes when the last has stopped.
func (n *Node) work(ctx context.Context) <-chan struct{} {
	var running sync.WaitGroup
	for _, w := range n.workers() {
		running.Go(func() { n.run(ctx, w) })
	}
	if n.relay != nil {
		running.Go(func() { n.relay.run(ctx) })
	}
	done := make(chan struct{})
	go func() {
		running.Wait()
		for _, c := range n.channels { // now that nobody begins anything
			c.Drain()
		}
		close(done)
	}()
	return done
}

// run does one worker's passes.
func (n *Node) run(ctx context.Context, w worker) {
	var told time.Time // when a trouble that goes on was last written down
	for ctx.Err() == nil {
		found, err := w.step(ctx)
		switch {
		case err != nil && ctx.Err() == nil && time.Since(told) >= troubleEvery:
			n.log.WarnContext(ctx, "background work failed and goes on", slog.String("worker", w.name), slog.Any("error", err))
			told = time.Now()
		case err == nil && !told.IsZero():
			n.log.InfoContext(ctx, "background work is well again", slog.String("worker", w.name))
			told = time.Time{}
		}
		if err == nil && found > 0 && w.drains {
			rest(ctx, w.pace, nil)
			continue
		}
		rest(ctx, n.restOf(ctx, w), w.woken)
	}
}

// rest waits, until it is woken or the context ends.
func rest(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-woken:
	case <-ctx.Done():
	}
}

// shortestRest keeps a worker whose next instant is past, but held by another node, from spinning.
const shortestRest = 20 * time.Millisecond

func (n *Node) restOf(ctx context.Context, w worker) time.Duration {
	if w.next == nil {
		return w.every
	}
	next, err := w.next(ctx)
	if err != nil {
		return w.every
	}
	now := n.time.now
	if w.clock != nil {
		now = w.clock
	}
	return min(w.every, max(shortestRest, next.Sub(now())))
}
