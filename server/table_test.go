package server_test

import (
	"fmt"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/tictactoe"
	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func bothGames() servertest.Options {
	return servertest.Options{Games: []games.Game{server.Game(tictactoe.Rules{}), whisperGame()}}
}

func TestPrivateTableStartsWhenFull(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, bothGames())
		host, guest, stranger := servertest.Guest(t, url, "Host"), servertest.Guest(t, url, "Guest"), servertest.Guest(t, url, "Eve")
		wish := map[string]any{"game": "tictactoe", "turn_seconds": 600}
		made := host.Must(t, 201, "POST", "/v1/sessions", wish, "Idempotency-Key", "table")
		id, code := made.String("id"), made.String("join_code")
		same(t, "status", made.String("status"), "waiting")
		same(t, "nothing to see", made.At("view"), nil)
		same(t, "no deadline", made.At("deadline_at"), nil)
		same(t, "asked again", host.Must(t, 201, "POST", "/v1/sessions", wish, "Idempotency-Key", "table").String("id"), id)
		refused(t, host.Do("POST", "/v1/sessions", map[string]any{"game": "tictactoe"}, "Idempotency-Key", "table"), 422, "idempotency-mismatch", "")
		if len(code) != 8 || strings.Trim(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
			t.Errorf("join code %q", code)
		}
		preview := stranger.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil)
		sameJSON(t, "preview", preview.Body, []byte(`{"game": "tictactoe", "title": "Tic-tac-toe", "config": {"size": 3, "align": 3}, "status": "waiting",
			"turn_seconds": 600, "seats_free": 1, "roles_free": [], "host_display_name": "Host"}`))
		refused(t, stranger.Do("GET", "/v1/sessions/by-code/00000000", nil), 404, "not-found", "")
		refused(t, stranger.Do("POST", "/v1/sessions/join", join("00000000")), 404, "not-found", "")
		refused(t, guest.Do("POST", "/v1/sessions/join", map[string]any{"join_code": code, "role": "king"}), 422, "invalid", "")
		refused(t, host.Do("POST", servertest.MovePath(id), servertest.Move(0, 0)), 409, "session-waiting", id)
		refused(t, host.Do("POST", sessionPath(id)+"/forfeit", nil), 409, "session-waiting", id)
		same(t, "the host is told nothing yet", len(feedOf(t, host)), 0)

		typed := strings.ToLower(code[:4] + "-" + code[4:])
		joined := guest.Must(t, 200, "POST", "/v1/sessions/join", join(typed))
		same(t, "the session", joined.String("id"), id)
		same(t, "has started", joined.String("status"), "active")
		same(t, "no more code", joined.At("join_code"), nil)
		again := guest.Must(t, 200, "POST", "/v1/sessions/join", join(code))
		same(t, "joining again changes nothing", again.Int("version"), joined.Int("version"))
		refused(t, stranger.Do("POST", "/v1/sessions/join", join(code)), 409, "session-full", "")
		refused(t, guest.Do("POST", sessionPath(id)+"/leave", nil), 409, "session-started", id)
		same(t, "preview of a game that runs", stranger.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil).String("status"), "active")

		first, second := host, guest
		if joined.Bool("your_turn") {
			first, second = guest, host
		}
		same(t, "the first is told", kinds(feedOf(t, first)), []string{"matched", "your_turn"})
		same(t, "the second is told", kinds(feedOf(t, second)), []string{"matched"})
	})
}

func join(code string) map[string]any { return map[string]any{"join_code": code} }

func TestLeaving(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, bothGames())
		host, guest := servertest.Guest(t, url, "Host"), servertest.Guest(t, url, "Guest")
		made := host.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "whisper", "seats": 3, "role": "queen"})
		id, code := made.String("id"), made.String("join_code")
		refused(t, guest.Do("POST", "/v1/sessions/join", map[string]any{"join_code": code, "role": "queen"}), 409, "role-taken", "")
		guest.Must(t, 200, "POST", "/v1/sessions/join", map[string]any{"join_code": code, "role": "fool"})
		preview := host.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil)
		same(t, "seats free", preview.Int("seats_free"), int64(1))
		same(t, "roles free", preview.Len("roles_free"), 0)

		guest.Must(t, 204, "POST", sessionPath(id)+"/leave", nil)
		guest.Must(t, 204, "POST", sessionPath(id)+"/leave", nil) // the first answer may have been lost
		refused(t, guest.Do("GET", sessionPath(id), nil), 404, "not-found", "")
		same(t, "not in the list of who left", guest.Must(t, 200, "GET", "/v1/sessions", nil).Len("items"), 0)
		same(t, "one is left", host.Must(t, 200, "GET", sessionPath(id), nil).Len("seats"), 1)
		same(t, "the host is told of both", kinds(feedOf(t, host)), []string{"session_updated", "session_updated"})
		guest.Must(t, 200, "POST", "/v1/sessions/join", join(code))

		host.Must(t, 204, "POST", sessionPath(id)+"/leave", nil)
		guest.Must(t, 204, "POST", sessionPath(id)+"/leave", nil)
		same(t, "nobody is left", host.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil).String("status"), "finished")
		refused(t, host.Do("POST", "/v1/sessions/join", join(code)), 409, "session-finished", "")
		refused(t, host.Do("POST", sessionPath("nonsense")+"/leave", nil), 404, "not-found", "")
	})
}

// Whoever is invited reads the name of a person, also when the host has left and a bot sits lowest.
func TestPreviewNamesAPerson(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Games: servertest.Games()})
	host, guest, eve := servertest.Guest(t, url, "Host"), servertest.Guest(t, url, "Guest"), servertest.Guest(t, url, "Eve")
	made := host.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "eights", "seats": 4, "bots": []any{map[string]any{"level": "easy"}}})
	code := made.String("join_code")
	guest.Must(t, 200, "POST", "/v1/sessions/join", join(code))
	preview := func() string {
		return eve.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil).String("host_display_name")
	}
	same(t, "the host", preview(), "Host")
	host.Must(t, 204, "POST", sessionPath(made.String("id"))+"/leave", nil)
	same(t, "who is left", preview(), "Guest")
}

func TestForfeit(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		id, first, second := servertest.Pair(t, url)
		over := second.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil) // in the other's turn
		same(t, "status", over.String("status"), "finished")
		same(t, "reason", over.String("result", "reason"), "forfeit")
		winner, loser := first.Must(t, 200, "GET", sessionPath(id), nil).Int("your_seat"), over.Int("your_seat")
		sameJSON(t, "winners", encode(t, over.At("result", "winners")), fmt.Appendf(nil, "[%d]", winner))
		same(t, "who gave up", over.Bool("seats", int(loser), "forfeited"), true)
		same(t, "who did not", over.Bool("seats", int(winner), "forfeited"), false)

		again := second.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
		same(t, "again changes nothing", again.Int("version"), over.Int("version"))
		refused(t, first.Do("POST", sessionPath(id)+"/forfeit", nil), 409, "session-finished", id)
		refused(t, first.Do("POST", servertest.MovePath(id), servertest.Move(1, 0)), 409, "session-finished", id)

		same(t, "the winner is told", kinds(feedOf(t, first)), []string{"matched", "your_turn", "session_finished"})
		same(t, "who gave up is told", kinds(feedOf(t, second)), []string{"matched", "session_finished"})
		events := first.Must(t, 200, "GET", sessionPath(id)+"/events?after=2", nil)
		same(t, "history", events.String("items", 0, "kind")+" "+events.String("items", 1, "data", "reason"), "forfeited forfeit")
		same(t, "by whom", events.Int("items", 0, "seat"), loser)
		same(t, "nothing waits for the first", first.Must(t, 200, "GET", "/v1/sessions", nil).Int("waiting_for_me"), int64(0))
	})
}

// My turn first by deadline, then the newest; a page after the other shows each session once.
func TestMyGamesAreInOrder(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		const games = 12
		for i := range games {
			wish := ticket(3600 * (1 + i*7%games)) // lengths in no order
			ann.Must(t, 201, "POST", "/v1/tickets", wish)
			id := bob.Must(t, 201, "POST", "/v1/tickets", wish).String("session_id")
			if i%4 == 0 {
				ann.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
			}
		}
		for _, app := range []*servertest.App{ann, bob} {
			var all struct {
				Items []listed `json:"items"`
			}
			whole := app.Must(t, 200, "GET", "/v1/sessions?limit=100", nil)
			whole.Into(t, &all)
			same(t, "all are there", len(all.Items), games)
			mine := 0
			for i, s := range all.Items {
				if s.YourTurn {
					mine++
				}
				if i == 0 {
					continue
				}
				before := all.Items[i-1]
				switch {
				case s.YourTurn && !before.YourTurn:
					t.Errorf("number %d waits for %s, the one before does not", i, app.Name)
				case s.YourTurn && s.DeadlineAt < before.DeadlineAt:
					t.Errorf("a deadline at %s comes after one at %s", s.DeadlineAt, before.DeadlineAt)
				case !s.YourTurn && !before.YourTurn && s.UpdatedAt > before.UpdatedAt:
					t.Errorf("news of %s comes after news of %s", s.UpdatedAt, before.UpdatedAt)
				}
			}
			same(t, "waiting_for_me", whole.Int("waiting_for_me"), int64(mine))
			same(t, "waiting alone", app.Must(t, 200, "GET", "/v1/sessions?my_turn=true&limit=100", nil).Len("items"), mine)
			same(t, "the others", app.Must(t, 200, "GET", "/v1/sessions?my_turn=false&limit=100", nil).Len("items"), games-mine)
			same(t, "finished", app.Must(t, 200, "GET", "/v1/sessions?status=finished&limit=100", nil).Len("items"), games/4)
			same(t, "of another game", app.Must(t, 200, "GET", "/v1/sessions?game=chess", nil).Len("items"), 0)

			paged := []listed{}
			for cursor := ""; ; {
				page := app.Must(t, 200, "GET", "/v1/sessions?limit=5"+cursor, nil)
				same(t, "waiting_for_me on each page", page.Int("waiting_for_me"), int64(mine))
				some := all
				some.Items = nil
				page.Into(t, &some)
				paged = append(paged, some.Items...)
				if page.String("next_cursor") == "" {
					break
				}
				cursor = "&cursor=" + page.String("next_cursor")
			}
			same(t, "page by page", paged, all.Items)
		}
		refused(t, ann.Do("GET", "/v1/sessions?cursor=nonsense", nil), 422, "invalid", "")
	})
}

type listed struct {
	ID         string `json:"id"`
	YourTurn   bool   `json:"your_turn"`
	DeadlineAt string `json:"deadline_at"`
	UpdatedAt  string `json:"updated_at"`
}

func TestDeletedPlayerLeavesHistoryReadable(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{})
		id, first, second := servertest.Pair(t, url)
		first.Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(1, 4))
		open := first.Must(t, 201, "POST", "/v1/tickets", ticket(600)) // nobody may be matched with who is gone
		private := first.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
		stream := first.Stream(t, "")
		stream.Greeted(t)

		first.Must(t, 204, "DELETE", "/v1/me", nil)
		same(t, "goodbye", stream.Bye(t), "signed_out")
		refused(t, first.Do("GET", "/v1/me", nil), 401, "token-invalid", "")
		refused(t, first.Do("POST", "/v1/tokens", map[string]any{"refresh_token": first.Refresh}), 401, "token-invalid", "")

		s := second.Must(t, 200, "GET", sessionPath(id), nil)
		same(t, "over", s.String("status")+" "+s.String("result", "reason"), "finished forfeit")
		gone := int(1 - s.Int("your_seat"))
		same(t, "marked", s.Bool("seats", gone, "deleted"), true)
		same(t, "without a name", s.At("seats", gone, "display_name"), nil)
		same(t, "the board stays", s.String("view", "board", 4), "X")
		same(t, "the past stays", second.Must(t, 200, "GET", sessionPath(id)+"?version=3", nil).String("status"), "active")
		same(t, "the history stays", second.Must(t, 200, "GET", sessionPath(id)+"/events", nil).Len("items"), 5)
		same(t, "the other is told", kinds(feedOf(t, second)), []string{"matched", "your_turn", "session_finished"})
		same(t, "listed", second.Must(t, 200, "GET", "/v1/sessions", nil).String("items", 0, "id"), id)
		same(t, "not matched with who is gone", second.Must(t, 201, "POST", "/v1/tickets", ticket(600)).String("status"), "waiting")
		refused(t, second.Do("GET", "/v1/tickets/"+open.String("id"), nil), 404, "not-found", "")
		table := second.Must(t, 200, "GET", "/v1/sessions/by-code/"+private.String("join_code"), nil)
		same(t, "the table of who is gone", table.String("status"), "finished")
		same(t, "says no name", table.At("host_display_name"), nil)
	})
}

// A game's own operations do what the generic ones do, to sessions of this game alone.
func TestOperationsOfAGame(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", bothGames())
	const path = "/v1/games/tictactoe/sessions"
	host, guest := servertest.Guest(t, url, "Host"), servertest.Guest(t, url, "Guest")
	made := host.Must(t, 201, "POST", path, map[string]any{"turn_seconds": 600}, "Idempotency-Key", "one")
	same(t, "the same wish by the other operation", host.Must(t, 201, "POST", "/v1/sessions",
		map[string]any{"game": "tictactoe", "turn_seconds": 600}, "Idempotency-Key", "one").String("id"), made.String("id"))
	refused(t, host.Do("POST", path, map[string]any{"game": "tictactoe"}), 422, "invalid", "")
	joined := guest.Must(t, 200, "POST", "/v1/sessions/join", join(made.String("join_code")))
	first := host
	if joined.Bool("your_turn") {
		first = guest
	}
	own := path + "/" + made.String("id")
	played := first.Must(t, 200, "POST", own+"/moves", servertest.Move(1, 4))
	same(t, "played", played.String("view", "board", 4), "X")
	same(t, "again by the other operation", first.Must(t, 200, "POST", servertest.MovePath(made.String("id")), servertest.Move(1, 4)).Int("move", "version"), played.Int("move", "version"))
	refused(t, first.Do("POST", own+"/moves", servertest.Move(1, 5)), 409, "already-moved", made.String("id"))
	generic := first.Must(t, 200, "GET", sessionPath(made.String("id")), nil)
	typed := first.Must(t, 200, "GET", own, nil)
	sameJSON(t, "read by both operations", typed.Body, generic.Body)
	first.Must(t, 304, "GET", own, nil, "If-None-Match", generic.Header.Get("ETag"))

	other := host.Must(t, 201, "POST", "/v1/games/whisper/sessions", map[string]any{}).String("id")
	refused(t, host.Do("GET", path+"/"+other, nil), 404, "not-found", "")
	refused(t, host.Do("POST", path+"/"+other+"/moves", servertest.Move(0, 0)), 404, "not-found", "")
	host.Must(t, 200, "GET", "/v1/games/whisper/sessions/"+other, nil)
}
