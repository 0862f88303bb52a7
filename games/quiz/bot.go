package quiz

import (
	"math/rand/v2"

	"yourturn/games"
)

// noIdea is what one says who cannot even guess.
const noIdea = "no idea"

// knows is how many answers of a hundred a bot knows.
func knows(level games.Level) int {
	switch level {
	case games.Easy:
		return 40
	case games.Hard:
		return 90
	}
	return 65
}

// BotMove gives the answer as often as the level knows it, and one that could have been right otherwise. A bot has read
// what the rules' own questions say, as a person may have, and no session's state; of a question that is not among
// them it knows nothing.
func (r Rules) BotMove(v View, _ int, level games.Level, env games.Env) Move {
	if v.Question == nil {
		return Move{Answer: noIdea}
	}
	q, read := r.set().find(v.Question.Text)
	if read && env.Rand.IntN(100) < knows(level) {
		return Move{Answer: q.Answer}
	}
	wrong := func(answer string) bool { return !read || !q.accepts(answer) }
	return Move{Answer: r.set().anyAnswer(v.Question.Category, wrong, env.Rand)}
}

// Imagine makes up everything that is still hidden: the answer, the questions to come, and who has answered what.
func (r Rules) Imagine(v View, seat int, env games.Env) State {
	s := State{
		Rounds: v.Rounds, RoundSeconds: v.RoundSeconds, Previous: v.Previous,
		Questions: []Question{}, Seats: make([]Seat, len(v.Seats)),
	}
	for i, p := range v.Seats {
		s.Seats[i] = Seat{Score: p.Score, Away: p.Status == away, Left: p.Status == left}
	}
	if v.Question == nil {
		return s
	}
	s.Round = v.Question.Round
	s.Questions = append(s.Questions, r.imagineQuestion(v, env.Rand))
	s.Questions = append(s.Questions, draw(r.set().questions, v.Rounds-s.Round, env.Rand)...)
	r.imagineAnswers(s, v, seat, env.Rand)
	return s
}

// imagineQuestion gives the question an answer that goes with what the viewer has heard of their own.
func (r Rules) imagineQuestion(v View, random *rand.Rand) Question {
	q := Question{Category: v.Question.Category, Text: v.Question.Text, Value: v.Question.Value}
	mine := v.MyAnswer
	if mine != nil && mine.Right {
		q.Answer = mine.Answer
		return q
	}
	q.Answer = r.set().anyAnswer(q.Category, func(answer string) bool {
		return mine == nil || !matches(answer, mine.Answer)
	}, random)
	return q
}

// imagineAnswers hands the round's right and wrong answers to seats that can have given them.
func (r Rules) imagineAnswers(s State, v View, seat int, random *rand.Rand) {
	right, wrong := v.Right, v.Wrong
	if mine := v.MyAnswer; mine != nil {
		s.Seats[seat].Answer, s.Seats[seat].Right = mine.Answer, mine.Right
		if mine.Right {
			right--
		} else {
			wrong--
		}
	}
	q := s.Questions[0]
	mistake := r.set().anyAnswer(q.Category, func(answer string) bool { return !q.accepts(answer) }, random)
	for _, i := range s.answerers(seat, random) {
		switch {
		case right > 0:
			s.Seats[i].Answer, s.Seats[i].Right = q.Answer, true
			right--
		case wrong > 0:
			s.Seats[i].Answer = mistake
			wrong--
		}
	}
}

// answerers are the other seats that may have answered, in random order: those that play, though one of them must still
// be awaited when the viewer is not, and then those that have left, who may have answered before.
func (s State) answerers(seat int, random *rand.Rand) []int {
	var here, gone []int
	for _, i := range random.Perm(len(s.Seats)) {
		switch {
		case i == seat:
		case s.Seats[i].Left:
			gone = append(gone, i)
		case s.Seats[i].plays():
			here = append(here, i)
		}
	}
	viewerAwaited := seat >= 0 && seat < len(s.Seats) && s.awaits(seat)
	if !viewerAwaited && len(here) > 0 {
		here = here[1:]
	}
	return append(here, gone...)
}

// find looks a question up by its text.
func (s Set) find(text string) (q Question, found bool) {
	for _, q := range s.questions {
		if q.Text == text {
			return q, true
		}
	}
	return Question{}, false
}

// anyAnswer is a random answer that fits, of the category if it has one.
func (s Set) anyAnswer(category string, fits func(answer string) bool, random *rand.Rand) string {
	for _, pool := range [][]Question{s.about([]string{category}), s.questions} {
		for _, i := range random.Perm(len(pool)) {
			if fits(pool[i].Answer) {
				return pool[i].Answer
			}
		}
	}
	return noIdea
}
