package session

import (
	"fmt"
	"time"

	"yourturn/games"
)

// Bot is a seat that the server is asked to fill.
type Bot struct {
	Level games.Level
	Role  string // empty: any
}

// playBots decides the move of the next bot whose time has come: one, for in a game whose moves count at once the next bot
// must see it. Its move then goes the way of everybody's.
func (s *Service) playBots(now time.Time) decide {
	return func(sess Session) ([]Act, error) {
		bots := sess.bots()
		if len(bots) == 0 || now.Before(sess.Due) {
			return nil, nil
		}
		move, err := s.think(sess, bots[0], now)
		if err != nil {
			return nil, fmt.Errorf("the bot at seat %d: %w", bots[0].Number, err)
		}
		return []Act{{Cause: Moved, Seat: bots[0].Number, Move: move}}, nil
	}
}

func (s *Service) think(sess Session, bot Seat, now time.Time) (move []byte, err error) {
	g, err := s.Game(sess.Game)
	if err != nil {
		return nil, err
	}
	defer rulesPanic(g, &err)
	purpose := fmt.Sprintf("bot %d", bot.Number)
	return g.BotMove(sess.State, bot.Number, bot.Bot, games.Env{Now: now, Rand: derived(sess.Seed, sess.Version, purpose)})
}
