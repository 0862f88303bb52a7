// Command yourturn is the server with the games of this repository, and what administrators need beside it.
package main

import (
	"yourturn/games/dungeon"
	"yourturn/games/quest"
	"yourturn/games/rps"
	"yourturn/games/tictactoe"
	"yourturn/server"
)

func main() {
	server.Main(
		server.Game(tictactoe.Rules{}),
		server.Game(rps.Rules{}),
		server.Game(quest.Rules{}),
		server.Game(dungeon.Rules{}),
	)
}
