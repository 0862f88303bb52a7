package gamestest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/tictactoe"
)

// A law that no game can break says nothing. Each of these games breaks one, and is a good game otherwise: some stand
// around tic-tac-toe and change what its erased rules answer, the others are [bidding] with one part changed.

type honest struct{ games.Game }

type forgetful struct { // it remembers calls
	games.Game
	calls int
}

func (g *forgetful) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	g.calls++
	s.Events = append(s.Events, games.Event{Kind: "marked", Data: map[string]int{"call": g.calls}})
	return s, err
}

type endless struct{ games.Game }

func (g endless) Apply(state raw, seat int, _ raw, _ games.Env) (step, error) {
	return step{State: state, Await: []int{1 - seat}}, nil
}

type generous struct{ games.Game } // lists what it refuses

func (g generous) LegalMoves(raw, int) ([]raw, error) {
	return []raw{raw(`{"cell":0}`), raw(`{"cell":4}`), raw(`{"cell":8}`)}, nil
}

type foreign struct{ games.Game } // lists what it cannot read

func (g foreign) LegalMoves(raw, int) ([]raw, error) { return []raw{raw(`{"cell": 0}`)}, nil }

type stingy struct{ games.Game }

func (g stingy) LegalMoves(raw, int) ([]raw, error) { return []raw{}, nil }

type panicking struct{ games.Game }

func (g panicking) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	if string(move) == `{"cell":8}` {
		panic("cell 8")
	}
	return g.Game.Apply(state, seat, move, env)
}

type flickering struct {
	games.Game
	looks int
}

func (g *flickering) View(raw, int) (raw, error) {
	g.looks++
	return fmt.Append(nil, g.looks), nil
}

type literal struct{ games.Game } // looks at the spelling of its state

func (g literal) View(state raw, _ int) (raw, error) { return fmt.Append(nil, len(state)), nil }

type garbled struct{ games.Game }

func (g garbled) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	s.State = raw(`{"board":`)
	return s, err
}

type inviting struct{ games.Game } // has no rule for those who come

func (inviting) JoinsLate() bool { return true }

type strange struct { // any step that is not whole
	games.Game
	change func(*step)
}

func (g strange) Apply(state raw, seat int, move raw, env games.Env) (step, error) {
	s, err := g.Game.Apply(state, seat, move, env)
	g.change(&s)
	return s, err
}

// unlisted games have bots, and no list of moves.
type unlisted struct{ games.Game }

func (unlisted) LegalMoves(raw, int) ([]raw, error) { return nil, nil }

// unplayable games have neither.
type unplayable struct{ unlisted }

func (unplayable) HasBots() bool { return false }

func (unplayable) Apply(raw, int, raw, games.Env) (step, error) { panic("nobody may play") }

// unimagined games hide things, and do not say how to make them up.
type unimagined struct{ games.Game }

func (unimagined) Imagine(raw, int, games.Env) (raw, bool, error) { return nil, false, nil }

func atOnce(i *games.Info) { i.AtOnce = true }

func placed(ps ...games.Placing) *games.Result { return &games.Result{Reason: "x", Placings: ps} }

// unlikeTheirs are the first card and those that a neighbour does not hold.
func unlikeTheirs(s hands, seat int, cards []card) []card {
	theirs := s.Places[1-min(seat, 1)].Hand
	first := cards[0]
	return slices.DeleteFunc(cards, func(c card) bool { return c != first && slices.Contains(theirs, c.Card) })
}

// blankCard makes up a card for a neighbour that is not in the game.
func blankCard(s *hands, seat int) {
	if p := s.Places[1-min(seat, 1)]; len(p.Hand) > 0 {
		p.Hand[0] = 0
	}
}

func (s hands) hasBlank() bool {
	return slices.ContainsFunc(s.Places, func(p place) bool { return slices.Contains(p.Hand, 0) })
}

func tell(e games.Event) func(*outcome, int, card) {
	return func(s *outcome, _ int, _ card) { s.Events = append(s.Events, e) }
}

func TestLawsCatchABrokenGame(t *testing.T) {
	good := games.Define(tictactoe.Rules{})
	seat9, fault := 9, errors.New("nobody thought of this")
	calls := 0 // of the games that remember them
	broken := func(g bidding) games.Game { return games.Define(g) }
	for name, c := range map[string]struct {
		game games.Game
		says string
	}{
		// determinism
		"not the same": {&forgetful{Game: good}, "not deterministic"},
		"another imagination each time": {broken(bidding{dreamt: func(s *hands, _ int) {
			calls++
			s.Places[0].Role = fmt.Sprint(calls)
		}}), "not deterministic"},
		"a bot with a will of its own": {broken(bidding{bot: func(v sight, _ int, _ games.Env) card {
			calls++
			return card{v.Hand[calls%len(v.Hand)]}
		}}), "not deterministic"},

		"a list in another order each time": {broken(bidding{legal: func(_ hands, _ int, cards []card) []card {
			calls++
			return append(cards[calls%len(cards):], cards[:calls%len(cards)]...)
		}}), "legal moves of seat"},

		// purity
		"writes to the state it moves on": {broken(bidding{refusal: func(s hands, _ int, _ card) error { s.Places[0].Points++; return nil }}), "not pure"},
		"writes to the state it shows":    {broken(bidding{seen: func(s hands, _ int, _ *sight) { s.Places[0].Points++ }}), "not pure"},
		"writes to the state it lists of": {broken(bidding{legal: func(s hands, _ int, cards []card) []card { s.Places[0].Points++; return cards }}), "not pure"},
		"shows null for a list":           {broken(bidding{seen: func(_ hands, _ int, v *sight) { v.Others = nil }}), "does not fit the schema"},
		"changes the roles":               {broken(bidding{setup: func(s games.Setup[bids]) { s.Roles[0] = "thief" }}), "not pure"},
		"changes the absent":              {broken(bidding{timedOut: func(_ *outcome, absent []int) error { absent[0]++; return nil }}), "not pure"},

		// round trip
		"garbled":  {garbled{good}, "not JSON"},
		"spelling": {literal{good}, "and then"},
		"a config that grows": {broken(bidding{conf: func(c bids) (bids, error) {
			c.Rounds = min(c.Rounds+1, 5)
			return c, nil
		}}), "which is read as"},
		"a config that it refuses": {broken(bidding{conf: func(c bids) (bids, error) {
			return c, games.Refuse("no-rounds", "Say how many rounds.")
		}}), "no-rounds"},

		// whole steps
		"seat 2 of 2":       {strange{good, func(s *step) { s.Await = []int{2} }}, "awaits seats"},
		"a seat twice":      {strange{good, func(s *step) { s.Await = []int{0, 0} }}, "awaits seats"},
		"nobody, never":     {strange{good, func(s *step) { s.Await = nil; s.Result = nil }}, "awaits nobody"},
		"nobody, later":     {strange{good, func(s *step) { s.Await, s.Result, s.Within = nil, nil, time.Second }}, "no step of its own"},
		"less than no time": {strange{good, func(s *step) { s.Within = -time.Second }}, "no time"},
		"not quite over":    {strange{good, func(s *step) { s.Result, s.Await = games.Draw("x", 2), []int{0} }}, "that is over"},
		"half a result":     {strange{good, func(s *step) { s.Result, s.Await = games.Winner("x", 1, 0), nil }}, "without all seats"},
		"a result too many": {strange{good, func(s *step) { s.Result, s.Await = games.Draw("x", 3), nil }}, "wrongly"},
		"place 0": {strange{good, func(s *step) {
			s.Result, s.Await = placed(games.Placing{Seat: 0}, games.Placing{Seat: 1, Place: 1}), nil
		}}, "wrongly"},
		"place 4 of 2": {strange{good, func(s *step) {
			s.Result, s.Await = placed(games.Placing{Seat: 0, Place: 4}, games.Placing{Seat: 1, Place: 1}), nil
		}}, "wrongly"},
		"a seat placed twice": {strange{good, func(s *step) {
			s.Result, s.Await = placed(games.Placing{Seat: 1, Place: 2}, games.Placing{Seat: 1, Place: 1}), nil
		}}, "wrongly"},
		"without reason": {strange{good, func(s *step) { s.Result, s.Await = games.Draw("", 2), nil }}, "without a reason"},
		"those who came late are not placed": {broken(bidding{stepped: func(s *outcome) error {
			if s.Result != nil {
				s.Result.Placings = s.Result.Placings[:2]
			}
			return nil
		}, info: func(i *games.Info) { i.MinSeats, i.MaxSeats = 2, 9 }}), "without all seats"},
		"awaits who has left": {broken(bidding{gone: func(s *outcome, seat int) error {
			s.Await = append(s.Await, seat)
			return nil
		}}), "has left"},
		"a second move in a turn": {broken(bidding{info: atOnce, joined: func(s *outcome, seat int) error {
			if !slices.Contains(s.Await, seat) && len(s.Await) > 0 {
				s.State.Places[seat].Bid, s.State.Places[seat].Hand = 0, []int{1, 2, 3, 4, 5}
				s.Await = append(s.Await, seat)
			}
			return nil
		}}), "in which it has moved"},

		// own words
		"a word of the server":  {broken(bidding{applied: tell(games.Event{Kind: "move"})}), `kind "move"`},
		"shouting":              {broken(bidding{applied: tell(games.Event{Kind: "Bid-Made"})}), "not a game's"},
		"no word":               {broken(bidding{applied: tell(games.Event{})}), "not a game's"},
		"an event's bare data":  {broken(bidding{applied: tell(games.Event{Kind: "bid", Data: 7})}), "no JSON object"},
		"an event that is none": {broken(bidding{applied: tell(games.Event{Kind: "bid", Data: make(chan int)})}), "no JSON object"},
		"told to nobody's seat": {broken(bidding{applied: tell(games.Event{Kind: "bid", To: []int{9}})}), "not there"},
		"told of nobody's seat": {broken(bidding{applied: tell(games.Event{Kind: "bid", Seat: &seat9})}), "not there"},

		// size
		"a large state": {broken(bidding{stepped: func(s *outcome) error { s.State.Note = strings.Repeat("x", maxState); return nil }}), "a state of"},
		"a large view":  {broken(bidding{seen: func(_ hands, _ int, v *sight) { v.Note = strings.Repeat("x", maxView) }}), "a view of"},
		"large events": {broken(bidding{applied: tell(games.Event{Kind: "bid", Data: map[string]string{"x": strings.Repeat("x", maxEvents)}})}),
			"events of"},

		// stable views
		"flickers": {&flickering{Game: good}, "and then"},

		// legal ⇔ accepted
		"refuses":         {generous{good}, "cell-taken"},
		"cannot read":     {foreign{good}, "is read as"},
		"nothing to play": {stingy{good}, "has no legal move"},
		"accepts what it does not list": {broken(bidding{legal: func(_ hands, seat int, cards []card) []card {
			return cards[:1]
		}}), "not among its legal moves"},
		"refuses what others of the turn have played": {broken(bidding{refusal: func(s hands, seat int, move card) error {
			if !slices.Contains(s.Places[seat].Hand, move.Card) || slices.ContainsFunc(s.Places, func(p place) bool { return p.Bid == move.Card }) {
				return games.Refuse("taken", "Somebody has bid that.")
			}
			return nil
		}}), "all moves of the turn: the move"},
		"refuses a kept move when another has left": {broken(bidding{refusal: func(s hands, seat int, move card) error {
			if !slices.Contains(s.Places[seat].Hand, move.Card) || slices.ContainsFunc(s.Places, func(p place) bool { return p.Left && p.Bid == 0 }) &&
				move.Card > 5 {
				return games.Refuse("poor", "They took the money along.")
			}
			return nil
		}, legal: func(s hands, _ int, cards []card) []card {
			if slices.ContainsFunc(s.Places, func(p place) bool { return p.Left && p.Bid == 0 }) {
				return []card{{1}}
			}
			return cards
		}}), "poor"},

		// an answer to every move
		"panics": {panicking{good}, "panic: cell 8"},
		"a fault for an answer": {broken(bidding{refusal: func(s hands, seat int, move card) error {
			if !slices.Contains(s.Places[seat].Hand, move.Card) {
				return fault
			}
			return nil
		}}), "a fault, not a refusal"},
		"out of bounds": {broken(bidding{refusal: func(s hands, seat int, move card) error {
			if known := make([]bool, most+1); !slices.Contains(s.Places[seat].Hand, move.Card) || known[move.Card] {
				return games.Refuse(fmt.Sprint("no-", known[move.Card]), "You do not hold that card.")
			}
			return nil
		}}), "out of range"},

		// the clock
		"no way on when time runs out": {broken(bidding{timedOut: func(s *outcome, _ []int) error { return fault }}), "time running out"},
		"no way on when few are late": {broken(bidding{timedOut: func(s *outcome, absent []int) error {
			if slices.ContainsFunc(s.State.Places, func(p place) bool { return p.Bid > 0 }) {
				return fault
			}
			return nil
		}}), "time running out"},
		"awaits nobody when time runs out": {broken(bidding{timedOut: func(s *outcome, _ []int) error {
			s.Await, s.Within = nil, 0
			return nil
		}}), "time running out"},
		"no way on without somebody":    {broken(bidding{gone: func(s *outcome, _ int) error { return fault }}), "leaving"},
		"no way on after a pause":       {broken(bidding{stepped: func(s *outcome) error { return fault }}), "the server's step"},
		"no rule for who comes late":    {inviting{good}, "has no rule for it"},
		"no way on with who comes late": {broken(bidding{joined: func(*outcome, int) error { return fault }}), "joining: nobody thought"},
		"awaits whom it does not know":  {broken(bidding{joined: func(s *outcome, seat int) error { s.Await = append(s.Await, 4); return nil }}), "joining: awaits"},

		// no leaks
		"shows a hand": {broken(bidding{seen: func(s hands, _ int, v *sight) { v.Note = fmt.Sprint(s.Places[0].Hand) }}), "a leak: it sees"},
		"shows a bid that is kept": {broken(bidding{seen: func(s hands, _ int, v *sight) {
			v.Note = fmt.Sprint(s.Places[1].Bid)
		}, info: atOnce}), "a leak: it sees"},
		"lists by what others hold": {broken(bidding{legal: unlikeTheirs, refusal: func(s hands, seat int, move card) error {
			if !slices.Contains(unlikeTheirs(s, seat, bidding{}.LegalMoves(s, seat)), move) {
				return games.Refuse("not-now", "You cannot bid that.")
			}
			return nil
		}}), "a leak: its legal moves are"},
		"refuses in telling words": {broken(bidding{refusal: func(s hands, seat int, move card) error {
			if !slices.Contains(s.Places[seat].Hand, move.Card) {
				return games.Refuse("not-in-hand", fmt.Sprintf("Take one of %v.", s.Places[1].Hand))
			}
			return nil
		}}), "is answered with"},
		"imagines what cannot be played": {broken(bidding{dreamt: blankCard, refusal: func(s hands, seat int, move card) error {
			if s.hasBlank() {
				return fault
			}
			return bidding{}.refuse(s, seat, move)
		}}), "imagines"},
		"imagines what ends in a fault": {broken(bidding{dreamt: blankCard, timedOut: func(s *outcome, _ []int) error {
			if s.State.hasBlank() {
				return fault
			}
			return nil
		}}), "there: nobody thought of this"},
		"tells all what one may know": {unimagined{broken(bidding{info: atOnce, applied: func(s *outcome, _ int, move card) {
			s.Events = append(s.Events, games.Event{Kind: "bid_shown", Data: move})
		}})}, "which is hidden: a leak"},
		"tells a stranger of a hidden move": {unimagined{broken(bidding{info: atOnce, applied: func(s *outcome, seat int, move card) {
			s.Events = append(s.Events, games.Event{Kind: "bid_shown", Data: move, To: []int{1 - min(1, seat)}})
		}})}, "which is hidden: a leak"},
		"tells strangers what is known at the table": {unimagined{broken(bidding{info: atOnce, seen: func(s hands, seat int, v *sight) {
			if seat != games.Spectator {
				v.Note = fmt.Sprint(s.Places)
			}
		}, applied: func(s *outcome, _ int, move card) {
			s.Events = append(s.Events, games.Event{Kind: "bid_shown", Data: move})
		}})}, "seat -1 sees the same"},
		"tells what was drawn": {broken(bidding{timedOut: func(s *outcome, absent []int) error {
			s.Events = append(s.Events, games.Event{Kind: "hand_shown", Data: s.State.Places[absent[0]]})
			return nil
		}}), "time running out: a leak"},
		"tells of a step what nobody sees": {broken(bidding{stepped: func(s *outcome) error {
			s.State.Note = "" // where the bids were to be seen
			return nil
		}}), "the server's step: a leak"},

		// honest bots
		"a bot that cheats":           {broken(bidding{bot: func(v sight, _ int, _ games.Env) card { return card{most + 1} }}), "bot in seat"},
		"a bot that nobody can read":  {unlisted{mumbling{broken(bidding{})}}, "is read as"},
		"a bot that does not know":    {unlisted{clueless{broken(bidding{})}}, "bot in seat"},
		"a bot that cheats, unlisted": {unlisted{broken(bidding{bot: func(v sight, _ int, _ games.Env) card { return card{0} }})}, "not-in-hand"},

		// an end
		"endless": {endless{good}, "no end"},
		"endless while nobody leaves": {broken(bidding{stepped: func(s *outcome) error {
			if slices.ContainsFunc(s.State.Places, func(p place) bool { return !p.here() }) {
				s.Await, s.Result = nil, s.State.result("somebody-left")
				return nil
			}
			s.Result, s.Await, s.State.Round = nil, []int{0, 1}, 0
			for i := range s.State.Places {
				s.State.Places[i].Hand = []int{1}
			}
			return nil
		}, info: func(i *games.Info) { i.MaxSeats = 2 }}), "no end"},
	} {
		t.Run(name, func(t *testing.T) {
			err := playSome(c.game, `{}`, 300)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("the laws say %v, want %q", err, c.says)
			}
		})
	}
}

// Time can run out, and people can leave, at positions of games in which they do not.
func TestLawsTryWhatDoesNotHappen(t *testing.T) {
	fault := errors.New("nobody thought of this")
	for says, game := range map[string]bidding{
		"time running out": {timedOut: func(*outcome, []int) error { return fault }},
		"leaving":          {gone: func(*outcome, int) error { return fault }},
	} {
		var err error
		for seed := uint64(0); seed < 20 && err == nil; seed++ {
			at := newTable(games.Define(game), `{"rounds":5}`, seed, dice{rand.New(rand.NewPCG(seed, 0))})
			at.calm = true
			err = at.play()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the laws say %v, want %q", err, says)
		}
	}
}

// playSome stops at the first game that breaks a law.
func playSome(game games.Game, config string, plays uint64) error {
	for seed := range plays {
		if err := play(game, config, seed); err != nil {
			return err
		}
	}
	return nil
}

type mumbling struct{ games.Game }

func (mumbling) BotMove(raw, []int, int, games.Level, games.Env) (raw, error) {
	return raw(`{"card": 1}`), nil
}

type clueless struct{ games.Game }

func (clueless) BotMove(raw, []int, int, games.Level, games.Env) (raw, error) {
	return nil, errors.New("what now")
}

func TestLawsLetAnHonestGamePass(t *testing.T) {
	for name, c := range map[string]struct {
		game   games.Game
		config string
		plays  uint64
	}{
		"tic-tac-toe":      {games.Define(tictactoe.Rules{}), `{}`, 100},
		"wrapped":          {honest{games.Define(tictactoe.Rules{})}, `{}`, 100},
		"moves kept":       {games.Define(bidding{}), `{}`, 100},
		"another config":   {games.Define(bidding{}), `{"rounds":5}`, 40},
		"moves at once":    {games.Define(bidding{info: atOnce}), `{}`, 100},
		"open roles":       {games.Define(bidding{info: func(i *games.Info) { i.RolesOpen = true }}), `{}`, 100},
		"many seats":       {games.Define(bidding{info: func(i *games.Info) { i.AtOnce, i.MinSeats, i.MaxSeats = true, 40, 100 }}), `{}`, 4},
		"moves not listed": {unlisted{games.Define(bidding{})}, `{}`, 100},
		"nobody comes late": {games.Define(bidding{joined: func(*outcome, int) error {
			return games.Refuse("too-late", "Come to the next game.")
		}}), `{}`, 100},
		"nothing made up": {unimagined{games.Define(bidding{})}, `{}`, 100},
	} {
		t.Run(name, func(t *testing.T) {
			if err := playSome(c.game, c.config, c.plays); err != nil {
				t.Error(err)
			}
		})
	}
}

// A game of which nobody knows a move can be started and looked at, and no more.
func TestLawsLeaveAnUnplayableGameAlone(t *testing.T) {
	if err := playSome(unplayable{unlisted{games.Define(tictactoe.Rules{})}}, `{}`, 100); err != nil {
		t.Error(err)
	}
}

// What the laws are held against is all that can happen in a session.
func TestRandomGamesGoAsSessionsDo(t *testing.T) {
	stories := ""
	for seed := range uint64(200) {
		at := newTable(games.Define(bidding{}), `{"rounds":5}`, seed, dice{rand.New(rand.NewPCG(seed, 0))})
		if err := at.play(); err != nil {
			t.Fatal(err)
		}
		stories += strings.Join(at.story, "\n") + "\n\n"
	}
	for what, pattern := range map[string]string{
		"a start with two seats":               `a start with 2 seats and roles \["buyer" "seller"\]`,
		"more seats than roles":                `a start with 4 seats and roles .*""`,
		"roles asked for":                      `a start with 2 seats and roles \["seller" "buyer"\]`,
		"moves in any order":                   `seat 1 plays .* kept\nseat 0 plays .* kept\nall moves`,
		"time running out for one":             `time running out for seats \[\d\]`,
		"time running out for several":         `time running out for seats \[\d \d`,
		"time running out beside kept moves":   `kept\ntime running out`,
		"leaving while moves are kept":         `kept\nseat \d leaving\nseat \d plays .* kept`,
		"leaving as the last awaited":          `kept\nseat \d leaving\nthe server's step`,
		"leaving in a pause":                   `all moves of the turn\nseat \d leaving\nthe server's step`,
		"joining late":                         `kept\nseat [23] joining`,
		"joining in a pause":                   `all moves of the turn\nseat \d joining`,
		"coming back after a round was missed": `seats \[.*\b1\b.*\]\n(.+\n)*seat 1 joining\n(.+\n)*seat 1 plays`,
	} {
		if !regexp.MustCompile(pattern).MatchString(stories) {
			t.Errorf("%s never happens in\n%.3000s", what, stories)
		}
	}
}

func TestAFailureTellsHowItCame(t *testing.T) {
	game := games.Define(bidding{stepped: func(*outcome) error { return errors.New("nobody thought of this") }})
	err := playSome(game, `{"rounds":3}`, 10)
	for _, part := range []string{"bidding", `{"rounds":3}`, "seed 0", "a start with", "plays {", "all moves of the turn", "nobody thought of this"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}
