package servertest

import (
	"yourturn/games"
	"yourturn/games/dungeon"
	"yourturn/games/eights"
	"yourturn/games/quest"
	"yourturn/games/quiz"
	"yourturn/games/rps"
	"yourturn/games/tictactoe"
	"yourturn/server"
)

// Games are all games of this repository, as the program has them.
func Games() []games.Game {
	return []games.Game{
		server.Game(tictactoe.Rules{}),
		server.Game(rps.Rules{}),
		server.Game(quest.Rules{}),
		server.Game(dungeon.Rules{}),
		server.Game(quiz.Rules{}),
		server.Game(eights.Rules{}),
	}
}
