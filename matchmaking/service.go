package matchmaking

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
	"yourturn/session"
)

// Sessions is what matchmaking needs of the session service.
type Sessions interface {
	Settle(session.Wish) (session.Wish, games.Game, error)
	Match(context.Context, session.Match) (session.Session, error)
	Game(name string) (games.Game, error)
	Games() []string
	MayPlayBots(context.Context, notify.PlayerID) error
}

// Service takes tickets and matches them.
type Service struct {
	store    Store
	sessions Sessions
	wake     func(...notify.PlayerID)
	now      func() time.Time
	newID    func() string
	log      *slog.Logger

	buckets *session.Queue[string]
}

// NewService makes a service.
func NewService(store Store, sessions Sessions, wake func(...notify.PlayerID), now func() time.Time, newID func() string, log *slog.Logger) *Service {
	return &Service{
		store: store, sessions: sessions, wake: wake, now: now, newID: newID, log: log,
		buckets: session.NewQueue[string](),
	}
}

// Create takes a ticket and matches it at once when somebody fits. After botsAfter, when that is more than nothing, bots
// take the seats that are still free.
func (s *Service) Create(ctx context.Context, player notify.PlayerID, w session.Wish, botsAfter time.Duration, key *session.Key) (Ticket, error) {
	if made, ok, err := s.madeBy(ctx, key); ok || err != nil {
		return made, err
	}
	w, g, err := s.sessions.Settle(w)
	if err != nil {
		return Ticket{}, err
	}
	if botsAfter > 0 && !g.HasBots() {
		return Ticket{}, &games.Invalid{Issues: []games.Issue{{Location: "body.bot_after_seconds", Message: "the game has no bots"}}}
	}
	if botsAfter > 0 {
		if err := s.sessions.MayPlayBots(ctx, player); err != nil {
			return Ticket{}, err
		}
	}
	now := s.now()
	t := Ticket{ID: TicketID(s.newID()), Player: player, Wish: w, Status: Waiting, CreatedAt: now, ExpiresAt: now.Add(Life)}
	if botsAfter > 0 {
		t.BotsAt = now.Add(botsAfter)
	}
	err = s.store.AddTicket(ctx, t, MaxOpen, key)
	if errors.Is(err, session.ErrConflict) { // the same key at the same instant
		made, _, err := s.madeBy(ctx, key)
		return made, err
	}
	if err != nil {
		return Ticket{}, err
	}
	// The ticket is kept: whatever goes wrong from here on, the sweep will match it.
	if err := s.matchTicket(ctx, t); err != nil {
		s.log.WarnContext(ctx, "a new ticket was left to the sweep", slog.Any("error", err))
		return t, nil
	}
	return s.store.Ticket(ctx, t.ID)
}

func (s *Service) madeBy(ctx context.Context, key *session.Key) (Ticket, bool, error) {
	if key == nil {
		return Ticket{}, false, nil
	}
	id, fingerprint, err := s.store.TicketByKey(ctx, key.Player, key.Value)
	switch {
	case errors.Is(err, ErrNotFound):
		return Ticket{}, false, nil
	case err != nil:
		return Ticket{}, false, err
	case fingerprint != key.Fingerprint:
		return Ticket{}, false, session.ErrKeyMismatch
	}
	made, err := s.store.Ticket(ctx, id)
	return made, true, err
}

// matchTicket matches the ticket's bucket, unless another request has matched the ticket while this one queued.
func (s *Service) matchTicket(ctx context.Context, t Ticket) error {
	leave, err := s.buckets.Enter(ctx, t.Bucket())
	if err != nil {
		return err
	}
	defer leave()
	now, err := s.store.Ticket(ctx, t.ID)
	if err != nil || now.Status != Waiting {
		return err
	}
	g, err := s.sessions.Game(t.Wish.Game)
	if err != nil {
		return err
	}
	return s.match(ctx, t.Bucket(), roles(g))
}

// openMax is how many tickets of a bucket are read together, and lotsMax how many such lots are looked at for a match.
const (
	openMax = 500
	lotsMax = 10
)

// match makes all the sessions that a bucket's tickets allow.
func (s *Service) match(ctx context.Context, bucket string, roles []string) error {
	for {
		matches, err := s.matches(ctx, bucket, roles)
		if err != nil || len(matches) == 0 {
			return err
		}
		for _, m := range matches {
			_, err := s.sessions.Match(ctx, m)
			if errors.Is(err, session.ErrConflict) { // another node, or a cancellation, was first
				if err := jitter(ctx); err != nil {
					return err
				}
				break
			}
			if err != nil {
				return err
			}
		}
	}
}

// matches are those among the oldest tickets of a bucket. Where none are, and a block stands between some of the players, it
// reads on: tickets that nobody may be matched with must not keep the others from it. Without a block the oldest are enough,
// for nobody holds so many tickets that one player fills them, and each role has its own.
func (s *Service) matches(ctx context.Context, bucket string, roles []string) ([]session.Match, error) {
	now := s.now()
	var open []Ticket
	for lot := range lotsMax {
		oldest, more, err := s.store.OpenTickets(ctx, bucket, roles, now, lot, openMax)
		if err != nil {
			return nil, err
		}
		open = append(open, oldest...)
		slices.SortFunc(open, Ticket.Compare)
		open = fewOfEach(open, now)
		apart, err := s.store.BlocksAmong(ctx, playersOf(open))
		if err != nil {
			return nil, err
		}
		if found := pair(open, apart, now); len(found) > 0 || !more || len(apart) == 0 {
			return found, nil
		}
	}
	return nil, nil
}

// playersOf are those whom tickets may bring together. A block that comes in after they were asked about is too late for this
// match.
func playersOf(tickets []Ticket) (players []notify.PlayerID) {
	for _, t := range tickets {
		players = append(players, t.Player)
	}
	return players
}

// roles are what the tickets of a game may ask to be.
func roles(g games.Game) []string { return append([]string{""}, g.Info().Roles...) }

// jitter keeps two nodes that collided from colliding again.
func jitter(ctx context.Context) error {
	timer := time.NewTimer(rand.N(20 * time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get reads a player's ticket.
func (s *Service) Get(ctx context.Context, player notify.PlayerID, id TicketID) (Ticket, error) {
	t, err := s.store.Ticket(ctx, id)
	if err != nil {
		return Ticket{}, err
	}
	if t.Player != player {
		return Ticket{}, ErrNotFound
	}
	return t, nil
}

// List reads a page of a player's tickets, newest first.
func (s *Service) List(ctx context.Context, player notify.PlayerID, after TicketID, limit int) (page []Ticket, more bool, err error) {
	page, err = s.store.Tickets(ctx, player, after, limit+1)
	if err != nil || len(page) <= limit {
		return page, false, err
	}
	return page[:limit], true, nil
}

// Cancel ends a ticket. One that is matched, cancelled or expired already stays what it is.
func (s *Service) Cancel(ctx context.Context, player notify.PlayerID, id TicketID) (Ticket, error) {
	if _, err := s.Get(ctx, player, id); err != nil {
		return Ticket{}, err
	}
	if err := s.store.CancelTicket(ctx, id); err != nil {
		return Ticket{}, err
	}
	return s.store.Ticket(ctx, id)
}

// CancelAll ends all tickets of a player that wait.
func (s *Service) CancelAll(ctx context.Context, player notify.PlayerID) error {
	for after := TicketID(""); ; {
		page, err := s.store.Tickets(ctx, player, after, openMax)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, t := range page {
			if t.Status != Waiting {
				continue
			}
			if err := s.store.CancelTicket(ctx, t.ID); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

// Step heals: it matches what fits and was left waiting, by a node that died in between or two that saw each other
// too late. It tells in how many buckets it looked.
func (s *Service) Step(ctx context.Context) (int, error) {
	buckets, err := s.store.CrowdedBuckets(ctx, s.now())
	if err != nil {
		return 0, err
	}
	return s.healAll(ctx, buckets)
}

// SeatBots matches those who have waited long enough with bots. It tells in how many buckets it looked.
func (s *Service) SeatBots(ctx context.Context) (int, error) {
	buckets, err := s.store.BotBuckets(ctx, s.sessions.Games(), s.now())
	if err != nil {
		return 0, err
	}
	return s.healAll(ctx, buckets)
}

// NextBots is when there will be somebody to seat with bots.
func (s *Service) NextBots(ctx context.Context) (time.Time, error) {
	return s.store.NextBots(ctx, s.sessions.Games())
}

func (s *Service) healAll(ctx context.Context, buckets []string) (int, error) {
	var failed []error // one bucket that fails leaves the others to be healed
	for _, bucket := range buckets {
		failed = append(failed, s.heal(ctx, bucket))
	}
	return len(buckets), errors.Join(failed...)
}

func (s *Service) heal(ctx context.Context, bucket string) error {
	leave, err := s.buckets.Enter(ctx, bucket)
	if err != nil {
		return err
	}
	defer leave()
	oldest, _, err := s.store.OpenTickets(ctx, bucket, nil, s.now(), 0, 1)
	if err != nil || len(oldest) == 0 {
		return err
	}
	g, err := s.sessions.Game(oldest[0].Wish.Game)
	if errors.Is(err, session.ErrNoSuchGame) { // another node's
		return nil
	}
	if err != nil {
		return err
	}
	return s.match(ctx, bucket, roles(g))
}

// expiryLot bounds one pass of the expiry.
const expiryLot = 200

// Expire ends a lot of the tickets whose time is over, and tells how many.
func (s *Service) Expire(ctx context.Context) (int, error) {
	told, err := s.store.ExpireTickets(ctx, s.now(), expiryLot)
	s.wake(told...)
	return len(told), err
}
