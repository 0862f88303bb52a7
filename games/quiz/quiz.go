// Package quiz asks everybody at the table the same question at the same time.
//
// A round is one turn: a question, and so many seconds for it. Each seat answers once and learns at once whether it was
// right; of the others everybody knows only how many were right and how many wrong. When the last awaited seat has
// answered, or the time is up, the answer is revealed, the right seats get the question's value, and the next round
// begins in the same step. After the last round whoever has most points comes first.
//
// People come and go. Somebody who joins while a round runs is asked at once. A seat that lets three rounds in a row pass
// is set aside, so that nobody has to wait for it, nor the server to wake its phone, until its player joins again.
//
// A session's questions are drawn at the start and travel in its state, of which each round takes its own away. So an
// operator can change the file of questions at any time, and a session that runs does not notice.
//
// The rounds are in this file, what is seen of them in view.go, what counts as right in match.go, the questions in
// set.go, and those who only pretend to be asked in bot.go.
package quiz

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"yourturn/games"
)

// Rules are the rules of the quiz. The zero value asks the questions that come with the program.
type Rules struct{ own *Set }

// With is the quiz with other questions.
func With(questions Set) Rules { return Rules{own: &questions} }

// Config is how long the quiz is, and what it is about.
type Config struct {
	Rounds       int      `json:"rounds,omitempty" minimum:"1" maximum:"50" doc:"How many questions are asked. 10 when it is left out." example:"10"`
	RoundSeconds int      `json:"round_seconds,omitempty" minimum:"5" maximum:"86400" doc:"How many seconds there are for each question. 20 when it is left out." example:"20"`
	Categories   []string `json:"categories,omitempty" maxItems:"30" doc:"Only questions of these categories. All when it is left out." example:"[\"nature\",\"science\"]"`
}

// Move answers the question of the running round.
type Move struct {
	Answer string `json:"answer" minLength:"1" maxLength:"100" doc:"The answer. Small and capital letters, accents, punctuation and the words a, an, the and of make no difference, and a small slip of the pen is forgiven." example:"Jupiter"`
}

// State is a quiz in progress. The questions are what is left of it: the running round's first; none, and it is over.
type State struct {
	Rounds       int        `json:"rounds"`
	RoundSeconds int        `json:"round_seconds"`
	Round        int        `json:"round"`
	Questions    []Question `json:"questions"`
	Seats        []Seat     `json:"seats"`
	Previous     *Reveal    `json:"previous,omitempty"`
}

// Seat is where somebody sits. Score is what the rounds have brought that are over.
type Seat struct {
	Score  int    `json:"score"`
	Answer string `json:"answer,omitempty"` // to the running round; empty while there is none
	Right  bool   `json:"right,omitempty"`  // so is the answer
	Missed int    `json:"missed,omitempty"` // rounds in a row, up to now
	Away   bool   `json:"away,omitempty"`   // set aside until the player joins again
	Left   bool   `json:"left,omitempty"`   // for good
}

const (
	defaultRounds  = 10
	defaultSeconds = 20
	patience       = 3 // rounds in a row that a seat may let pass
)

func (Rules) Describe() games.Info {
	return games.Info{
		Name: "quiz", Title: "Quiz", TypeName: "Quiz", Version: 1,
		MinSeats: 1, MaxSeats: 100, TurnSeconds: 60 * 60, AtOnce: true, FromOutside: true,
	}
}

// Configure refuses a quiz that would run out of questions.
func (r Rules) Configure(c Config) (Config, error) {
	c.Rounds = cmp.Or(c.Rounds, defaultRounds)
	c.RoundSeconds = cmp.Or(c.RoundSeconds, defaultSeconds)
	c.Categories = slices.Compact(slices.Sorted(slices.Values(c.Categories)))
	known := r.set().Categories()
	for _, category := range c.Categories {
		if !slices.Contains(known, category) {
			return c, games.Refuse("no-such-category", "One of these categories does not exist. There are: "+strings.Join(known, ", ")+".")
		}
	}
	if n := len(r.set().about(c.Categories)); n < c.Rounds {
		return c, games.Refuse("too-few-questions", fmt.Sprintf("There are not enough such questions, only %d. Choose fewer rounds, or more categories.", n))
	}
	return c, nil
}

func (r Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	c := setup.Config
	pool := r.set().about(c.Categories)
	if len(pool) < c.Rounds {
		pool = r.set().questions // the operator has changed them since the config was checked
	}
	questions := draw(pool, c.Rounds, setup.Rand)
	s := State{
		Rounds: len(questions), RoundSeconds: c.RoundSeconds, Round: 1,
		Questions: questions, Seats: make([]Seat, len(setup.Roles)),
	}
	return s.await(s.started()), nil
}

func (Rules) Apply(s State, seat int, move Move, _ games.Env) (games.Step[State], error) {
	switch {
	case s.Seats[seat].Answer != "":
		return games.Step[State]{}, games.Refuse("already-answered", "You have answered this question already. Wait for the next one.")
	case !s.awaits(seat):
		return games.Step[State]{}, games.Refuse("not-asked", "This question is not for you. Join the quiz again to be asked.")
	case plain(move.Answer) == "":
		return games.Step[State]{}, games.Refuse("empty-answer", "There is nothing in that answer to compare. Write a word or a number.")
	}
	s.Seats = slices.Clone(s.Seats)
	s.Seats[seat].Answer = move.Answer
	s.Seats[seat].Right = s.Questions[0].accepts(move.Answer)
	step := s.goOn()
	step.Hidden = true // for good: a reveal says who was right, but not what anybody wrote
	return step, nil
}

// Timeout ends the round without those who have not answered.
func (Rules) Timeout(s State, _ []int, _ games.Env) (games.Step[State], error) {
	return s.endRound(), nil
}

// Leave lets the others go on. What the seat has answered still counts in the round's numbers, for if they went down,
// they would tell what it had answered.
func (Rules) Leave(s State, seat int, _ games.Env) (games.Step[State], error) {
	s.Seats = slices.Clone(s.Seats)
	s.Seats[seat].Left, s.Seats[seat].Away = true, false
	return s.goOn(), nil
}

// Join asks a newcomer, or somebody who had been set aside, the running question. It does nothing for anybody else: one
// who has answered gets no second try, and one who has left stays so.
func (Rules) Join(s State, seat int, _ games.Env) (games.Step[State], error) {
	switch {
	case seat > len(s.Seats):
		return games.Step[State]{}, fmt.Errorf("seat %d sits down beside %d", seat, len(s.Seats))
	case seat == len(s.Seats):
		s.Seats = append(slices.Clone(s.Seats), Seat{})
	default:
		s.Seats = slices.Clone(s.Seats)
		s.Seats[seat].Away = false // as it is already, unless the seat was set aside
	}
	return s.await(), nil
}

// goOn waits for the others, or ends the round when there is nobody to wait for.
func (s State) goOn() games.Step[State] {
	switch {
	case s.deserted():
		return s.finish("deserted")
	case len(s.awaited()) == 0:
		return s.endRound()
	}
	return s.await()
}

func (s State) await(events ...games.Event) games.Step[State] {
	return games.Step[State]{
		State: s, Await: s.awaited(), Within: time.Duration(s.RoundSeconds) * time.Second, Events: events,
	}
}

// endRound reveals the answer, gives the points, and asks the next question.
func (s State) endRound() games.Step[State] {
	reveal, aside := s.settle()
	events := []games.Event{{Kind: "round_ended", Data: reveal}}
	if len(aside) > 0 {
		events = append(events, games.Event{Kind: "set_aside", Data: seatList{aside}})
	}
	s.Previous = &reveal
	s.Seats = s.afterwards(reveal.Scorers, aside)
	s.Questions = s.Questions[1:]
	var step games.Step[State]
	switch {
	case len(s.Questions) == 0:
		step = s.finish("rounds-played")
	case s.deserted():
		step = s.finish("deserted")
	default:
		s.Round++
		step = s.await(s.started())
	}
	step.Events = append(events, step.Events...)
	return step
}

// settle counts a round: what is revealed of it, and who is set aside.
func (s State) settle() (reveal Reveal, aside []int) {
	reveal = Reveal{Asked: *s.asked(), Answer: s.Questions[0].Answer, Scorers: []int{}}
	for seat, p := range s.Seats {
		switch {
		case p.Right:
			reveal.Right++
			reveal.Scorers = append(reveal.Scorers, seat)
		case p.Answer != "":
			reveal.Wrong++
		case p.plays():
			reveal.Absent++
			if p.Missed+1 >= patience {
				aside = append(aside, seat)
			}
		}
	}
	return reveal, aside
}

// afterwards are the seats as the next round finds them.
func (s State) afterwards(scorers, aside []int) []Seat {
	seats := slices.Clone(s.Seats)
	for seat := range seats {
		p := &seats[seat]
		switch {
		case p.Answer != "":
			p.Missed = 0
		case p.plays():
			p.Missed++
		}
		p.Answer, p.Right = "", false
	}
	for _, seat := range scorers {
		seats[seat].Score += s.Questions[0].Value
	}
	for _, seat := range aside {
		seats[seat].Away, seats[seat].Missed = true, 0
	}
	return seats
}

// finish ends the quiz. A question that is open then stays so: nobody learns its answer.
func (s State) finish(reason string) games.Step[State] {
	s.Questions = []Question{}
	s.Seats = slices.Clone(s.Seats)
	for seat := range s.Seats {
		s.Seats[seat].Answer, s.Seats[seat].Right = "", false
	}
	return games.Step[State]{State: s, Result: &games.Result{Reason: reason, Placings: s.placings()}}
}

// placings go by score. Equal scores share a place, and the next place is so much lower; who has left comes below
// everybody who has not.
func (s State) placings() []games.Placing {
	placings := make([]games.Placing, len(s.Seats))
	for seat, p := range s.Seats {
		placings[seat] = games.Placing{Seat: seat, Place: 1, Score: p.Score}
		for _, other := range s.Seats {
			if other.above(p) {
				placings[seat].Place++
			}
		}
	}
	return placings
}

func (p Seat) above(other Seat) bool {
	if p.Left != other.Left {
		return other.Left
	}
	return p.Score > other.Score
}

// plays says that the seat is asked: it has neither left nor been set aside.
func (p Seat) plays() bool { return !p.Left && !p.Away }

// deserted says that nobody is there to be asked.
func (s State) deserted() bool { return !slices.ContainsFunc(s.Seats, Seat.plays) }

func (s State) awaits(seat int) bool {
	return len(s.Questions) > 0 && s.Seats[seat].plays() && s.Seats[seat].Answer == ""
}

func (s State) awaited() []int {
	var seats []int
	for seat := range s.Seats {
		if s.awaits(seat) {
			seats = append(seats, seat)
		}
	}
	return seats
}

func (s State) started() games.Event { return games.Event{Kind: "round_started", Data: s.asked()} }

// seatList is the data of an event about several seats.
type seatList struct {
	Seats []int `json:"seats"`
}
