package quiz

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/gamestest"
)

var configs = []string{`{"rounds":1}`, `{"rounds":3,"round_seconds":5}`, `{"rounds":5,"categories":["science"]}`}

func TestLaws(t *testing.T) { gamestest.Laws(t, games.Define(Rules{}), configs...) }
func FuzzLaws(f *testing.F) { gamestest.Fuzz(f, games.Define(Rules{}), configs...) }

// table plays a quiz as a session would, and remembers all that was said.
type table struct {
	*testing.T
	rules Rules
	now   games.Step[State]
	dice  *rand.Rand
	said  []games.Event
	was   string // the state, before the next rule could change it
}

func open(t *testing.T, rules Rules, seats int, config Config) *table {
	t.Helper()
	config, err := rules.Configure(config)
	if err != nil {
		t.Fatal(err)
	}
	table := &table{T: t, rules: rules, dice: rand.New(rand.NewPCG(1, 2))}
	table.take(rules.Start(games.Setup[Config]{Env: table.env(), Config: config, Roles: make([]string, seats)}))
	return table
}

func (t *table) env() games.Env { return games.Env{Now: time.Unix(1_700_000_000, 0), Rand: t.dice} }

func (t *table) take(step games.Step[State], err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if now := encode(t, t.now.State); t.was != "" && now != t.was {
		t.Fatalf("a rule changes what it is given from %s to %s", t.was, now)
	}
	t.now, t.said, t.was = step, append(t.said, step.Events...), encode(t, step.State)
}

func (t *table) answer(seat int, answer string) {
	t.Helper()
	t.take(t.rules.Apply(t.now.State, seat, Move{Answer: answer}, t.env()))
}

func (t *table) right(seats ...int) {
	t.Helper()
	for _, seat := range seats {
		t.answer(seat, t.now.State.Questions[0].Answer)
	}
}

func (t *table) wrong(seats ...int) {
	t.Helper()
	for _, seat := range seats {
		t.answer(seat, "something else")
	}
}

func (t *table) timeout() {
	t.Helper()
	t.take(t.rules.Timeout(t.now.State, t.now.Await, t.env()))
}

func (t *table) join(seat int) {
	t.Helper()
	t.take(t.rules.Join(t.now.State, seat, t.env()))
}

func (t *table) leave(seat int) {
	t.Helper()
	t.take(t.rules.Leave(t.now.State, seat, t.env()))
}

func (t *table) view(seat int) View { return t.rules.View(t.now.State, seat) }

// awaits checks who is asked now.
func (t *table) awaits(seats ...int) {
	t.Helper()
	if !slices.Equal(t.now.Await, seats) {
		t.Fatalf("awaits %v, want %v", t.now.Await, seats)
	}
}

// scores checks what everybody sees of the scores.
func (t *table) scores(want ...int) {
	t.Helper()
	var got []int
	for _, seat := range t.view(games.Spectator).Seats {
		got = append(got, seat.Score)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the scores are %v, want %v", got, want)
	}
}

// ends checks how it ended: for each seat its place and its score.
func (t *table) ends(reason string, want ...[2]int) {
	t.Helper()
	if t.now.Result == nil || t.now.Result.Reason != reason {
		t.Fatalf("the result is %+v, want %s", t.now.Result, reason)
	}
	var got [][2]int
	for seat, p := range t.now.Result.Placings {
		if p.Seat != seat {
			t.Fatalf("placings %+v are not in the order of the seats", t.now.Result.Placings)
		}
		got = append(got, [2]int{p.Place, p.Score})
	}
	if !slices.Equal(got, want) {
		t.Fatalf("places and scores are %v, want %v", got, want)
	}
}

func (t *table) refuses(name string, seat int, answer string) {
	t.Helper()
	before := encode(t, t.now.State)
	_, err := t.rules.Apply(t.now.State, seat, Move{Answer: answer}, t.env())
	var refusal *games.Refusal
	if !errors.As(err, &refusal) || refusal.Name != name {
		t.Errorf("seat %d's %q is answered %v, want %s", seat, answer, err, name)
	}
	if after := encode(t, t.now.State); after != before {
		t.Errorf("a refused answer changes %s to %s", before, after)
	}
}

func encode(t testing.TB, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// hundreds is a quiz with questions that are all worth 100.
func hundreds(t *testing.T) Rules { return With(read(t, lines(50))) }

// From the first question to the result, with everything that can happen to a seat.
func TestAQuizWithComingAndGoing(t *testing.T) {
	q := open(t, hundreds(t), 3, Config{Rounds: 6, RoundSeconds: 30})
	q.awaits(0, 1, 2)
	if q.now.Within != 30*time.Second {
		t.Errorf("a round takes %v, want 30 s", q.now.Within)
	}

	q.right(1) // the first round: 1 is right, 2 is wrong, 0 answers last
	q.wrong(2)
	q.awaits(0)
	q.scores(0, 0, 0)
	q.right(0)
	q.scores(100, 100, 0)
	q.awaits(0, 1, 2)

	q.right(0) // the second: 3 comes while it runs, 1 and 2 let it pass
	q.join(3)
	q.awaits(1, 2, 3)
	q.right(3)
	q.timeout()
	q.scores(200, 100, 0, 100)
	q.awaits(0, 1, 2, 3)

	q.right(0, 3) // the third: 1 is back in time, 2 is not
	q.wrong(1)
	q.timeout()
	q.awaits(0, 1, 2, 3)

	q.right(0, 1, 3) // the fourth is the third in a row for 2
	q.timeout()
	q.awaits(0, 1, 3)
	if status := q.view(0).Seats[2].Status; status != "away" {
		t.Errorf("the seat that was set aside is %q", status)
	}
	q.refuses("not-asked", 2, "too late")

	q.right(0) // the fifth: 2 comes back, 3 leaves for good
	q.join(2)
	q.awaits(1, 2, 3)
	q.leave(3)
	q.awaits(1, 2)
	q.wrong(1)
	q.right(2)
	q.scores(500, 200, 100, 300)
	q.awaits(0, 1, 2)

	q.right(2)
	q.wrong(0, 1)
	q.ends("rounds-played", [2]int{1, 500}, [2]int{2, 200}, [2]int{2, 200}, [2]int{4, 300})
	if v := q.view(0); v.Question != nil || v.Previous.Round != 6 || v.Rounds != 6 {
		t.Errorf("in the end one sees %+v", v)
	}
}

func TestWhoIsRightLearnsSoAtOnce(t *testing.T) {
	q := open(t, hundreds(t), 3, Config{})
	q.right(0)
	q.wrong(1)
	if mine := q.view(0).MyAnswer; mine == nil || !mine.Right || mine.Answer != q.now.State.Questions[0].Answer {
		t.Errorf("who was right sees %+v", mine)
	}
	if mine := q.view(1).MyAnswer; mine == nil || mine.Right || mine.Answer != "something else" {
		t.Errorf("who was wrong sees %+v", mine)
	}
	if mine := q.view(2).MyAnswer; mine != nil {
		t.Errorf("who has not answered sees %+v", mine)
	}
}

func TestEverybodySeesHowManyWereRight(t *testing.T) {
	q := open(t, hundreds(t), 5, Config{})
	q.right(0, 3)
	q.wrong(1)
	for seat := games.Spectator; seat < 5; seat++ {
		if v := q.view(seat); v.Right != 2 || v.Wrong != 1 {
			t.Errorf("seat %d sees %d right and %d wrong, want 2 and 1", seat, v.Right, v.Wrong)
		}
	}
}

// Who was right is known to the seat alone, as long as the round runs.
func TestNobodySeesWhoWasRight(t *testing.T) {
	one, other := open(t, hundreds(t), 4, Config{}), open(t, hundreds(t), 4, Config{})
	one.right(0)
	one.wrong(1)
	other.wrong(1)
	other.right(2)
	for _, viewer := range []int{games.Spectator, 3} {
		if a, b := encode(t, one.view(viewer)), encode(t, other.view(viewer)); a != b {
			t.Errorf("seat %d can tell %s from %s", viewer, a, b)
		}
	}
}

func TestEveryAnswerIsHiddenFromTheOthers(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{Rounds: 1})
	q.wrong(0)
	if !q.now.Hidden || len(q.now.Events) > 0 {
		t.Errorf("an answer is shown: %+v", q.now)
	}
	q.right(1)
	if !q.now.Hidden {
		t.Errorf("the last answer is shown: %+v", q.now)
	}
}

// A canary sits in every answer. It sings when its round is over, and no sooner.
func TestTheAnswerIsHiddenUntilTheRoundEnds(t *testing.T) {
	var file strings.Builder
	for i := range 20 {
		fmt.Fprintf(&file, "{\"category\":\"c\",\"question\":\"Question %d?\",\"answer\":\"canary %d x\",\"accept\":[\"finch %d x\"]}\n", i, i, i)
	}
	q := open(t, With(read(t, file.String())), 4, Config{Rounds: 5})
	revealed := map[string]bool{}
	listen := func() {
		t.Helper()
		heard := encode(t, q.said)
		for seat := games.Spectator; seat < 4; seat++ {
			v := q.view(seat)
			v.MyAnswer = nil // one's own
			heard += encode(t, v)
		}
		for _, question := range q.rules.set().questions {
			if strings.Contains(heard, question.Answer) && !revealed[question.Answer] || strings.Contains(heard, question.Accept[0]) {
				t.Fatalf("%q is told: %s", question.Answer, heard)
			}
		}
	}
	for round := range 5 {
		answer := q.now.State.Questions[0].Answer
		listen()
		q.right(0)
		listen()
		q.answer(1, q.now.State.Questions[0].Accept[0])
		listen()
		q.wrong(2)
		listen()
		revealed[answer] = true
		if round%2 == 0 {
			q.wrong(3)
		} else {
			q.timeout()
		}
		if got := q.view(3).Previous.Answer; got != answer {
			t.Fatalf("the answer %q is revealed as %q", answer, got)
		}
		if !strings.Contains(encode(t, q.said), answer) {
			t.Fatalf("no event tells the answer %q", answer)
		}
		listen()
	}
}

func TestTheRevealCountsEverybody(t *testing.T) {
	q := open(t, hundreds(t), 5, Config{Rounds: 2})
	text, answer := q.now.State.Questions[0].Text, q.now.State.Questions[0].Answer
	q.right(4, 1)
	q.wrong(0)
	q.leave(2)
	q.timeout()
	want := Reveal{
		Asked:  Asked{Round: 1, Category: "c", Text: text, Value: 100},
		Answer: answer, Right: 2, Wrong: 1, Absent: 1, Scorers: []int{1, 4},
	}
	if got := q.view(0).Previous; encode(t, got) != encode(t, want) {
		t.Errorf("the reveal is %+v, want %+v", got, want)
	}
	ended, started := q.now.Events[0], q.now.Events[1]
	if ended.Kind != "round_ended" || ended.To != nil || encode(t, ended.Data) != encode(t, want) {
		t.Errorf("the round ends with %+v", ended)
	}
	if started.Kind != "round_started" || started.To != nil || encode(t, started.Data) != encode(t, q.view(0).Question) {
		t.Errorf("the next round starts with %+v", started)
	}
}

// A second guess, a guess after the reveal and a guess without a name were possible in the quiz that this one descends from.

func TestASecondGuessIsRefused(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{})
	q.wrong(0)
	q.refuses("already-answered", 0, q.now.State.Questions[0].Answer)
	q.refuses("already-answered", 0, "something else")
}

func TestAGuessAfterTheRevealEarnsNothing(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{Rounds: 2})
	s := q.now.State
	s.Questions = []Question{{Text: "First?", Answer: "one thing", Value: 100}, {Text: "Second?", Answer: "quite different", Value: 100}}
	q.take(q.rules.Timeout(s, q.now.Await, q.env()))
	q.answer(0, q.view(0).Previous.Answer)
	q.timeout()
	q.scores(0, 0)
}

func TestJoiningAgainGivesNoSecondGuess(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{})
	q.wrong(0)
	q.join(0)
	q.awaits(1)
	q.refuses("already-answered", 0, q.now.State.Questions[0].Answer)
}

func TestJoiningAgainChangesNothingForWhoIsHere(t *testing.T) {
	q := open(t, hundreds(t), 3, Config{})
	q.wrong(0)
	q.leave(2)
	before := encode(t, q.now.State)
	for _, seat := range []int{0, 2} { // one has answered, the other has left
		q.join(seat)
		q.awaits(1)
		if after := encode(t, q.now.State); after != before {
			t.Errorf("seat %d joins again and changes %s to %s", seat, before, after)
		}
	}
}

func TestAnAnswerEndsTheAbsence(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{Rounds: 10})
	for range 3 { // two rounds are let pass, again and again, but never three in a row
		q.right(0)
		q.timeout()
		q.right(0)
		q.timeout()
		q.wrong(1)
		q.right(0)
		q.awaits(0, 1)
	}
}

func TestWhoComesBackHasTheirScoreAndThreeRoundsAgain(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{Rounds: 10})
	q.right(0, 1)
	for range 3 {
		q.right(0)
		q.timeout()
	}
	q.awaits(0)
	if last := q.now.Events[1]; last.Kind != "set_aside" || encode(t, last.Data) != `{"seats":[1]}` {
		t.Errorf("of the seat that is set aside is said %+v", last)
	}
	q.join(1)
	q.awaits(0, 1)
	q.scores(400, 100)
	for range 2 {
		q.right(0)
		q.timeout()
		q.awaits(0, 1)
	}
	q.right(0)
	q.timeout()
	q.awaits(0)
}

func TestAQuizThatNobodyAttendsEnds(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{Rounds: 10})
	q.right(1)
	q.timeout()
	q.timeout()
	q.timeout()
	q.awaits(1) // 0 is away
	q.timeout()
	q.ends("deserted", [2]int{2, 0}, [2]int{1, 100})
	if v := q.view(0); v.Question != nil || v.Previous.Round != 4 {
		t.Errorf("a deserted quiz shows %+v", v)
	}
}

func TestTheLastToLeaveEndsTheQuiz(t *testing.T) {
	q := open(t, hundreds(t), 3, Config{Rounds: 10})
	q.right(0)
	q.wrong(2)
	q.timeout()
	answer := q.now.State.Questions[0].Answer
	q.leave(0)
	q.awaits(1, 2)
	q.right(2)
	q.leave(1)
	q.awaits(2) // the next round
	q.leave(2)
	q.ends("deserted", [2]int{1, 100}, [2]int{3, 0}, [2]int{1, 100})
	if v := q.view(0); v.Previous.Answer != answer || v.Question != nil || v.MyAnswer != nil {
		t.Errorf("when everybody has left one sees %+v", v)
	}
}

// If a leaver's answer were taken out of the numbers, they would tell what it was.
func TestLeavingKeepsTheNumbers(t *testing.T) {
	q := open(t, hundreds(t), 3, Config{Rounds: 2})
	q.right(0)
	q.wrong(1)
	q.leave(0)
	if v := q.view(2); v.Right != 1 || v.Wrong != 1 || v.Seats[0].Status != "left" {
		t.Errorf("after one has left the others see %+v", v)
	}
	q.wrong(2)
	q.scores(100, 0, 0)
	q.awaits(1, 2)
}

func TestTheLastAwaitedLeavesAndTheRoundEnds(t *testing.T) {
	q := open(t, hundreds(t), 2, Config{Rounds: 2})
	q.right(0)
	q.leave(1)
	q.scores(100, 0)
	q.awaits(0)
	q.right(0)
	q.ends("rounds-played", [2]int{1, 200}, [2]int{2, 0})
}

func TestPlacings(t *testing.T) {
	seats := func(scores ...int) []Seat {
		var seats []Seat
		for _, score := range scores {
			seats = append(seats, Seat{Score: max(score, -score), Left: score < 0}) // a leaver's is written below zero
		}
		return seats
	}
	for name, c := range map[string]struct {
		seats []Seat
		want  []int
	}{
		"alone":                {seats(0), []int{1}},
		"by score":             {seats(100, 300, 200), []int{3, 1, 2}},
		"a tie for the first":  {seats(300, 100, 300), []int{1, 3, 1}},
		"a tie for the second": {seats(300, 100, 100, 50), []int{1, 2, 2, 4}},
		"nobody was right":     {seats(0, 0, 0), []int{1, 1, 1}},
		"leavers come last":    {seats(100, -900, 0, -300), []int{1, 3, 2, 4}},
		"leavers among them":   {seats(-200, -200, 100), []int{2, 2, 1}},
		"away is not gone":     {append(seats(0), Seat{Score: 100, Away: true}), []int{2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			for seat, p := range (State{Seats: c.seats}).placings() {
				if p.Seat != seat || p.Place != c.want[seat] || p.Score != c.seats[seat].Score {
					t.Errorf("seat %d is placed %+v, want place %d", seat, p, c.want[seat])
				}
			}
		})
	}
}

func TestTheScoreIsTheValueOfTheQuestion(t *testing.T) {
	q := open(t, Rules{}, 1, Config{Rounds: 50})
	want := 0
	for range 50 {
		want += q.now.State.Questions[0].Value
		q.right(0)
	}
	q.ends("rounds-played", [2]int{1, want})
}

func TestAHundredMayAnswerInAnyOrder(t *testing.T) {
	play := func(order []int) *table {
		q := open(t, Rules{}, 100, Config{Rounds: 2})
		for range 2 {
			question := q.now.State.Questions[0]
			for _, seat := range order {
				if seat%3 == 0 {
					q.answer(seat, question.Answer)
				} else {
					q.wrong(seat)
				}
			}
		}
		return q
	}
	first := play(rand.New(rand.NewPCG(1, 1)).Perm(100))
	for seed := range uint64(5) {
		other := play(rand.New(rand.NewPCG(2, seed)).Perm(100))
		if a, b := encode(t, first.now), encode(t, other.now); a != b {
			t.Fatalf("in another order it ends as %s, not %s", b, a)
		}
	}
}

func TestAStateStaysSmall(t *testing.T) {
	var file strings.Builder
	for i := range 50 {
		fmt.Fprintf(&file, "{\"category\":\"c\",\"question\":\"%s %02d\",\"answer\":\"so\"}\n", strings.Repeat("q", 436), i)
	}
	q := open(t, With(read(t, file.String())), 100, Config{Rounds: 50})
	if n := len(encode(t, q.now.State.Questions[0])); n < maxBytes-10 {
		t.Fatalf("a question of %d bytes is not the longest", n)
	}
	for seat := range 99 {
		q.answer(seat, strings.Repeat("語", 100))
	}
	if n := len(encode(t, q.now.State)); n > 64<<10 {
		t.Errorf("the state takes %d bytes", n)
	}
}

func TestNoQuestionIsAskedTwice(t *testing.T) {
	q := open(t, Rules{}, 1, Config{Rounds: 50, Categories: []string{"science", "nature"}})
	asked := map[string]bool{}
	for range 50 {
		question := q.view(0).Question
		if asked[question.Text] || question.Category != "science" && question.Category != "nature" {
			t.Fatalf("round %d asks %+v", question.Round, question)
		}
		asked[question.Text] = true
		q.wrong(0)
	}
}

// Whoever runs the server may change the file while people play.
func TestARunningQuizKeepsItsQuestions(t *testing.T) {
	with, without := open(t, Rules{}, 2, Config{Rounds: 3}), open(t, Rules{}, 2, Config{Rounds: 3})
	without.rules = hundreds(t)
	for range 3 {
		for _, q := range []*table{with, without} {
			q.right(0)
			q.wrong(1)
		}
		if a, b := encode(t, with.now), encode(t, without.now); a != b {
			t.Fatalf("with other questions %s becomes %s", a, b)
		}
	}
}

// A ticket may have waited while the file was changed.
func TestAStartWithFewerQuestionsThanAskedFor(t *testing.T) {
	config := Config{Rounds: 20, RoundSeconds: 20, Categories: []string{"science"}}
	rules := With(read(t, lines(12)))
	step, err := rules.Start(games.Setup[Config]{Env: games.Env{Rand: rand.New(rand.NewPCG(1, 1))}, Config: config, Roles: []string{""}})
	if err != nil || len(step.State.Questions) != 12 || step.State.Rounds != 12 {
		t.Errorf("it starts as %+v, %v", step.State, err)
	}
}

func TestConfigure(t *testing.T) {
	quiz := games.Define(With(read(t, lines(12)+`{"category":"d","question":"Last?","answer":"yes"}`)))
	for given, want := range map[string]string{
		`{}`:                              `{"rounds":10,"round_seconds":20}`,
		`{"rounds":13}`:                   `{"rounds":13,"round_seconds":20}`,
		`{"categories":["d","c","d"]}`:    `{"rounds":10,"round_seconds":20,"categories":["c","d"]}`,
		`{"categories":[]}`:               `{"rounds":10,"round_seconds":20}`,
		`{"categories":["d","e"]}`:        "no-such-category: One of these categories does not exist. There are: c, d.",
		`{"rounds":14}`:                   "too-few-questions: There are not enough such questions, only 13. Choose fewer rounds, or more categories.",
		`{"categories":["d"]}`:            "too-few-questions: There are not enough such questions, only 1. Choose fewer rounds, or more categories.",
		`{"rounds":1,"categories":["d"]}`: `{"rounds":1,"round_seconds":20,"categories":["d"]}`,
		`{"rounds":51}`:                   "rounds",
		`{"rounds":0}`:                    "rounds",
		`{"round_seconds":4}`:             "round_seconds",
		`{"round_seconds":86401}`:         "round_seconds",
	} {
		parsed, err := quiz.ParseConfig(json.RawMessage(given))
		got := string(parsed)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s is taken as %s, want %s", given, got, want)
		}
	}
}

func TestAMoveIsAnAnswer(t *testing.T) {
	quiz := games.Define(Rules{})
	for move, good := range map[string]bool{
		`{"answer":"Mars"}`: true,
		`{"answer":"` + strings.Repeat("語", 100) + `"}`: true,
		`{"answer":"` + strings.Repeat("x", 101) + `"}`: false,
		`{"answer":""}`: false,
		`{}`:            false,
	} {
		if _, err := quiz.ParseMove(json.RawMessage(move)); (err == nil) != good {
			t.Errorf("%s is read with %v", move, err)
		}
	}
}
