package server_test

import (
	"fmt"
	"slices"
	"testing"

	"yourturn/server/servertest"
	"yourturn/store/enginetest"
)

// crowd is how many seats a quiz has.
const crowd = 100

// A hundred people answer the same question in the same second. Nobody is refused, and everybody counts once.
func TestHundredQuizSeatsAnswerInTheSameSecond(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, database string) {
		answerAtOnce(t, database, servertest.Local(t, database, crowdedQuiz()))
	})
}

// So it is when they are with two servers that share a database, and none of which knows what the other is just taking.
func TestHundredQuizSeatsAnswerTwoServersInTheSameSecond(t *testing.T) {
	database := enginetest.MariaDB(t).Database(t)
	answerAtOnce(t, database, servertest.Local(t, database, crowdedQuiz()), servertest.Local(t, database, crowdedQuiz()))
}

// crowdedQuiz has rounds that end when all have answered, and not before, however slow the machine is.
func crowdedQuiz() servertest.Options { return openQuiz(`{"rounds":2,"round_seconds":86400}`) }

func answerAtOnce(t *testing.T, database string, urls ...string) {
	guests, entered, answers := make([]*servertest.App, crowd), make([]servertest.Answer, crowd), make([]servertest.Answer, crowd)
	together(crowd, func(i int) { guests[i] = servertest.Guest(t, urls[i%len(urls)], fmt.Sprintf("Guest %d", i)) })
	together(crowd, func(i int) { entered[i] = guests[i].Do("POST", enterQuiz, nil) })
	id, rightly := entered[0].String("id"), map[int64]bool{} // by seat
	for i, a := range entered {
		same(t, "entered", fmt.Sprint(a.Status, a.String("id")), fmt.Sprint(200, id))
		rightly[a.Int("your_seat")] = i%3 == 0
	}
	same(t, "each has a seat", len(rightly), crowd)
	next := servertest.Guest(t, urls[0], "Late").Must(t, 200, "POST", enterQuiz, nil)
	same(t, "there is none for one more, who gets another quiz", next.String("id") != id, true)
	asked := guests[0].Must(t, 200, "GET", sessionPath(id), nil)
	same(t, "all are asked", asked.Len("to_move"), crowd)

	right, wrong := guess(t, asked, true), guess(t, asked, false)
	together(crowd, func(i int) {
		body := wrong
		if rightly[entered[i].Int("your_seat")] {
			body = right
		}
		answers[i] = guests[i].Do("POST", servertest.MovePath(id), body)
	})
	checkAnswers(t, asked, entered, answers, rightly)
	after := guests[0].Must(t, 200, "GET", sessionPath(id), nil)
	checkRound(t, asked, after, rightly)
	for i, guest := range guests {
		same(t, fmt.Sprintf("guest %d is called to each round once", i), callsOf(t, guest, id), map[int64]int{1: 1, 2: 1})
	}
	again := guests[0].Must(t, 200, "POST", servertest.MovePath(id), right)
	same(t, "an answer that is sent again", again.Int("move", "version"), answers[0].Int("move", "version"))
	same(t, "counts no second time", again.Int("version"), after.Int("version"))
	verified(t, database)
}

// checkAnswers: all were taken, each as a change of its own, and each hears at once whether it was right.
func checkAnswers(t *testing.T, asked servertest.Answer, entered, answers []servertest.Answer, rightly map[int64]bool) {
	t.Helper()
	var versions, want []int64
	for i, a := range answers {
		seat := entered[i].Int("your_seat")
		if a.Status != 200 {
			t.Fatalf("guest %d is answered %d %s", i, a.Status, a.Body)
		}
		same(t, "the answer counts for", fmt.Sprint(a.Int("move", "turn"), a.Int("move", "seat")), fmt.Sprint(asked.Int("turn"), seat))
		if a.Int("turn") == asked.Int("turn") { // after the last answer it is the next round that is seen
			same(t, "it was right", a.Bool("view", "my_answer", "right"), rightly[seat])
		}
		versions = append(versions, a.Int("move", "version"))
		want = append(want, asked.Int("version")+int64(i)+1)
	}
	slices.Sort(versions)
	same(t, "each answer is a change", versions, want)
}

// checkRound: it is over, everybody has been counted, and the next has begun.
func checkRound(t *testing.T, asked, after servertest.Answer, rightly map[int64]bool) {
	t.Helper()
	same(t, "the next round", fmt.Sprint(after.Int("turn"), after.Int("view", "question", "round")), fmt.Sprint(asked.Int("turn")+1, 2))
	same(t, "asks everybody", after.Len("to_move"), crowd)
	total := 0
	for seat, right := range rightly {
		points := int64(0)
		if right {
			points = after.Int("view", "previous", "value")
			total++
		}
		same(t, fmt.Sprintf("points of seat %d", seat), after.Int("view", "seats", int(seat), "score"), points)
	}
	tally := fmt.Sprint(after.Int("view", "previous", "right"), after.Int("view", "previous", "wrong"), after.Int("view", "previous", "absent"))
	same(t, "right, wrong, absent", tally, fmt.Sprint(total, crowd-total, 0))
}

// callsOf counts how often somebody was told to move in each turn of a session.
func callsOf(t *testing.T, app *servertest.App, id string) map[int64]int {
	t.Helper()
	calls := map[int64]int{}
	for _, m := range feedOf(t, app) {
		if m.Kind == "your_turn" && m.SessionID == id {
			calls[*m.Turn]++
		}
	}
	return calls
}
