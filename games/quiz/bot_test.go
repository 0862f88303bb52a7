package quiz

import (
	"math/rand/v2"
	"slices"
	"testing"

	"yourturn/games"
)

func TestABotKnowsAsMuchAsItsLevel(t *testing.T) {
	rules := Rules{}
	for level, want := range map[games.Level]int{games.Easy: 40, games.Normal: 65, games.Hard: 90} {
		env := games.Env{Rand: rand.New(rand.NewPCG(7, 7))}
		right, asked := 0, 0
		for range 10 {
			for _, q := range builtIn().questions {
				v := View{Question: &Asked{Category: q.Category, Text: q.Text}}
				move := rules.BotMove(v, 0, level, env)
				asked++
				if move.Answer == q.Answer {
					right++
				} else if q.accepts(move.Answer) {
					t.Fatalf("%q is a wrong answer to %q that is right", move.Answer, q.Text)
				}
			}
		}
		if percent := 100 * right / asked; percent < want-3 || percent > want+3 {
			t.Errorf("%s: %d %% are right, want %d", level, percent, want)
		}
	}
}

// A wrong answer could have been right: it answers another question of the category.
func TestABotsMistakeIsPlausible(t *testing.T) {
	rules, env := Rules{}, games.Env{Rand: rand.New(rand.NewPCG(7, 7))}
	for _, q := range builtIn().questions {
		move := rules.BotMove(View{Question: &Asked{Category: q.Category, Text: q.Text}}, 0, games.Easy, env)
		plausible := func(other Question) bool { return other.Category == q.Category && other.Answer == move.Answer }
		if !slices.ContainsFunc(builtIn().questions, plausible) {
			t.Errorf("%q is answered %q", q.Text, move.Answer)
		}
	}
}

// The questions of a session may come from another file than today's.
func TestABotGuessesWhatItHasNotRead(t *testing.T) {
	q := open(t, Rules{}, 2, Config{Rounds: 50})
	q.rules = hundreds(t)
	for range 50 {
		for seat := range 2 {
			move := q.rules.BotMove(q.view(seat), seat, games.Hard, q.env())
			if q.now.State.Questions[0].accepts(move.Answer) {
				t.Fatalf("a bot that has not read %q answers %q", q.view(0).Question.Text, move.Answer)
			}
			q.answer(seat, move.Answer)
		}
	}
	q.scores(0, 0)
}

// What is imagined looks like the truth to the seat, is a quiz that can go on, and is not simply the truth.
func TestImaginedLooksTheSame(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 3))
	different := 0
	for range 150 {
		seats := 1 + chance.IntN(6)
		q := open(t, Rules{}, seats, Config{Rounds: 4})
		for q.now.Result == nil {
			for seat := games.Spectator; seat <= len(q.now.State.Seats); seat++ { // nobody, everybody, and who has not come yet
				seen := q.view(seat)
				imagined := q.rules.Imagine(seen, seat, q.env())
				if a, b := encode(t, seen), encode(t, q.rules.View(imagined, seat)); a != b {
					t.Fatalf("seat %d sees %s, and imagined %s", seat, a, b)
				}
				if len(imagined.awaited()) == 0 || len(imagined.Questions) != len(q.now.State.Questions) {
					t.Fatalf("imagined is a quiz that cannot go on: %s", encode(t, imagined))
				}
				for i, p := range imagined.Seats {
					if p.Answer != "" && p.Right != imagined.Questions[0].accepts(p.Answer) {
						t.Fatalf("imagined, seat %d's answer is judged wrongly: %s", i, encode(t, imagined))
					}
				}
				if encode(t, imagined.Questions) != encode(t, q.now.State.Questions) {
					different++
				}
			}
			anything(q, chance)
		}
		if a, b := encode(t, q.view(0)), encode(t, q.rules.View(q.rules.Imagine(q.view(0), 0, q.env()), 0)); a != b {
			t.Fatalf("the end looks like %s, and imagined like %s", a, b)
		}
	}
	if different < 1000 {
		t.Errorf("only %d times something else was imagined", different)
	}
}

// anything lets something happen to a quiz.
func anything(q *table, chance *rand.Rand) {
	seat := q.now.Await[chance.IntN(len(q.now.Await))]
	newcomer := len(q.now.State.Seats)
	switch chance.IntN(12) {
	case 0:
		q.timeout()
	case 1:
		q.leave(chance.IntN(newcomer))
	case 2:
		if newcomer < 8 {
			q.join(newcomer)
		}
	case 3:
		q.wrong(seat)
	default:
		q.answer(seat, q.rules.BotMove(q.view(seat), seat, games.Easy, q.env()).Answer)
	}
}
