package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Clock acts for those who let their time pass, reminds those whose time runs out, and takes the server's own steps.
type Clock struct{ Service *Service }

// clockLot bounds one pass; clockWorkers is how many of it are worked on at a time, so that they share commits.
const (
	clockLot     = 256
	clockWorkers = 64
)

// lease is how long a claimed session is this node's, in real time. It is above what a commit takes on a day without faults; on
// another, two nodes may try the same, and the version settles it.
const lease = 15 * time.Second

// Step does one bounded pass and tells how many sessions it looked at.
func (c *Clock) Step(ctx context.Context) (int, error) {
	s := c.Service
	if !s.trusted() {
		return 0, nil
	}
	due, err := s.store.ClaimDue(ctx, s.now(), s.rules, s.newID(), lease, clockLot)
	if err != nil {
		return 0, err
	}
	s.metrics.due.Set(float64(len(due)))
	var wg sync.WaitGroup
	slots := make(chan struct{}, clockWorkers)
	for _, id := range due {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := s.tick(ctx, id); err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "acting for the absent failed", slog.String("session_id", string(id)), slog.Any("error", err))
			}
		})
	}
	wg.Wait()
	return len(due), nil
}

// Next is the instant at which there is something to do again.
func (c *Clock) Next(ctx context.Context) (time.Time, error) {
	return c.Service.store.NextDue(ctx, c.Service.now(), c.Service.rules)
}

// tick looks at a session that is due: whoever is overdue is acted for by [Service.update] itself, and what is left
// to decide is a bot's move, and the reminder.
func (s *Service) tick(ctx context.Context, id ID) error {
	after, err := s.update(ctx, id, s.playBots(s.now()))
	if err != nil {
		return err
	}
	g, err := s.Game(after.Game)
	switch {
	case err != nil:
		return err
	case !outdated(after, g):
		return s.remind(ctx, after)
	case after.RulesVersion > g.Info().Version: // another node's, which must find it due; for this one the lease is rest enough
		return nil
	}
	return s.putOff(ctx, after)
}

// offRules is how long the clock leaves a session alone that these rules cannot go on with.
const offRules = time.Minute

// putOff lets a session rest until perhaps other rules are there.
func (s *Service) putOff(ctx context.Context, sess Session) error {
	after := sess.clone()
	after.Due = s.now().Add(offRules)
	err := s.store.Commit(ctx, Commit{Before: sess.Version, Session: after, Reminds: sess.Due})
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// remind tells the awaited seats that most of their time is gone; while bots are awaited the due instant is theirs. It then
// moves on to the deadline, and that is also how a reminder knows that it was sent.
func (s *Service) remind(ctx context.Context, sess Session) error {
	now := s.now()
	if sess.Status != Active || sess.serverMoves() || len(sess.bots()) > 0 || now.Before(sess.Due) || !sess.Due.Before(sess.overdueAt()) {
		return nil
	}
	after, messages := remind(sess, now)
	c := Commit{Before: sess.Version, Session: after, Messages: messages, Reminds: sess.Due}
	err := s.store.Commit(ctx, c)
	if errors.Is(err, ErrConflict) {
		return nil // somebody moved, or another node has reminded
	}
	if err != nil {
		return err
	}
	s.metrics.committed(c)
	s.wakeAll(messages)
	return nil
}
