package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

func rematchPath(id string) string { return sessionPath(id) + "/rematch" }

// seatOf is where a player sits.
func seatOf(s servertest.Answer, player string) int64 {
	for i := range s.Len("seats") {
		if s.String("seats", i, "player_id") == player {
			return s.Int("seats", i, "seat")
		}
	}
	return -1
}

// playOut plays a game of tic-tac-toe to a line of whoever moves first.
func playOut(t *testing.T, id string, first, second *servertest.App) {
	t.Helper()
	movers := []*servertest.App{first, second}
	for i, cell := range []int{0, 3, 1, 4, 2} {
		movers[i%2].Must(t, 200, "POST", servertest.MovePath(id), servertest.Move(int64(i)+1, cell))
	}
}

// The first to ask opens a table, the other is told and sits down there by asking too, and everybody sits one seat further on.
func TestRematch(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		providers := servertest.NewProviders(t)
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games(), Push: providers.Config})
		ann, bob, eve := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Eve")
		code := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{
			"game": "tictactoe", "turn_seconds": 6000, "config": map[string]any{"size": 4, "align": 3},
		}).String("join_code")
		old := bob.Must(t, 200, "POST", "/v1/sessions/join", join(code))
		id := old.String("id")
		refused(t, ann.Do("POST", rematchPath(id), nil), 409, "session-active", id)
		refused(t, eve.Do("POST", rematchPath(id), nil), 404, "not-found", "")
		first, second := ann, bob
		if old.Bool("your_turn") {
			first, second = bob, ann
		}
		playOut(t, id, first, second)
		servertest.Advance(t, url, 2*servertest.Grace)
		refresh(t, ann, bob, eve)
		for _, app := range []*servertest.App{ann, bob} {
			providers.Devices(t, app, app.Name+"-")
			same(t, "nobody has asked yet", app.Must(t, 200, "GET", sessionPath(id), nil).At("successor_id"), nil)
		}

		asked := bob.Must(t, 200, "POST", rematchPath(id), nil)
		next := asked.String("id")
		same(t, "a table that waits for the other", asked.String("status")+fmt.Sprint(asked.Len("seats")), "waiting1")
		same(t, "another session", next != id, true)
		same(t, "for nobody else", asked.At("join_code"), nil)
		sameJSON(t, "of the same config", encode(t, asked.At("config")), encode(t, old.At("config")))
		same(t, "of the same turns", asked.Int("turn_seconds"), int64(6000))
		same(t, "the seat further on", asked.Int("your_seat"), 1-seatOf(old, bob.Player))
		refused(t, eve.Do("POST", rematchPath(id), nil), 404, "not-found", "")

		offer := lastOf(t, ann)
		same(t, "the other is told", offer.Kind+" "+offer.SessionID, "rematch_offered "+id)
		same(t, "and where to", string(offer.Data.Events[0].Data), `{"session_id":"`+next+`"}`)
		same(t, "who has asked hears it as an update", lastOf(t, bob).Kind, "session_updated")
		servertest.Advance(t, url, servertest.Grace)
		refresh(t, ann, bob, eve)
		pushes := providers.Arrived(t)
		same(t, "pushed to each device of the other", len(pushes), len(servertest.Channels))
		for _, p := range pushes {
			same(t, "the push", p.To.App.Name+" "+p.Fields["kind"]+" "+p.Fields["session_id"], "Ann rematch_offered "+id)
		}

		changed := ann.Must(t, 200, "GET", sessionPath(id), nil)
		same(t, "the old session names it", changed.String("successor_id"), next)
		same(t, "the old session stays what it was", changed.String("status")+changed.String("result", "reason"), "finishedline")
		again := bob.Must(t, 200, "POST", rematchPath(id), nil)
		same(t, "asking again changes nothing", again.String("id")+fmt.Sprint(again.Int("version")), next+fmt.Sprint(asked.Int("version")))
		same(t, "nor the old one", ann.Must(t, 200, "GET", sessionPath(id), nil).Int("version"), changed.Int("version"))

		joined := ann.Must(t, 200, "POST", rematchPath(id), nil)
		same(t, "the other sits down there, and it begins", joined.String("id")+joined.String("status"), next+"active")
		for _, app := range []*servertest.App{ann, bob} {
			same(t, app.Name+" sits one seat further on", seatOf(joined, app.Player), (seatOf(old, app.Player)+1)%2)
		}
		same(t, "a seed of its own", joined.String("seed_hash") != old.String("seed_hash"), true)
		told := []string{}
		for _, app := range []*servertest.App{ann, bob} {
			var mine []string
			for _, m := range feedOf(t, app) {
				if m.SessionID == next {
					mine = append(mine, m.Kind)
				}
			}
			told = append(told, strings.Join(mine, " "))
		}
		slices.Sort(told)
		same(t, "both are told that it begins, and one that it is theirs to move", told, []string{"matched", "matched your_turn"})

		first, second = ann, bob
		if bob.Must(t, 200, "GET", sessionPath(next), nil).Bool("your_turn") {
			first, second = bob, ann
		}
		playOut(t, next, first, second)
		third := ann.Must(t, 200, "POST", rematchPath(next), nil)
		same(t, "a rematch of the rematch turns the seats back", third.Int("your_seat"), seatOf(old, ann.Player))
		verified(t, database)
	})
}

func refresh(t *testing.T, apps ...*servertest.App) {
	t.Helper()
	for _, app := range apps {
		app.Renew(t)
	}
}

// lastOf is the newest message of a feed.
func lastOf(t *testing.T, app *servertest.App) servertest.Message {
	t.Helper()
	feed := feedOf(t, app)
	return feed[len(feed)-1]
}

// However often both ask at the same instant, they sit at one table, and it begins once.
func TestBothAskForARematchAtOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		id, first, second := servertest.Pair(t, url)
		playOut(t, id, first, second)
		players := []*servertest.App{first, second}
		answers := make([]servertest.Answer, 8)
		together(len(answers), func(i int) { answers[i] = players[i%2].Do("POST", rematchPath(id), nil) })
		for _, a := range answers {
			same(t, "status", a.Status, 200)
			same(t, "one table for all", a.String("id"), answers[0].String("id"))
		}
		s := first.Must(t, 200, "GET", sessionPath(answers[0].String("id")), nil)
		same(t, "it begins", s.String("status")+fmt.Sprint(s.Len("seats")), "active2")
		same(t, "the old one names it", first.Must(t, 200, "GET", sessionPath(id), nil).String("successor_id"), s.String("id"))
		verified(t, database)
	})
}

// Who waits for a rematch may think better of it. Whoever asks after that opens another table.
func TestRematchThatNobodyWaitsFor(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		id, first, second := servertest.Pair(t, url)
		playOut(t, id, first, second)
		left := first.Must(t, 200, "POST", rematchPath(id), nil).String("id")
		first.Must(t, 204, "POST", sessionPath(left)+"/leave", nil)
		asked := second.Must(t, 200, "POST", rematchPath(id), nil)
		same(t, "a table of its own", asked.String("id") != left && asked.String("status") == "waiting", true)
		same(t, "which the old session names now", first.Must(t, 200, "GET", sessionPath(id), nil).String("successor_id"), asked.String("id"))
		back := first.Must(t, 200, "POST", rematchPath(id), nil)
		same(t, "and to which both come", back.String("id")+back.String("status"), asked.String("id")+"active")
		verified(t, database)
	})
}

// A table that somebody without an account would have to come back to would wait in vain. Where nobody is waited for, it
// is none of the others' business.
func TestRematchWithoutSomebodyWhoIsGone(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		id, first, second := servertest.Pair(t, url)
		playOut(t, id, first, second)
		second.Must(t, 204, "DELETE", "/v1/me", nil)
		for range 2 {
			refused(t, first.Do("POST", rematchPath(id), nil), 409, "player-gone", id)
		}
		same(t, "no table is opened", first.Must(t, 200, "GET", "/v1/sessions", nil).Len("items"), 1)

		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		code := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "quiz", "seats": 2}).String("join_code")
		quiz := bob.Must(t, 200, "POST", "/v1/sessions/join", join(code)).String("id")
		bob.Must(t, 204, "DELETE", "/v1/me", nil)
		ann.Must(t, 200, "POST", sessionPath(quiz)+"/forfeit", nil)
		same(t, "a quiz goes on", ann.Must(t, 200, "POST", rematchPath(quiz), nil).String("status"), "active")
		verified(t, database)
	})
}

// Bots are always ready: a rematch against them begins at once, at the same levels, and a party of three waits for people only.
func TestRematchWithBots(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		ann := servertest.Guest(t, url, "Ann")
		bots := []any{map[string]any{"level": "hard"}, map[string]any{"level": "easy"}}
		for game, seats := range map[string]int{"tictactoe": 2, "eights": 3, "quiz": 3} {
			old := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": game, "bots": bots[:seats-1]})
			ann.Must(t, 200, "POST", sessionPath(old.String("id"))+"/forfeit", nil)
			next := ann.Must(t, 200, "POST", rematchPath(old.String("id")), nil)
			same(t, game+" begins at once", next.String("status"), "active")
			same(t, "against the same bots", slices.Sorted(slices.Values(botsOf(next))), slices.Sorted(slices.Values(botsOf(old))))
			same(t, "and nobody else", next.Len("seats"), seats)
		}
		verified(t, database)
	})
}

// In a game that takes latecomers a rematch waits for nobody.
func TestRematchOfAQuizBeginsAtOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		wish := map[string]any{"game": "quiz", "seats": 2, "config": map[string]any{"rounds": 1, "round_seconds": 60}}
		code := ann.Must(t, 201, "POST", "/v1/sessions", wish).String("join_code")
		id := bob.Must(t, 200, "POST", "/v1/sessions/join", join(code)).String("id")
		servertest.Advance(t, url, 70*time.Second)
		same(t, "over", ann.Must(t, 200, "GET", sessionPath(id), nil).String("status"), "finished")
		next := bob.Must(t, 200, "POST", rematchPath(id), nil)
		same(t, "one is enough", next.String("status")+fmt.Sprint(next.Bool("your_turn")), "activetrue")
		joined := ann.Must(t, 200, "POST", rematchPath(id), nil)
		same(t, "the other comes later", joined.String("id")+fmt.Sprint(joined.Bool("your_turn"), joined.Len("seats")), next.String("id")+"true 2")
		verified(t, database)
	})
}
