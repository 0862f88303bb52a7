package server_test

import (
	"testing"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// A game's own operations do what the generic ones do.
func TestGamesHaveOperationsOfTheirOwn(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		ann, bob, eve := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Eve")
		const table = "/v1/games/tictactoe/sessions"

		made := ann.Must(t, 201, "POST", table, map[string]any{"turn_seconds": 60, "config": map[string]any{}}, "Idempotency-Key", "once")
		again := ann.Must(t, 201, "POST", table, map[string]any{"turn_seconds": 60, "config": map[string]any{}}, "Idempotency-Key", "once")
		if made.String("id") == "" || made.String("id") != again.String("id") {
			t.Fatalf("one key made %s and %s", made.Body, again.Body)
		}
		bob.Must(t, 200, "POST", "/v1/sessions/join", map[string]any{"join_code": made.String("join_code")})
		session := table + "/" + made.String("id")

		got := ann.Must(t, 200, "GET", session, nil)
		if got.String("game") != "tictactoe" || got.Len("view", "board") != 9 {
			t.Errorf("the session reads %s", got.Body)
		}
		ann.Must(t, 304, "GET", session, nil, "If-None-Match", got.Header.Get("ETag"))
		eve.Must(t, 404, "GET", session, nil)

		mover := ann
		if !got.Bool("your_turn") {
			mover = bob
		}
		refused := mover.Must(t, 422, "POST", session+"/moves", servertest.Move(1, 9))
		if refused.String("errors", 0, "location") != "body.move.cell" {
			t.Errorf("a cell that is not there: %s", refused.Body)
		}
		mover.Must(t, 422, "POST", session+"/moves", map[string]any{"turn": 1, "move": map[string]any{"cell": 4, "kell": 5}})
		played := mover.Must(t, 200, "POST", session+"/moves", servertest.Move(1, 4))
		if played.Int("move", "turn") != 1 || played.String("view", "board", 4) != "X" {
			t.Errorf("the move answers %s", played.Body)
		}
		eve.Must(t, 404, "POST", session+"/moves", servertest.Move(2, 4))
	})
}
