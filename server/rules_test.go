package server_test

import (
	"testing"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// renewedTicTacToe is tic-tac-toe as a later version of its rules.
type renewedTicTacToe struct{ tictactoe.Rules }

func (g renewedTicTacToe) Describe() games.Info {
	info := g.Rules.Describe()
	info.Version++
	return info
}

// While servers are exchanged one after the other, two draw the same session by different rules. What an app has kept of one
// is not the other's.
func TestETagChangesWithTheRules(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		ann := servertest.Guest(t, servertest.Local(t, database, servertest.Options{}), "Ann")
		id := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"}).String("id")
		older := ann.Must(t, 200, "GET", sessionPath(id), nil)
		tag := older.Header.Get("ETag")
		ann.Must(t, 304, "GET", sessionPath(id), nil, "If-None-Match", tag)
		ann.URL = servertest.Local(t, database, servertest.Options{Games: []games.Game{server.Game(renewedTicTacToe{})}})
		newer := ann.Must(t, 200, "GET", sessionPath(id), nil, "If-None-Match", tag)
		same(t, "the version", newer.Int("version"), older.Int("version"))
		ann.Must(t, 304, "GET", sessionPath(id), nil, "If-None-Match", newer.Header.Get("ETag"))
	})
}
