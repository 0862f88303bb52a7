package games_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"yourturn/games"
)

// toy is rules made of as much as a test needs. Moves are numbers, and the state is who picked which so far.
type toy struct {
	seats  int
	both   bool // seats 0 and 1 are awaited together at the beginning
	atOnce bool
	moves  int                                                         // each seat may pick 0 to moves-1; legal says otherwise
	legal  func(s picked, seat int) []int                              // nil: always all
	sees   func(s picked, seat int) []int                              // nil: every pick
	step   func(s picked, seat int, dice *rand.Rand) (toyStep, error)  // after a pick
	after  func(s picked, dice *rand.Rand) toyStep                     // after a pause
	deal   func(seen []int, dice *rand.Rand) (picks []int, secret int) // nil: what is seen is all
	calls  *int                                                        // of the rules
}

type (
	picked struct {
		Picks  []int `json:"picks"`
		By     []int `json:"by"`
		Secret int   `json:"secret"`
	}
	pick struct {
		Pick int `json:"pick"`
	}
	seen struct {
		Picks []int `json:"picks"`
	}
	toyStep = games.Step[picked]
)

func (g toy) called() {
	if g.calls != nil {
		*g.calls++
	}
}

func (g toy) Describe() games.Info {
	return games.Info{
		Name: "toy", Title: "Toy", TypeName: "Toy", Version: 1, MinSeats: 1, MaxSeats: g.seats, TurnSeconds: 60, AtOnce: g.atOnce,
	}
}

func (toy) Start(games.Setup[nothing]) (toyStep, error) { return toyStep{Await: []int{0}}, nil }

func (g toy) Apply(s picked, seat int, move pick, env games.Env) (toyStep, error) {
	g.called()
	s.Picks, s.By = append(slices.Clip(s.Picks), move.Pick), append(slices.Clip(s.By), seat)
	return g.step(s, seat, env.Rand)
}

func (g toy) first() []int {
	if g.both {
		return []int{0, 1}
	}
	return nil
}

func (g toy) Next(s picked, env games.Env) (toyStep, error) {
	g.called()
	return g.after(s, env.Rand), nil
}

func (g toy) View(s picked, seat int) seen {
	g.called()
	if g.sees == nil {
		return seen{s.Picks}
	}
	return seen{g.sees(s, seat)}
}

func (g toy) LegalMoves(s picked, seat int) (moves []pick) {
	g.called()
	if g.legal != nil {
		for _, n := range g.legal(s, seat) {
			moves = append(moves, pick{n})
		}
		return moves
	}
	for n := range g.moves {
		moves = append(moves, pick{n})
	}
	return moves
}

func (g toy) Imagine(v seen, _ int, env games.Env) picked {
	g.called()
	if g.deal == nil {
		return picked{Picks: v.Picks}
	}
	picks, secret := g.deal(v.Picks, env.Rand)
	return picked{Picks: picks, Secret: secret}
}

// without are those of some seats that have not picked.
func (s picked) without(seats ...int) []int {
	return slices.DeleteFunc(seats, func(seat int) bool { return slices.Contains(s.By, seat) })
}

// places ends a game, with a place for each seat.
func places(s picked, places ...int) (toyStep, error) {
	r := &games.Result{Reason: "over"}
	for seat, place := range places {
		r.Placings = append(r.Placings, games.Placing{Seat: seat, Place: place})
	}
	return toyStep{State: s, Result: r}, nil
}

// turnOf are the seats that choose together with a seat at the beginning.
func turnOf(g any, seat int) []int {
	if t, ok := g.(interface{ first() []int }); ok && len(t.first()) > 0 {
		return t.first()
	}
	return []int{seat}
}

// chosen is what the bot picks in a position.
func chosen(t *testing.T, g games.Rules[nothing, picked, pick, seen], s picked, seat int, level games.Level, seed uint64) int {
	t.Helper()
	state, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := games.Define(g).BotMove(state, turnOf(g, seat), seat, level, games.Env{Now: time.Unix(0, 0), Rand: rand.New(rand.NewPCG(seed, 1))})
	if err != nil {
		t.Fatal(err)
	}
	var move pick
	if err := json.Unmarshal(raw, &move); err != nil {
		t.Fatal(err)
	}
	return move.Pick
}

// always fails unless the bot picks the same in every one of some seeds.
func always(t *testing.T, g toy, s picked, seat int, level games.Level, want int) {
	t.Helper()
	for seed := range uint64(10) {
		if got := chosen(t, g, s, seat, level, seed); got != want {
			t.Errorf("seat %d at %s picks %d, want %d (seed %d)", seat, level, got, want, seed)
			return
		}
	}
}

// often counts the picks over many seeds.
func often(t *testing.T, g games.Rules[nothing, picked, pick, seen], s picked, seat int, level games.Level) map[int]int {
	t.Helper()
	counts := map[int]int{}
	for seed := range uint64(300) {
		counts[chosen(t, g, s, seat, level, seed)]++
	}
	return counts
}

func TestABotKnowsWhatAnEndIsWorth(t *testing.T) {
	for name, c := range map[string]struct{ better, worse []int }{
		"a victory and a draw":                      {[]int{1, 2}, []int{1, 1}},
		"a draw and a defeat":                       {[]int{1, 1}, []int{2, 1}},
		"to be second and to be third":              {[]int{2, 1, 3}, []int{3, 1, 2}},
		"to win alone and to share it":              {[]int{1, 2, 2}, []int{1, 1, 2}},
		"to share a victory and to be second":       {[]int{1, 1, 2}, []int{2, 1, 3}},
		"a victory of all and to be second of many": {[]int{1, 1, 1, 1}, []int{2, 1, 3, 3}},
		"a defeat of all and to be the only loser":  {[]int{2, 2}, []int{2, 1}},
		"to win and to lose for one seat alone":     {[]int{1}, []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			ends := [][]int{c.worse, c.better, c.worse}
			g := toy{seats: len(c.better), moves: len(ends), legal: onlySeat(0, len(ends))}
			g.step = func(s picked, _ int, _ *rand.Rand) (toyStep, error) { return places(s, ends[s.Picks[0]]...) }
			always(t, g, picked{}, 0, games.Normal, 1)
		})
	}
}

// onlySeat lists moves for one seat alone.
func onlySeat(mover, moves int) func(picked, int) []int {
	return func(_ picked, seat int) (all []int) {
		for n := range moves {
			if seat == mover {
				all = append(all, n)
			}
		}
		return all
	}
}

// The hidden card wins for whoever names it, and a bot that peeked would.
func TestABotDoesNotPeek(t *testing.T) {
	const cards = 4
	g := toy{seats: 2, legal: onlySeat(0, cards)}
	g.deal = func(_ []int, dice *rand.Rand) ([]int, int) { return nil, dice.IntN(cards) }
	g.step = func(s picked, _ int, _ *rand.Rand) (toyStep, error) {
		if s.Picks[0] == s.Secret {
			return places(s, 1, 2)
		}
		return places(s, 2, 1)
	}
	for _, level := range games.Levels {
		named := map[int]int{}
		for seed := range uint64(40) {
			guess := chosen(t, g, picked{Secret: 0}, 0, level, seed)
			named[guess]++
			for card := 1; card < cards; card++ {
				if got := chosen(t, g, picked{Secret: card}, 0, level, seed); got != guess {
					t.Fatalf("%s, seed %d: names %d when the card is %d, and %d when it is 0", level, seed, got, card, guess)
				}
			}
		}
		if len(named) != cards {
			t.Errorf("%s names only %v in 40 games", level, named)
		}
	}
}

// throwing is rock-paper-scissors in one round: both are awaited, and nobody sees a throw before the other is there.
// Authors may write such rules in two ways, for the order of the seats is promised to them.
func throwing(inOrder bool) toy {
	g := toy{seats: 2, moves: 3, both: true, sees: func(picked, int) []int { return nil }}
	g.step = func(s picked, seat int, _ *rand.Rand) (toyStep, error) {
		if inOrder && seat == 0 || !inOrder && len(s.Picks) == 1 {
			return toyStep{State: s}, nil
		}
		switch first, last := s.Picks[0], s.Picks[len(s.Picks)-1]; (first - last + 3) % 3 {
		case 1:
			return places(s, 1, 2)
		case 2:
			return places(s, 2, 1)
		}
		return places(s, 1, 1)
	}
	return g
}

func TestABotThrowsWhatNobodyCanGuess(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		for seat := range 2 {
			for _, level := range games.Levels {
				if level == games.Hard && inOrder {
					continue // once is enough
				}
				counts := often(t, throwing(inOrder), picked{}, seat, level)
				if counts[0] < 60 || counts[1] < 60 || counts[2] < 60 {
					t.Errorf("seat %d at %s, rules in the order of seats %v: %v", seat, level, inOrder, counts)
				}
			}
		}
	}
}

// hiding lets one seat hide in one of ten places, or give up and take a draw, and the other look in one. If the seeker saw
// where the other hides it would always win, and the draw would be best.
const (
	hidingPlaces = 10
	giveUp       = hidingPlaces
)

func hiding(hider int, together bool) toy {
	g := toy{seats: 2, both: together}
	g.legal = func(s picked, seat int) (all []int) {
		if !together && len(s.Picks) == 1 == (seat == hider) {
			return nil
		}
		n := hidingPlaces
		if seat == hider {
			n++ // to give up
		}
		for i := range n {
			all = append(all, i)
		}
		return all
	}
	g.sees = func(s picked, seat int) []int {
		if !together && seat == hider {
			return s.Picks
		}
		return make([]int, len(s.Picks)/2)
	}
	g.step = func(s picked, seat int, _ *rand.Rand) (toyStep, error) {
		if len(s.Picks) == 1 {
			return toyStep{State: s, Await: []int{1 - seat}, Hidden: !together}, nil
		}
		switch {
		case slices.Contains(s.Picks, giveUp):
			return places(s, 1, 1)
		case (s.Picks[0] == s.Picks[1]) == (hider == 0):
			return places(s, 2, 1)
		}
		return places(s, 1, 2)
	}
	return g
}

func TestABotDoesNotFearThatOthersPeek(t *testing.T) {
	for _, c := range []struct {
		hider    int
		together bool
	}{{0, true}, {1, true}, {0, false}, {1, false}} {
		for _, level := range []games.Level{games.Normal, games.Hard} {
			for seed := range uint64(5) {
				if chosen(t, hiding(c.hider, c.together), picked{}, c.hider, level, seed) == giveUp {
					t.Errorf("%+v: gives up at %s, seed %d", c, level, seed)
				}
			}
		}
	}
}

// Three seats win together when all of them pick the last move, one after the other, and otherwise lose together.
func TestABotHelpsWhereAllWinTogether(t *testing.T) {
	const moves = 4
	g := toy{seats: 3}
	g.legal = func(s picked, seat int) []int { return onlySeat(len(s.Picks), moves)(s, seat) }
	g.step = func(s picked, seat int, _ *rand.Rand) (toyStep, error) {
		switch {
		case s.Picks[seat] != moves-1 && seat == 2:
			return places(s, 2, 2, 2)
		case seat < 2:
			return toyStep{State: s, Await: []int{seat + 1}}, nil
		case slices.Equal(s.Picks, []int{moves - 1, moves - 1, moves - 1}):
			return places(s, 1, 1, 1)
		}
		return places(s, 2, 2, 2)
	}
	for seat := range 3 {
		before := picked{Picks: slices.Repeat([]int{moves - 1}, seat)}
		always(t, g, before, seat, games.Normal, moves-1)
		always(t, g, before, seat, games.Hard, moves-1)
	}
}

// Whoever picks 1 wins a coin's toss by the server, whoever picks 0 one in ten.
func TestABotLooksBeyondTheServersSteps(t *testing.T) {
	g := toy{seats: 2, legal: onlySeat(0, 2)}
	g.step = func(s picked, _ int, _ *rand.Rand) (toyStep, error) {
		return toyStep{State: s, Within: time.Second}, nil
	}
	g.after = func(s picked, dice *rand.Rand) toyStep {
		if dice.IntN(10-8*s.Picks[0]) == 0 {
			step, _ := places(s, 1, 2)
			return step
		}
		step, _ := places(s, 2, 1)
		return step
	}
	always(t, g, picked{}, 0, games.Normal, 1)
}

// Three seats are awaited at once, each takes one of three stones, and the largest wins. The rules list all stones for
// everybody, and refuse what is taken.
func TestABotMovesWhereMovesCountAtOnce(t *testing.T) {
	g := toy{seats: 3, moves: 3, atOnce: true}
	g.step = func(s picked, _ int, _ *rand.Rand) (toyStep, error) {
		if stone := len(s.Picks) - 1; slices.Contains(s.Picks[:stone], s.Picks[stone]) {
			return toyStep{}, games.Refuse("taken", "Somebody has taken that stone.")
		}
		if len(s.Picks) < 3 {
			return toyStep{State: s, Await: s.without(0, 1, 2)}, nil
		}
		order := make([]int, 3)
		for i, seat := range s.By {
			order[seat] = 3 - s.Picks[i]
		}
		return places(s, order...)
	}
	for seat := range 3 {
		always(t, g, picked{}, seat, games.Normal, 2)
	}
}

// Picking 0 lets the other choose, who wins by one of eight replies and loses by the rest. Picking 1 is a draw.
func TestABotExpectsOthersToPlayWell(t *testing.T) {
	g := toy{seats: 2}
	g.legal = func(s picked, seat int) []int { return onlySeat(len(s.Picks), 2+6*len(s.Picks))(s, seat) }
	g.step = func(s picked, seat int, _ *rand.Rand) (toyStep, error) {
		switch {
		case s.Picks[0] == 1:
			return places(s, 1, 1)
		case seat == 0:
			return toyStep{State: s, Await: []int{1}}, nil
		case s.Picks[1] == 5:
			return places(s, 2, 1)
		}
		return places(s, 1, 2)
	}
	always(t, g, picked{}, 0, games.Normal, 1)
	always(t, g, picked{}, 0, games.Hard, 1)
}

// Picking 0 leaves the other with fifty moves on its list, of which the rules take one; with that one it loses.
func TestWhatTheRulesRefuseIsNotToBeHad(t *testing.T) {
	g := toy{seats: 2}
	g.legal = func(s picked, seat int) []int { return onlySeat(len(s.Picks), 2+48*len(s.Picks))(s, seat) }
	g.step = func(s picked, seat int, _ *rand.Rand) (toyStep, error) {
		switch {
		case s.Picks[0] == 1:
			return places(s, 1, 1)
		case seat == 0:
			return toyStep{State: s, Await: []int{1}}, nil
		case s.Picks[1] != 33:
			return toyStep{}, games.Refuse("no", "Not that one.")
		}
		return places(s, 1, 2)
	}
	always(t, g, picked{}, 0, games.Easy, 0)
	always(t, g, picked{}, 0, games.Normal, 0)
}

// Picking 0 leaves it to the two others, who are awaited at once: seat 1 wins, and seat 0 with it, when they pick the same
// of six. When moves count at once the second of them sees what the first did, and that is as often seat 1 as seat 2; where
// they are kept, they seldom meet. Picking 1 is a meagre second place.
func TestWhoMovesSecondAtOnceSeesTheFirst(t *testing.T) {
	for _, atOnce := range []bool{true, false} {
		g := toy{seats: 3, atOnce: atOnce}
		g.legal = func(s picked, seat int) (all []int) {
			if len(s.Picks) == 0 {
				return onlySeat(0, 2)(s, seat)
			}
			return []int{0, 1, 2, 3, 4, 5}
		}
		g.step = func(s picked, _ int, _ *rand.Rand) (toyStep, error) {
			switch {
			case s.Picks[0] == 1:
				return places(s, 2, 1, 3)
			case len(s.Picks) < 3:
				return toyStep{State: s, Await: s.without(1, 2)}, nil
			case s.Picks[1] == s.Picks[2]:
				return places(s, 1, 1, 3)
			}
			return places(s, 3, 3, 1)
		}
		want := 1
		if atOnce {
			want = 0
		}
		always(t, g, picked{}, 0, games.Hard, want)
	}
}

// A hundred moves and five hundred turns. One move wins at once.
func marathon(calls *int) toy {
	const turns, winning = 500, 73
	g := toy{seats: 2, moves: 100, calls: calls}
	g.step = func(s picked, seat int, _ *rand.Rand) (toyStep, error) {
		if s.Picks[0] == winning {
			s.Picks = []int{len(s.Picks)}
			return places(s, 1+seat, 2-seat)
		}
		if s.Secret++; s.Secret == turns {
			return places(s, 1, 1)
		}
		s.Picks = nil
		return toyStep{State: s, Await: []int{1 - seat}}, nil
	}
	return g
}

func TestABotThinksWithinItsBudget(t *testing.T) {
	budget := map[games.Level]int{games.Easy: 1_500, games.Normal: 8_000, games.Hard: 30_000}
	for _, c := range []struct {
		name string
		game func(*int) toy
	}{
		{"long", marathon},
		{"simultaneous", func(calls *int) toy { g := throwing(false); g.calls = calls; return g }},
	} {
		least := 0
		for _, level := range games.Levels {
			calls := 0
			chosen(t, c.game(&calls), picked{}, 0, level, 1)
			if asked := 2; calls > budget[level]+asked || calls <= least { // the legal moves and the view, before it thinks
				t.Errorf("%s at %s: %d calls of the rules, the level below %d", c.name, level, calls, least)
			}
			least = calls
		}
	}
}

func TestABotFindsOneMoveInAHundred(t *testing.T) {
	always(t, marathon(nil), picked{}, 0, games.Hard, 73)
}

func TestABotDoesNotThinkAboutItsOnlyMove(t *testing.T) {
	calls := 0
	g := marathon(&calls)
	g.moves = 1
	if got := chosen(t, g, picked{}, 0, games.Hard, 1); got != 0 || calls > 2 {
		t.Errorf("picks %d after %d calls of the rules", got, calls)
	}
}

// What a search cannot play on from teaches it nothing, and it draws lots.
func TestABotMovesThoughTheRulesFail(t *testing.T) {
	g := toy{seats: 2, moves: 3}
	for name, step := range map[string]func(picked, int, *rand.Rand) (toyStep, error){
		"an error":          func(picked, int, *rand.Rand) (toyStep, error) { return toyStep{}, errors.New("broken") },
		"all refused":       func(picked, int, *rand.Rand) (toyStep, error) { return toyStep{}, games.Refuse("no", "No.") },
		"nobody is awaited": func(s picked, _ int, _ *rand.Rand) (toyStep, error) { return toyStep{State: s}, nil },
		"nowhere to go":     func(s picked, _ int, _ *rand.Rand) (toyStep, error) { return toyStep{State: s, Await: []int{1}}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			g := g
			g.step = step
			g.after = func(picked, *rand.Rand) toyStep { return toyStep{} }
			g.legal = onlySeat(0, 3)
			drawsLots(t, g)
		})
	}
}

// unimagined is a toy whose rules cannot make up a state, and hide something.
type unimagined struct {
	games.Rules[nothing, picked, pick, seen]
}

func (unimagined) LegalMoves(picked, int) []pick { return []pick{{0}, {1}, {2}} }

func TestABotMovesThoughItCannotImagine(t *testing.T) { drawsLots(t, unimagined{throwing(true)}) }

func drawsLots(t *testing.T, g games.Rules[nothing, picked, pick, seen]) {
	t.Helper()
	if counts := often(t, g, picked{}, 0, games.Easy); counts[0] < 60 || counts[1] < 60 || counts[2] < 60 {
		t.Errorf("%v", counts)
	}
}

// advised is a toy that knows better than any search.
type advised struct{ toy }

func (advised) BotMove(seen, int, games.Level, games.Env) pick { return pick{42} }

func TestTheRulesChooseIfTheyCan(t *testing.T) {
	if got := chosen(t, advised{marathon(nil)}, picked{}, 0, games.Hard, 1); got != 42 {
		t.Errorf("picks %d", got)
	}
}

func TestTheSameCallGivesTheSameMove(t *testing.T) {
	for _, g := range []toy{marathon(nil), throwing(false), hiding(0, true)} {
		for _, level := range games.Levels {
			for seed := range uint64(5) {
				first := chosen(t, g, picked{}, 0, level, seed)
				if again := chosen(t, g, picked{}, 0, level, seed); again != first {
					t.Errorf("%s, seed %d: %d and then %d", level, seed, first, again)
				}
			}
		}
	}
}

// pointed has moves that Go cannot compare by what they say. The last of three wins.
type pointed struct{ toy }

type pointedMove struct {
	Pick  *int  `json:"pick"`
	Extra []int `json:"extra"`
}

func (pointed) Apply(s picked, _ int, move pointedMove, _ games.Env) (toyStep, error) {
	return places(s, 2-*move.Pick/2, 1+*move.Pick/2)
}

func (pointed) LegalMoves(picked, int) (moves []pointedMove) {
	for n := range 3 {
		moves = append(moves, pointedMove{Pick: &n, Extra: []int{n}})
	}
	return moves
}

func TestAMoveMayHoldPointersAndLists(t *testing.T) {
	g := games.Define[nothing, picked, pointedMove, seen](pointed{toy{seats: 2}})
	for seed := range uint64(20) {
		move, err := g.BotMove(json.RawMessage(`{}`), []int{0}, 0, games.Normal, games.Env{Rand: rand.New(rand.NewPCG(seed, 1))})
		if err != nil || string(move) != `{"pick":2,"extra":[2]}` {
			t.Fatalf("seed %d: %s, %v", seed, move, err)
		}
	}
}
