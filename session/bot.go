package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"yourturn/games"
	"yourturn/notify"
)

// Bot is a seat that the server is asked to fill.
type Bot struct {
	Level games.Level
	Role  string // empty: any
}

// MaxBotTables is how many sessions of one player that are not over may have bots: each costs the server thought and
// commits for as long as it lasts.
const MaxBotTables = 20

// ErrTooManyBots refuses another session with bots.
var ErrTooManyBots = errors.New("too many open sessions with bots")

// MayPlayBots returns ErrTooManyBots to a player who has enough sessions with bots.
func (s *Service) MayPlayBots(ctx context.Context, player notify.PlayerID) error {
	tables, err := s.store.BotTables(ctx, player, MaxBotTables)
	if err == nil && tables >= MaxBotTables {
		err = ErrTooManyBots
	}
	return err
}

// playBots decides the move of the next bot whose time has come: one, for in a game whose moves count at once the next bot
// must see it. Its move then goes the way of everybody's. A bot whose rules fail does not stop those after it.
func (s *Service) playBots(now time.Time) decide {
	return func(sess Session) ([]Act, error) {
		g, err := s.Game(sess.Game)
		if err != nil || outdated(sess, g) || now.Before(sess.Due) {
			return nil, err
		}
		return s.botMove(sess, g, now)
	}
}

func (s *Service) botMove(sess Session, g games.Game, now time.Time) ([]Act, error) {
	if len(sess.bots()) == 0 {
		return nil, nil
	}
	s.thinkers <- struct{}{}
	defer func() { <-s.thinkers }()
	var failed []error
	for _, bot := range sess.bots() {
		act, err := think(sess, g, bot, now)
		if err == nil {
			return []Act{act}, nil
		}
		failed = append(failed, fmt.Errorf("the bot at seat %d: %w", bot.Number, err))
	}
	return nil, errors.Join(failed...)
}

// forAbsent decides what the server does when time is up: its own step, or a bot's move that it owes, or the absent seats'
// timeout. A bot is late only because the server was.
func (s *Service) forAbsent(g games.Game, now time.Time) decide {
	return func(sess Session) ([]Act, error) {
		if sess.serverMoves() {
			return []Act{{Cause: Stepped, Seat: NoSeat}}, nil
		}
		if acts, err := s.botMove(sess, g, now); err == nil && len(acts) > 0 {
			return acts, nil
		}
		return []Act{{Cause: TimedOut, Seat: NoSeat}}, nil
	}
}

// think chooses a bot's move and makes sure that the rules take it.
func think(sess Session, g games.Game, bot Seat, now time.Time) (act Act, err error) {
	defer rulesPanic(g, &err)
	purpose := fmt.Sprintf("bot %d", bot.Number)
	move, err := g.BotMove(sess.State, slices.Concat(sess.Await, sess.kept(g.Info())), bot.Number, bot.Bot, games.Env{Now: now, Rand: derived(sess.Seed, sess.Version, purpose)})
	if err != nil {
		return Act{}, err
	}
	act = Act{Cause: Moved, Seat: bot.Number, Move: move}
	_, _, err = advance(sess, g, act, now)
	return act, err
}
