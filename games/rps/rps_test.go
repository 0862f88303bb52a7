package rps_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/gamestest"
	"yourturn/games/rps"
)

func TestLaws(t *testing.T) {
	gamestest.Laws(t, games.Define(rps.Rules{}), `{}`, `{"best_of":1}`, `{"best_of":15}`)
}

func FuzzLaws(f *testing.F) {
	gamestest.Fuzz(f, games.Define(rps.Rules{}), `{}`, `{"best_of":1}`, `{"best_of":15}`)
}

func start(t *testing.T, bestOf int) games.Step[rps.State] {
	t.Helper()
	step, err := rps.Rules{}.Start(games.Setup[rps.Config]{Config: rps.Config{BestOf: bestOf}, Roles: []string{"", ""}})
	if err != nil || !slices.Equal(step.Await, []int{0, 1}) {
		t.Fatalf("%+v, %v", step, err)
	}
	return step
}

// throw is the kept throw of one seat.
func throw(t *testing.T, s rps.State, seat int, what string) games.Step[rps.State] {
	t.Helper()
	step, err := rps.Rules{}.Apply(s, seat, rps.Move{Throw: what}, games.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return step
}

var words = map[rune]string{'r': "rock", 'p': "paper", 's': "scissors", '-': ""}

// round is a turn as a session plays it: the throws in the order of the seats, or the end of the time for whoever has
// none. "r-" is a rock and an absent second seat.
func round(t *testing.T, step games.Step[rps.State], throws string) games.Step[rps.State] {
	t.Helper()
	if step.Result != nil {
		t.Fatalf("over before %s", throws)
	}
	if !slices.Equal(step.Await, []int{0, 1}) {
		t.Fatalf("before %s the round awaits %v", throws, step.Await)
	}
	var absent []int
	for seat, what := range throws {
		if what == '-' {
			absent = append(absent, seat)
			continue
		}
		step = throw(t, step.State, seat, words[what])
	}
	if len(absent) == 0 {
		return step
	}
	step, err := rps.Rules{}.Timeout(step.State, absent, games.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return step
}

// rounds are several of them: "rs pp -r".
func rounds(t *testing.T, step games.Step[rps.State], throws string) games.Step[rps.State] {
	t.Helper()
	for _, both := range strings.Fields(throws) {
		step = round(t, step, both)
	}
	return step
}

// standing is how a game ended: "best-of 1(2) 2(0)" is first place with two rounds won, second place with none.
func standing(result *games.Result) string {
	if result == nil {
		return ""
	}
	text := result.Reason
	for _, p := range result.Placings {
		text += fmt.Sprintf(" %d(%d)", p.Place, p.Score)
	}
	return text
}

// What either throws or does not throw, who wins the round, and what is told of it.
func TestARound(t *testing.T) {
	for throws, data := range map[string]string{
		"rr": `{"round":1,"throws":["rock","rock"]}`,
		"pp": `{"round":1,"throws":["paper","paper"]}`,
		"ss": `{"round":1,"throws":["scissors","scissors"]}`,
		"rs": `{"round":1,"throws":["rock","scissors"],"winner":0}`,
		"sp": `{"round":1,"throws":["scissors","paper"],"winner":0}`,
		"pr": `{"round":1,"throws":["paper","rock"],"winner":0}`,
		"sr": `{"round":1,"throws":["scissors","rock"],"winner":1}`,
		"ps": `{"round":1,"throws":["paper","scissors"],"winner":1}`,
		"rp": `{"round":1,"throws":["rock","paper"],"winner":1}`,
		"r-": `{"round":1,"throws":["rock",""],"winner":0,"reason":"no_throw"}`,
		"-p": `{"round":1,"throws":["","paper"],"winner":1,"reason":"no_throw"}`,
		"--": `{"round":1,"throws":["",""],"reason":"no_throw"}`,
	} {
		t.Run(throws, func(t *testing.T) {
			step := round(t, start(t, 3), throws)
			if len(step.Events) != 1 || step.Events[0].Kind != "round_ended" || step.Events[0].To != nil {
				t.Fatalf("events %+v", step.Events)
			}
			if told, err := json.Marshal(step.Events[0].Data); err != nil || string(told) != data {
				t.Errorf("told %s, %v; want %s", told, err, data)
			}
			score := [2]int{strings.Count(data, `"winner":0`), strings.Count(data, `"winner":1`)}
			want := fmt.Sprintf(`{"best_of":3,"score":[%d,%d],"rounds":[%s]}`, score[0], score[1], data)
			for seat := games.Spectator; seat < 2; seat++ {
				if seen, err := json.Marshal(rps.Rules{}.View(step.State, seat)); err != nil || string(seen) != want {
					t.Errorf("seat %d sees %s, %v; want %s", seat, seen, err, want)
				}
			}
			if step.Result != nil || !slices.Equal(step.Await, []int{0, 1}) || step.State.Thrown != [2]string{} {
				t.Errorf("the next round begins with %+v", step)
			}
		})
	}
}

func TestHowAGameEnds(t *testing.T) {
	for name, c := range map[string]struct {
		bestOf int
		throws string
		want   string // empty: it goes on
	}{
		"best of one":                     {1, "rs", "best-of 1(1) 2(0)"},
		"best of one, after ties":         {1, "rr pp ss sr", "best-of 2(0) 1(1)"},
		"one of three is not enough":      {3, "rs", ""},
		"two of three":                    {3, "rs pr", "best-of 1(2) 2(0)"},
		"two of three, by the second":     {3, "rs sr pp rp", "best-of 2(1) 1(2)"},
		"one all":                         {3, "rs sr", ""},
		"seven of fifteen":                {15, strings.Repeat("rs sr ", 7), ""},
		"eight of fifteen":                {15, strings.Repeat("rs sr ", 7) + "rp", "best-of 2(7) 1(8)"},
		"an absent seat loses the round":  {3, "-r", ""},
		"an absent seat loses the game":   {3, "-r -r", "best-of 2(0) 1(2)"},
		"once nobody has thrown":          {3, "rs --", ""},
		"twice, and not in a row":         {3, "rs -- rr --", ""},
		"twice in a row":                  {3, "rs -- --", "nobody-threw 1(1) 2(0)"},
		"twice in a row, from the start":  {15, "-- --", "nobody-threw 1(0) 1(0)"},
		"nobody has thrown, all are even": {5, "rs sr -- --", "nobody-threw 1(1) 1(1)"},
		"49 rounds":                       {15, strings.Repeat("rr ", 49), ""},
		"nothing but ties":                {15, strings.Repeat("rr ", 50), "rounds-out 1(0) 1(0)"},
		"ahead when the rounds are out":   {3, "rp " + strings.Repeat("ss ", 49), "rounds-out 2(0) 1(1)"},
		"won in the last round":           {1, strings.Repeat("pp ", 49) + "sp", "best-of 1(1) 2(0)"},
	} {
		t.Run(name, func(t *testing.T) {
			step := rounds(t, start(t, c.bestOf), c.throws)
			if got := standing(step.Result); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if (len(step.Await) == 0) != (c.want != "") || len(step.Events) != 1 {
				t.Errorf("the last step awaits %v and tells %+v", step.Await, step.Events)
			}
		})
	}
}

// The first throw of a round is in the state before the second is. Nobody sees it there, whoever threw first.
func TestAThrowIsHiddenUntilBothHaveThrown(t *testing.T) {
	game := games.Define(rps.Rules{})
	before := round(t, start(t, 5), "rs").State
	for first := range 2 {
		for seat := games.Spectator; seat < 2; seat++ {
			seen := map[string]bool{see(t, game, before, seat): true}
			for _, what := range []string{"rock", "paper", "scissors"} {
				step := throw(t, before, first, what)
				if step.Result != nil || len(step.Events) != 0 || !slices.Equal(step.Await, []int{1 - first}) {
					t.Errorf("after one throw: %+v", step)
				}
				seen[see(t, game, step.State, seat)] = true
			}
			if len(seen) != 1 {
				t.Errorf("seat %d throws, and seat %d can tell: %v", first, seat, seen)
			}
		}
	}
}

// see is all that a seat is shown: the view and the moves.
func see(t *testing.T, game games.Game, state rps.State, seat int) string {
	t.Helper()
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	view, err := game.View(raw, seat)
	if err != nil {
		t.Fatal(err)
	}
	moves, err := game.LegalMoves(raw, seat)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s", view, moves)
}

func TestTheOrderOfTheThrowsDoesNotMatter(t *testing.T) {
	for _, a := range []string{"rock", "paper", "scissors"} {
		for _, b := range []string{"rock", "paper", "scissors"} {
			s := start(t, 1).State
			one := throw(t, throw(t, s, 0, a).State, 1, b)
			other := throw(t, throw(t, s, 1, b).State, 0, a)
			if x, y := dump(t, one), dump(t, other); x != y {
				t.Errorf("%s and %s: %s, and the other way round %s", a, b, x, y)
			}
		}
	}
}

// Whoever thinks ahead plays several rounds from one position.
func TestARoundLeavesThoseBeforeItAlone(t *testing.T) {
	before := rounds(t, start(t, 15), "rr pp ss")
	before.State.Rounds = slices.Grow(before.State.Rounds, 5)
	one, other := round(t, before, "rs"), round(t, before, "sr")
	if a, b := one.State.Rounds, other.State.Rounds; len(before.State.Rounds) != 3 || *a[3].Winner != 0 || *b[3].Winner != 1 {
		t.Errorf("%+v and %+v", a, b)
	}
}

func dump(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestConfigs(t *testing.T) {
	game := games.Define(rps.Rules{})
	for typed, want := range map[string]string{
		``: `{"best_of":3}`, `{}`: `{"best_of":3}`, `{"best_of":null}`: `{"best_of":3}`, `{"best_of":3}`: `{"best_of":3}`,
		`{"best_of":1}`: `{"best_of":1}`, `{"best_of":7}`: `{"best_of":7}`, `{"best_of":15}`: `{"best_of":15}`,
		`{"best_of":0}`: "", `{"best_of":2}`: "", `{"best_of":14}`: "", `{"best_of":17}`: "", `{"best_of":-1}`: "", `{"best_of":1.5}`: "", `{"best_of":"3"}`: "",
	} {
		got, err := game.ParseConfig(json.RawMessage(typed))
		if want != "" {
			if err != nil || string(got) != want {
				t.Errorf("%q becomes %s, %v; want %s", typed, got, err, want)
			}
			continue
		}
		var invalid *games.Invalid
		if !errors.As(err, &invalid) || invalid.Issues[0].Location != "best_of" {
			t.Errorf("%q becomes %s, %v; want an issue at best_of", typed, got, err)
		}
	}
}

func TestOnlyThreeThrowsAreRead(t *testing.T) {
	game := games.Define(rps.Rules{})
	for _, typed := range []string{`{}`, `{"throw":""}`, `{"throw":"Rock"}`, `{"throw":"well"}`, `{"throw":1}`, `{"throw":"rock","seat":1}`} {
		if got, err := game.ParseMove(json.RawMessage(typed)); err == nil {
			t.Errorf("%s becomes %s", typed, got)
		}
	}
}
