package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// questTicket is the wish for a party, with a role or without.
func questTicket(role string, more ...any) map[string]any {
	wish := map[string]any{"game": "quest"}
	if role != "" {
		wish["role"] = role
	}
	for i := 0; i+1 < len(more); i += 2 {
		wish[fmt.Sprint(more[i])] = more[i+1]
	}
	return wish
}

// ask makes a ticket and returns where it is read.
func ask(t *testing.T, app *servertest.App, wish map[string]any) (path string) {
	t.Helper()
	return "/v1/tickets/" + app.Must(t, 201, "POST", "/v1/tickets", wish).String("id")
}

// found is the session of a ticket, empty while it waits.
func found(t *testing.T, app *servertest.App, path string) string {
	t.Helper()
	answer := app.Must(t, 200, "GET", path, nil)
	id := answer.String("session_id")
	same(t, "a matched ticket names its session", answer.String("status") == "matched", id != "")
	return id
}

// roleOf is the role that a player has in a session.
func roleOf(s servertest.Answer, player string) string {
	for seat := range s.Len("seats") {
		if s.String("seats", seat, "player_id") == player {
			return s.String("seats", seat, "role")
		}
	}
	return "nobody"
}

// Tickets of one quest make a party of three in which no role is there twice. Who asked for none fills in.
func TestTicketsOfDistinctRolesMakeAParty(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		people := map[string]*servertest.App{}
		tickets := map[string]string{}
		asks := func(name, role string) {
			t.Helper()
			people[name] = servertest.Guest(t, url, name)
			tickets[name] = ask(t, people[name], questTicket(role))
		}
		partyOf := func(what string, names ...string) (s servertest.Answer) {
			t.Helper()
			id := found(t, people[names[0]], tickets[names[0]])
			if id == "" {
				t.Fatalf("%s: %s still waits", what, names[0])
			}
			s = people[names[0]].Must(t, 200, "GET", sessionPath(id), nil)
			for _, name := range names {
				same(t, what+": "+name, found(t, people[name], tickets[name]), id)
			}
			same(t, what+": seats", s.Len("seats"), len(names))
			same(t, what+": it has begun", s.String("status"), "active")
			return s
		}
		waits := func(what string, names ...string) {
			t.Helper()
			for _, name := range names {
				same(t, what+": "+name+" waits", found(t, people[name], tickets[name]), "")
			}
		}

		asks("Fay", "fighter")
		asks("Flo", "fighter")
		asks("Ray", "ranger")
		waits("two fighters and a ranger", "Fay", "Flo", "Ray")
		asks("Mia", "mage")
		party := partyOf("three roles, and the fighter who waited longest", "Fay", "Ray", "Mia")
		waits("the other fighter", "Flo")
		for name, role := range map[string]string{"Fay": "fighter", "Ray": "ranger", "Mia": "mage"} {
			same(t, name+" is", roleOf(party, people[name].Player), role)
			own := people[name].Must(t, 200, "GET", sessionPath(party.String("id")), nil)
			same(t, name+" keeps the role", own.String("view", "heroes", int(own.Int("your_seat")), "reserved_role"), role)
			same(t, name+" may choose no other", own.Len("legal_moves"), 1)
		}

		asks("Ann", "")
		waits("two of three", "Flo", "Ann")
		asks("Fred", "fighter")
		waits("two fighters and somebody", "Flo", "Ann", "Fred")
		asks("Bob", "")
		party = partyOf("a fighter and two who asked for nothing", "Flo", "Ann", "Bob")
		same(t, "Flo is", roleOf(party, people["Flo"].Player), "fighter")
		same(t, "Ann has yet to choose", roleOf(party, people["Ann"].Player), "")
		waits("the third fighter", "Fred")
		own := people["Ann"].Must(t, 200, "GET", sessionPath(party.String("id")), nil)
		same(t, "who asked for nothing chooses among the rest", own.Len("view", "free_roles"), 3)
		verified(t, database)
	})
}

// Whoever asks for bots gets them when the time is over, at that very second and not before.
func TestBotsFillUpAfterASetTime(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		alone, gaveUp := servertest.Guest(t, url, "Alone"), servertest.Guest(t, url, "Gave up")
		early, human := servertest.Guest(t, url, "Early"), servertest.Guest(t, url, "Human")
		left, right := servertest.Guest(t, url, "Left"), servertest.Guest(t, url, "Right")
		all := []*servertest.App{alone, gaveUp, early, human, left, right}

		refused(t, alone.Do("POST", "/v1/tickets", questTicket("", "bot_after_seconds", 0)), 422, "invalid", "")
		fighter := ask(t, alone, questTicket("fighter", "bot_after_seconds", 600))
		asked := alone.Must(t, 200, "GET", fighter, nil)
		same(t, "the ticket says when", asked.Int("bot_after_seconds"), int64(600))
		cancelled := ask(t, gaveUp, questTicket("mage", "bot_after_seconds", 600, "turn_seconds", 60))
		gaveUp.Must(t, 200, "DELETE", cancelled, nil)
		duel := ask(t, early, map[string]any{"game": "tictactoe", "bot_after_seconds": 600})
		never := ask(t, human, questTicket("cleric", "turn_seconds", 120))
		ofTwo := ask(t, left, questTicket("", "turn_seconds", 600, "bot_after_seconds", 600))
		alsoOfTwo := ask(t, right, questTicket("", "turn_seconds", 600, "bot_after_seconds", 500))
		sweep := func(by time.Duration) {
			t.Helper()
			servertest.Advance(t, url, by)
			for _, app := range all {
				app.Renew(t)
			}
		}

		sweep(580 * time.Second)
		same(t, "twenty seconds before", found(t, alone, fighter), "")
		same(t, "people for whom it is not time yet are not seated with bots", found(t, left, ofTwo), "")
		if id := found(t, right, alsoOfTwo); id == "" {
			t.Error("the one whose time is over waits for one whose time is not")
		}
		met := ask(t, human, map[string]any{"game": "tictactoe"})
		same(t, "somebody came before the bots", found(t, human, met), found(t, early, duel))
		same(t, "and no bot", botsOf(early.Must(t, 200, "GET", sessionPath(found(t, early, duel)), nil)), []string{})

		due := instantOf(t, asked.String("created_at")).Add(601 * time.Second) // what is told in whole seconds may be up to one later
		clock := instantOf(t, alone.Must(t, 200, "GET", "/v1/test/clock", nil).String("now"))
		sweep(due.Sub(clock) + time.Second)
		id := found(t, alone, fighter)
		if id == "" {
			t.Fatal("no bots came")
		}
		s := alone.Must(t, 200, "GET", sessionPath(id), nil)
		same(t, "bots took the other seats", botsOf(s), []string{"normal", "normal"})
		same(t, "beside the role that was asked for", roleOf(s, alone.Player), "fighter")
		if made := instantOf(t, s.String("created_at")); made.Before(due.Add(-time.Second)) {
			t.Errorf("asked at %s for bots after 600 s, and they came at %s", asked.String("created_at"), made)
		}
		if id := found(t, left, ofTwo); id == "" || len(botsOf(left.Must(t, 200, "GET", sessionPath(id), nil))) != 2 {
			t.Error("the last one of two was not seated with two bots")
		}
		same(t, "told so", kinds(feedOf(t, alone))[0], "matched")
		same(t, "a cancelled ticket", gaveUp.Must(t, 200, "GET", cancelled, nil).String("status"), "cancelled")
		same(t, "and no session", gaveUp.Must(t, 200, "GET", "/v1/sessions", nil).Len("items"), 0)
		same(t, "who did not ask for bots waits on", found(t, human, never), "")
		verified(t, database)
	})
}

// botsOf lists the levels of a session's bots.
func botsOf(s servertest.Answer) []string {
	levels := []string{}
	for seat := range s.Len("seats") {
		if s.Bool("seats", seat, "bot") {
			levels = append(levels, s.String("seats", seat, "bot_level"))
		}
	}
	return levels
}

// A table with bots is refused when it could not be played, and each refusal says where.
func TestBotsThatCannotSitDown(t *testing.T) {
	options := servertest.Options{Games: append([]games.Game{whisperGame()}, servertest.Games()...)}
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", options)
	ann := servertest.Guest(t, url, "Ann")
	bot := func(role string) map[string]any {
		if role == "" {
			return map[string]any{"level": "easy"}
		}
		return map[string]any{"level": "easy", "role": role}
	}
	for name, c := range map[string]struct {
		wish     map[string]any
		location string // empty: taken
	}{
		"one":                       {map[string]any{"game": "tictactoe", "bots": []any{bot("")}}, ""},
		"with roles":                {map[string]any{"game": "quest", "role": "mage", "bots": []any{bot("fighter"), bot("cleric")}}, ""},
		"fewer than the free seats": {map[string]any{"game": "quest", "bots": []any{bot("")}}, ""},
		"more than the least seats": {map[string]any{"game": "eights", "bots": []any{bot(""), bot(""), bot("")}}, ""},
		"on every seat":             {map[string]any{"game": "tictactoe", "seats": 2, "bots": []any{bot(""), bot("")}}, "body.bots"},
		"more than there are seats": {map[string]any{"game": "tictactoe", "bots": []any{bot(""), bot("")}}, "body.seats"},
		"in the host's role":        {map[string]any{"game": "quest", "role": "mage", "bots": []any{bot("mage")}}, "body.bots[0].role"},
		"two in one role":           {map[string]any{"game": "quest", "bots": []any{bot("mage"), bot("mage")}}, "body.bots[1].role"},
		"in no role of the game":    {map[string]any{"game": "quest", "bots": []any{bot("king")}}, "body.bots[0].role"},
		"in a game without bots":    {map[string]any{"game": "whisper", "bots": []any{bot("")}}, "body.bots"},
		"of no known level":         {map[string]any{"game": "tictactoe", "bots": []any{map[string]any{"level": "perfect"}}}, "body.bots[0].level"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := ann.Do("POST", "/v1/sessions", c.wish)
			if c.location == "" {
				same(t, "status", answer.Status, 201)
				same(t, "bots", len(botsOf(answer)), len(c.wish["bots"].([]any)))
				return
			}
			refused(t, answer, 422, "invalid", "")
			same(t, "where", answer.String("errors", 0, "location"), c.location)
		})
	}
	refused(t, ann.Do("POST", "/v1/tickets", map[string]any{"game": "whisper", "bot_after_seconds": 60}), 422, "invalid", "")
}

// Twenty tables with bots are enough for anybody. The next is refused, by whatever operation, until one is over.
func TestTooManyBots(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{Games: servertest.Games()})
	ann := servertest.Guest(t, url, "Ann")
	easy := []any{map[string]any{"level": "easy"}}
	wish := map[string]any{"game": "tictactoe", "bots": easy}
	past := ann.Must(t, 201, "POST", "/v1/sessions", wish).String("id")
	ann.Must(t, 200, "POST", sessionPath(past)+"/forfeit", nil)
	id := ""
	for range 20 {
		id = ann.Must(t, 201, "POST", "/v1/sessions", wish).String("id")
	}
	forBots := map[string]any{"game": "tictactoe", "bot_after_seconds": 60}
	refused(t, ann.Do("POST", "/v1/sessions", wish), 409, "too-many-bots", "")
	refused(t, ann.Do("POST", "/v1/games/tictactoe/sessions", map[string]any{"bots": easy}), 409, "too-many-bots", "")
	refused(t, ann.Do("POST", "/v1/tickets", forBots), 409, "too-many-bots", "")
	refused(t, ann.Do("POST", rematchPath(past), nil), 409, "too-many-bots", "")
	ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe"})
	ann.Must(t, 201, "POST", "/v1/tickets", ticket(600))
	ann.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
	ann.Must(t, 201, "POST", "/v1/tickets", forBots)
	ann.Must(t, 200, "POST", rematchPath(past), nil)

	crowd := func(bots int) servertest.Answer {
		return servertest.Guest(t, url, "Bob").Do("POST", "/v1/sessions", map[string]any{"game": "quiz", "bots": slices.Repeat(easy, bots)})
	}
	same(t, "nine bots at a table", crowd(9).Status, 201)
	refused(t, ann.Do("POST", "/v1/games/quiz/sessions", map[string]any{"bots": slices.Repeat(easy, 10)}), 422, "invalid", "")
	ten := crowd(10)
	refused(t, ten, 422, "invalid", "")
	same(t, "ten are too many", ten.String("errors", 0, "location"), "body.bots")
}

// Whoever never errs at tic-tac-toe does not win against the hard bot, nor does the bot win.
func TestHardBotHoldsTheDraw(t *testing.T) {
	url := servertest.Local(t, "sqlite:"+t.TempDir()+"/yourturn.db", servertest.Options{})
	ann := servertest.Guest(t, url, "Ann")
	for range 4 {
		s := ann.Must(t, 201, "POST", "/v1/sessions", map[string]any{"game": "tictactoe", "bots": []any{map[string]any{"level": "hard"}}})
		for s.String("status") != "finished" {
			if !s.Bool("your_turn") {
				servertest.Advance(t, url, 4*time.Second)
				s = ann.Must(t, 200, "GET", sessionPath(s.String("id")), nil)
				continue
			}
			var board []string
			for cell := range s.Len("view", "board") {
				board = append(board, s.String("view", "board", cell))
			}
			_, best := solve(board, s.String("view", "marks", int(s.Int("your_seat"))))
			cell := best[rand.N(len(best))] // any of them: now and then it is a trap
			s = ann.Must(t, 200, "POST", servertest.MovePath(s.String("id")), servertest.Move(s.Int("turn"), cell))
		}
		same(t, "the end", s.String("result", "reason"), "board-full")
		same(t, "winners", s.Len("result", "winners"), 0)
	}
}

// solve finds the best cells for a mark on a board of three by three, and what comes of them: 1 it wins, 0 nobody, -1 it
// loses.
func solve(board []string, mark string) (value int, best []int) {
	other := strings.Trim("XO", mark)
	for _, line := range [8][3]int{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}} {
		if board[line[0]] == other && board[line[1]] == other && board[line[2]] == other {
			return -1, nil
		}
	}
	if !slices.Contains(board, "") {
		return 0, nil
	}
	value = -2
	for i := range board {
		if board[i] != "" {
			continue
		}
		board[i] = mark
		theirs, _ := solve(board, other)
		board[i] = ""
		if -theirs > value {
			value, best = -theirs, nil
		}
		if -theirs == value {
			best = append(best, i)
		}
	}
	return value, best
}
