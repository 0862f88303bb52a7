package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/dungeon"
	"yourturn/games/quest"
	"yourturn/games/quiz"
)

// When the last of all gives up, the rules say what each has come to. Beside bots there is nobody to say it for, and the
// game just ends.
func TestTheLastToForfeitIsPlacedByTheRules(t *testing.T) {
	aQuest, aQuiz := games.Define(quest.Rules{}), games.Define(quiz.Rules{})
	for title, c := range map[string]struct {
		game   games.Game
		who    string
		config string
		before func(*story)
		gone   []int
		want   string
	}{
		"all heroes of a quest":           {aQuest, "ppp", "", func(*story) {}, []int{1, 0, 2}, "forfeit 3 3 3"},
		"all heroes but a bot":            {aQuest, "pbp", "", func(*story) {}, []int{0, 2}, "forfeit 2 1 2"},
		"all at a quiz":                   {aQuiz, "ppp", "", func(*story) {}, []int{0, 1, 2}, "deserted 1 1 1"},
		"all at a quiz but a bot":         {aQuiz, "bpp", "", func(*story) {}, []int{1, 2}, "forfeit 1 2 2"},
		"who plays a quiz alone":          {aQuiz, "p", "", func(*story) {}, []int{0}, "deserted 1"},
		"when the bot has sung its last":  {sung(chorus{}), "pb", `{"rounds":1}`, func(s *story) { s.playBot() }, []int{0}, "forfeit 2 1"},
		"in a game that cannot go on":     {games.Define(dungeon.Rules{}), "p", "", func(*story) {}, []int{0}, "forfeit 2"},
		"while a move waits for the last": {sung(chorus{kept: true}), "pp", "", func(s *story) { s.sing(1) }, []int{1, 0}, "sung 1 1"},
	} {
		t.Run(title, func(t *testing.T) {
			s := mixed(t, c.game, c.who, c.config)
			c.before(s)
			for _, seat := range c.gone {
				if s.Status != Active {
					t.Fatalf("%s before seat %d has left", s.places(), seat)
				}
				s.forfeit(seat)
			}
			if s.Status != Finished || s.places() != c.want || !s.Due.Equal(Never) || len(s.Await) > 0 {
				t.Errorf("%s %q, due %s; want %q", s.Status, s.places(), s.Due, c.want)
			}
			for _, seat := range s.Seats {
				if seat.Left == seat.isBot() {
					t.Errorf("seat %d: left is %v", seat.Number, seat.Left)
				}
			}
			if e := s.last.EventsFor(0); e[len(e)-1].Kind != finishedEvent {
				t.Errorf("the last event is %+v", e[len(e)-1])
			}
			s.replays()
		})
	}
}

// What the rules have made of the state is what everybody sees at the end, and what was won is kept.
func TestTheLastForfeitEndsTheGameItself(t *testing.T) {
	s := begin(t, games.Define(quest.Rules{}), 3, "")
	for seat := range 3 {
		s.forfeit(seat)
	}
	if v, err := viewOf(s.game, s.Session, 0); err != nil || !strings.Contains(string(v.State), `"phase":"end"`) {
		t.Errorf("the quest looks like %s, %v", v.State, err)
	}

	s = begin(t, sums(t), 3, `{"rounds":2}`)
	s.must(Act{Cause: Moved, Seat: 1, Move: []byte(`{"answer":"ten"}`)})
	s.timeOut()
	for _, seat := range []int{2, 1, 0} {
		s.forfeit(seat)
	}
	if s.places() != "deserted 2 1 2" || s.Result.Placings[1].Score != 300 {
		t.Errorf("%s: %+v", s.places(), s.Result)
	}
	s.replays()
}

// sums is a quiz of which the answer is always ten.
func sums(t *testing.T) games.Game {
	t.Helper()
	var questions strings.Builder
	for n := range 10 {
		fmt.Fprintf(&questions, `{"category":"sums","question":"How many are %d and %d?","answer":"ten","value":300}`+"\n", n, 10-n)
	}
	set, err := quiz.Read("sums", strings.NewReader(questions.String()))
	if err != nil {
		t.Fatal(err)
	}
	return games.Define(quiz.With(set))
}

// lonely goes on without those who leave, down to the last, and does with that one as it is told.
type lonely struct {
	throws
	last func(throwsState) (games.Step[throwsState], error)
}

func (g lonely) Leave(s throwsState, seat int, _ games.Env) (games.Step[throwsState], error) {
	s.Gone[seat] = true
	if len(s.present()) == 0 {
		return g.last(s)
	}
	return games.Step[throwsState]{State: s, Await: s.missing()}, nil
}

// Nobody is kept at a table by rules that never thought of its last one leaving.
func TestRulesThatFailDoNotKeepTheLast(t *testing.T) {
	step := func(step games.Step[throwsState]) func(throwsState) (games.Step[throwsState], error) {
		return func(s throwsState) (games.Step[throwsState], error) { step.State = s; return step, nil }
	}
	fail := func(err error) func(throwsState) (games.Step[throwsState], error) {
		return func(throwsState) (games.Step[throwsState], error) { return games.Step[throwsState]{}, err }
	}
	shared := func(place int) *games.Result {
		return &games.Result{Reason: "left", Placings: []games.Placing{{Seat: 0, Place: place}, {Seat: 1, Place: place}, {Seat: 2, Place: place}}}
	}
	for title, c := range map[string]struct {
		last func(throwsState) (games.Step[throwsState], error)
		want string
	}{
		"they have thought of it":      {step(games.Step[throwsState]{Result: shared(3)}), "left 3 3 3"},
		"they panic":                   {func(s throwsState) (games.Step[throwsState], error) { panic(s.present()) }, "forfeit 1 1 1"},
		"they fail":                    {fail(errors.New("nobody is left")), "forfeit 1 1 1"},
		"they refuse":                  {fail(games.Refuse("stay", "Please stay.")), "forfeit 1 1 1"},
		"they wait for nobody":         {step(games.Step[throwsState]{}), "forfeit 1 1 1"},
		"they wait for who has left":   {step(games.Step[throwsState]{Await: []int{0}}), "forfeit 1 1 1"},
		"they wait for the server":     {step(games.Step[throwsState]{Within: time.Second}), "forfeit 1 1 1"},
		"they tell what is not theirs": {step(games.Step[throwsState]{Result: shared(3), Events: []games.Event{{Kind: finishedEvent}}}), "forfeit 1 1 1"},
	} {
		t.Run(title, func(t *testing.T) {
			s := begin(t, games.Define(lonely{throws{}, c.last}), 3, "")
			for _, seat := range []int{2, 0, 1} {
				s.forfeit(seat)
			}
			if s.Status != Finished || s.places() != c.want || slices.ContainsFunc(s.Seats, func(seat Seat) bool { return !seat.Left }) {
				t.Errorf("%s %q, want %q: %+v", s.Status, s.places(), c.want, s.Seats)
			}
			if e := s.last.EventsFor(1); len(e) != 2 || e[0].Kind != string(Forfeited) || e[1].Kind != finishedEvent {
				t.Errorf("told %+v", e)
			}
			s.hears("p0 session_finished, p1 session_finished, p2 session_finished")
			s.replays()
		})
	}
}
