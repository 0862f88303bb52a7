package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/notify"
	"yourturn/server"
	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

const enterQuiz = "/v1/games/quiz/enter"

// openQuiz is a server that keeps a quiz open.
func openQuiz(config string) servertest.Options {
	return servertest.Options{Games: servertest.Games(), Standing: []string{"quiz=" + config}}
}

// answerTheQuiz answers the running question, rightly or not.
func answerTheQuiz(t *testing.T, app *servertest.App, id string, rightly bool) servertest.Answer {
	t.Helper()
	s := app.Must(t, 200, "GET", sessionPath(id), nil)
	return app.Must(t, 200, "POST", servertest.MovePath(id), guess(t, s, rightly))
}

// guess is the body of an answer to the question that somebody sees.
func guess(t *testing.T, seen servertest.Answer, rightly bool) map[string]any {
	t.Helper()
	answer := "I do not know."
	if rightly {
		answer = answerTo(t, seen.String("view", "question", "text"))
	}
	return map[string]any{"turn": seen.Int("turn"), "move": map[string]any{"answer": answer}}
}

// Anybody enters by one call while the rounds run by the clock; at the end everybody is told where it goes on.
func TestStandingQuiz(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, openQuiz(`{"rounds":3,"round_seconds":600}`))
		ann, bob, cid := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Cid")
		everybody := []*servertest.App{ann, bob, cid}
		refused(t, ann.Do("POST", "/v1/games/eights/enter", nil), 404, "not-found", "")
		refused(t, ann.Do("POST", "/v1/games/chess/enter", nil), 404, "not-found", "")
		same(t, "the list says that it is open", ann.Must(t, 200, "GET", "/v1/games/quiz", nil).Bool("open"), true)
		same(t, "and that others are not", ann.Must(t, 200, "GET", "/v1/games/eights", nil).Bool("open"), false)

		entered := ann.Must(t, 200, "POST", enterQuiz, nil)
		id := entered.String("id")
		same(t, "one is enough to begin", entered.String("status")+fmt.Sprint(entered.Bool("your_turn")), "activetrue")
		same(t, "nobody needs a code", entered.At("join_code"), nil)
		same(t, "as the operator wants it", entered.Int("view", "rounds"), int64(3))
		again := ann.Must(t, 200, "POST", enterQuiz, nil)
		same(t, "entering again changes nothing", again.String("id")+fmt.Sprint(again.Int("version")), id+fmt.Sprint(entered.Int("version")))

		answerTheQuiz(t, ann, id, true) // alone: the second round begins
		late := bob.Must(t, 200, "POST", enterQuiz, nil)
		same(t, "somebody enters while it runs", late.String("id")+fmt.Sprint(late.Int("view", "question", "round")), id+"2")
		same(t, "and is asked at once", late.Bool("your_turn"), true)
		same(t, "in the time that is left", late.String("deadline_at"), ann.Must(t, 200, "GET", sessionPath(id), nil).String("deadline_at"))
		answerTheQuiz(t, bob, id, false)
		servertest.Advance(t, url, 605*time.Second) // Ann lets the second round pass
		refresh(t, everybody...)
		last := cid.Must(t, 200, "POST", enterQuiz, nil)
		same(t, "the clock has begun the third", last.String("id")+fmt.Sprint(last.Int("view", "question", "round")), id+"3")
		same(t, "seats in the order of coming", last.Int("your_seat"), int64(2))
		same(t, "what the round before was like", fmt.Sprint(last.Int("view", "previous", "right"), last.Int("view", "previous", "wrong"), last.Int("view", "previous", "absent")), "0 1 1")

		answerTheQuiz(t, cid, id, true)
		servertest.Advance(t, url, 605*time.Second)
		refresh(t, everybody...)
		over := ann.Must(t, 200, "GET", sessionPath(id), nil)
		same(t, "over", over.String("status")+" "+over.String("result", "reason"), "finished rounds-played")
		next := over.String("successor_id")
		for _, app := range everybody {
			end := lastOf(t, app)
			same(t, app.Name+"'s last message", end.Kind, "session_finished")
			finished := servertest.Answer{Body: end.Data.Events[len(end.Data.Events)-1].Data}
			same(t, "names the next", finished.String("successor"), next)
		}
		for _, app := range everybody {
			same(t, "where entering leads", app.Must(t, 200, "POST", enterQuiz, nil).String("id"), next)
		}
		same(t, "and a rematch", ann.Must(t, 200, "POST", rematchPath(id), nil).String("id"), next)
		s := ann.Must(t, 200, "GET", sessionPath(next), nil)
		same(t, "it runs", s.String("status")+fmt.Sprint(s.Len("seats")), "active3")
		same(t, "with other dice", s.String("seed_hash") != over.String("seed_hash"), true)
		verified(t, database)
	})
}

// Who lets three rounds pass is set aside, so that the clock need not wait for them, and is back by entering again.
func TestStandingQuizTakesThoseBackWhoWereSetAside(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, openQuiz(`{"rounds":6,"round_seconds":600}`))
		ann, bob := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob")
		id := ann.Must(t, 200, "POST", enterQuiz, nil).String("id")
		bob.Must(t, 200, "POST", enterQuiz, nil)
		for range 3 {
			answerTheQuiz(t, ann, id, false)
			servertest.Advance(t, url, 605*time.Second)
			refresh(t, ann, bob)
		}
		aside := bob.Must(t, 200, "GET", sessionPath(id), nil)
		same(t, "set aside", aside.String("view", "seats", 1, "status")+fmt.Sprint(aside.Bool("your_turn")), "awayfalse")
		answerTheQuiz(t, ann, id, false)
		same(t, "nobody waits for them", ann.Must(t, 200, "GET", sessionPath(id), nil).Int("view", "question", "round"), int64(5))
		back := bob.Must(t, 200, "POST", enterQuiz, nil)
		same(t, "back", back.String("view", "seats", 1, "status")+fmt.Sprint(back.Bool("your_turn")), "playingtrue")
		same(t, "in the seat they had", back.Int("your_seat"), int64(1))
		verified(t, database)
	})
}

// Nobody comes for a month, and the door still leads somewhere. So it does on a server that starts anew.
func TestStandingQuizOutlivesItsGuests(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, openQuiz(`{"rounds":1,"round_seconds":600}`))
		ann := servertest.Guest(t, url, "Ann")
		servertest.Advance(t, url, 30*day)
		ann.Renew(t)
		first := ann.Must(t, 200, "POST", enterQuiz, nil)
		same(t, "after a month", first.String("status"), "active")
		servertest.Advance(t, url, 30*day)
		ann.Renew(t)
		second := ann.Must(t, 200, "POST", enterQuiz, nil)
		same(t, "after another", second.String("status")+fmt.Sprint(second.String("id") != first.String("id")), "activetrue")

		other := *ann
		other.URL = servertest.Local(t, database, openQuiz(`{"rounds":1,"round_seconds":600}`))
		other.Renew(t)
		same(t, "on another server", other.Must(t, 200, "POST", enterQuiz, nil).String("id"), second.String("id"))
		verified(t, database)
	})
}

// What an operator asks for wrongly is refused when the server starts, and said in words.
func TestStandingThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct{ standing, says string }{
		"no such game":           {"chess", "chess"},
		"no JSON":                {"quiz={rounds:3}", "JSON"},
		"no such member":         {`quiz={"round":3}`, "round"},
		"what the rules refuse":  {`quiz={"categories":["love"]}`, "categories"},
		"a config beyond bounds": {`quiz={"rounds":1000}`, "rounds"},
	} {
		t.Run(name, func(t *testing.T) {
			database := "sqlite:" + t.TempDir() + "/yourturn.db"
			node, err := server.NewNode(t.Context(), server.Config{
				Database: database, Games: servertest.Games(), Standing: []string{c.standing}, Retention: notify.DefaultRetention,
				Out: io.Discard, Log: slog.New(slog.DiscardHandler),
			})
			if err == nil {
				node.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.standing[:4]) {
				t.Errorf("it says %q", err)
			}
		})
	}
}

// A private quiz runs at once, and those who hold its code sit down in the middle of it.
func TestLateJoinByCode(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		url := servertest.Local(t, database, servertest.Options{Games: servertest.Games()})
		ann, bob, eve := servertest.Guest(t, url, "Ann"), servertest.Guest(t, url, "Bob"), servertest.Guest(t, url, "Eve")
		made := ann.Must(t, 201, "POST", "/v1/games/quiz/sessions", map[string]any{"config": map[string]any{"rounds": 2, "round_seconds": 600}})
		id, code := made.String("id"), made.String("join_code")
		same(t, "it runs", made.String("status"), "active")
		preview := bob.Must(t, 200, "GET", "/v1/sessions/by-code/"+code, nil)
		same(t, "the code still leads in", fmt.Sprint(preview.String("status"), preview.Int("seats_free")), "active99")

		joined := bob.Must(t, 200, "POST", "/v1/sessions/join", join(code))
		same(t, "late", joined.String("id")+fmt.Sprint(joined.Int("turn"), joined.Bool("your_turn")), id+"1 true")
		same(t, "with the deadline of the others", joined.String("deadline_at"), made.String("deadline_at"))
		same(t, "told to answer", kinds(feedOf(t, bob)), []string{"your_turn"})
		same(t, "the other is told of it", lastOf(t, ann).Kind, "session_updated")
		same(t, "joining again changes nothing", bob.Must(t, 200, "POST", "/v1/sessions/join", join(code)).Int("version"), joined.Int("version"))
		refused(t, bob.Do("GET", sessionPath(id)+"?version=2", nil), 404, "not-found", "") // before they were there
		same(t, "a badge for each", bob.Must(t, 200, "GET", "/v1/sessions", nil).Int("waiting_for_me"), int64(1))

		answerTheQuiz(t, ann, id, true)
		same(t, "the round waits for the latecomer", ann.Must(t, 200, "GET", sessionPath(id), nil).Int("turn"), int64(1))
		answerTheQuiz(t, bob, id, false)
		s := ann.Must(t, 200, "GET", sessionPath(id), nil)
		same(t, "and then goes on", s.Int("turn"), int64(2))
		same(t, "with both counted", fmt.Sprint(s.Int("view", "previous", "right"), s.Int("view", "previous", "wrong")), "1 1")

		bob.Must(t, 200, "POST", sessionPath(id)+"/forfeit", nil)
		gone := bob.Must(t, 200, "POST", "/v1/sessions/join", join(code))
		same(t, "who has left for good stays away", gone.Bool("your_turn"), false)
		answerTheQuiz(t, ann, id, true)
		same(t, "over", ann.Must(t, 200, "GET", sessionPath(id), nil).String("status"), "finished")
		refused(t, eve.Do("POST", "/v1/sessions/join", join(code)), 409, "session-finished", "")
		verified(t, database)
	})
}

// Many come through the door at the same instant, also through those of two servers: they are in one room, each on a seat
// of their own.
func TestManyEnterAtOnce(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		doors := []string{
			servertest.Local(t, database, openQuiz(`{"round_seconds":3600}`)),
			servertest.Local(t, database, openQuiz(`{"round_seconds":3600}`)),
		}
		guests := make([]*servertest.App, 20)
		together(len(guests), func(i int) { guests[i] = servertest.Guest(t, doors[i%2], fmt.Sprintf("Guest %d", i)) })
		answers := make([]servertest.Answer, len(guests))
		together(len(guests), func(i int) { answers[i] = guests[i].Do("POST", enterQuiz, nil) })
		var seats, all []int64
		for i, a := range answers {
			if a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			same(t, "the room", a.String("id"), answers[0].String("id"))
			seats, all = append(seats, a.Int("your_seat")), append(all, int64(i))
		}
		slices.Sort(seats)
		same(t, "seats", seats, all)
		verified(t, database)
	})
}
