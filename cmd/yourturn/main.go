// Command yourturn is the server with the games of this repository, and what administrators need beside it.
package main

import (
	"yourturn/games/tictactoe"
	"yourturn/server"
)

func main() {
	server.Main(
		server.Game(tictactoe.Rules{}),
	)
}
