package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"yourturn/games"
)

// Bot is a seat that the server is asked to fill.
type Bot struct {
	Level games.Level
	Role  string // empty: any
}

// playBots decides the move of the next bot whose time has come: one, for in a game whose moves count at once the next bot
// must see it. Its move then goes the way of everybody's. A bot whose rules fail does not stop those after it.
func (s *Service) playBots(now time.Time) decide {
	return func(sess Session) ([]Act, error) {
		g, err := s.Game(sess.Game)
		if err != nil || outdated(sess, g) || now.Before(sess.Due) {
			return nil, err
		}
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
