package eights_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/eights"
)

// walk plays random games of all sizes, with seats that miss turns and seats that leave, and looks at every step.
func walk(t *testing.T, look func(t *testing.T, after step)) {
	t.Helper()
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 1))
		seats := 2 + int(seed%4)
		config := eights.Config{Actions: seed%8 < 4}
		after, err := rules.Start(games.Setup[eights.Config]{Env: games.Env{Rand: dice}, Config: config, Roles: make([]string, seats)})
		for steps := 0; ; steps++ {
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if look(t, after); t.Failed() {
				t.Fatalf("seed %d, after %d steps", seed, steps)
			}
			if after.Result != nil {
				break
			}
			after, err = anything(after, dice)
		}
	}
}

// anything is a random move, now and then a missed turn, and rarely a seat that leaves.
func anything(now step, dice *rand.Rand) (step, error) {
	env := games.Env{Rand: dice}
	switch dice.IntN(100) {
	case 0, 1, 2, 3, 4:
		return rules.Timeout(now.State, now.Await, env)
	case 5:
		return rules.Leave(now.State, dice.IntN(len(now.State.Seats)), env)
	}
	moves := rules.LegalMoves(now.State, now.Await[0])
	return rules.Apply(now.State, now.Await[0], moves[dice.IntN(len(moves))], env)
}

func TestEveryCardIsSomewhereOnce(t *testing.T) {
	walk(t, func(t *testing.T, after step) {
		all := slices.Concat(after.State.Deck, after.State.Pile)
		for _, seat := range after.State.Seats {
			all = append(all, seat.Hand...)
		}
		slices.Sort(all)
		if len(all) != 52 || len(slices.Compact(all)) != 52 {
			t.Errorf("%d cards: %v", len(all), all)
		}
	})
}

func TestWhoeverIsAwaitedHasSomethingToDecide(t *testing.T) {
	walk(t, func(t *testing.T, after step) {
		if after.Result != nil {
			return
		}
		moves := rules.LegalMoves(after.State, after.Await[0])
		if len(moves) == 0 || len(moves) == 1 && moves[0].Kind == "pass" {
			t.Errorf("seat %d may do %v in %+v", after.Await[0], moves, after.State)
		}
	})
}

// What is in the deck or in somebody's hand is not among the bytes that another gets. The cards that were turned up
// at the start have been seen, and when the game is over the hands are shown.
func TestNobodyIsToldOfCardsThatAreNotTheirs(t *testing.T) {
	walk(t, func(t *testing.T, after step) {
		for seat := games.Spectator; seat < len(after.State.Seats); seat++ {
			given := toldTo(t, after, seat)
			for _, card := range hiddenFrom(after.State, seat) {
				if strings.Contains(given, `"`+string(card)+`"`) {
					t.Errorf("seat %d is told of %s: %s", seat, card, given)
				}
			}
		}
	})
}

func hiddenFrom(s eights.State, seat int) []eights.Card {
	hidden := slices.Clone(s.Deck)
	if s.Over {
		return hidden
	}
	for other := range s.Seats {
		if other != seat {
			hidden = append(hidden, s.Seats[other].Hand...)
		}
	}
	return hidden
}

// toldTo is all that a seat gets of a step, as it travels.
func toldTo(t *testing.T, after step, seat int) string {
	t.Helper()
	given := []any{rules.View(after.State, seat)}
	for _, e := range after.Events {
		if e.Kind == "turned_up" || e.To != nil && !slices.Contains(e.To, seat) {
			continue
		}
		given = append(given, e.Data)
	}
	raw, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A drawn card is told to its owner, and to nobody else.
func TestADrawnCardIsToldToItsOwner(t *testing.T) {
	draws := 0
	walk(t, func(t *testing.T, after step) {
		for i, e := range after.Events {
			if e.Kind != "you_drew" {
				continue
			}
			draws++
			if !slices.Equal(e.To, []int{*e.Seat}) || after.Events[i-1].Kind != "drew" || after.Events[i-1].To != nil {
				t.Error(told(after.Events))
			}
		}
	})
	if draws == 0 {
		t.Error("nobody ever draws")
	}
}

// There are at most 37 cards in the first deck, and 51 in each of the two after it; whoever leaves adds a hand.
func TestAGameComesToAnEnd(t *testing.T) {
	steps, longest := 0, 0
	reasons := map[string]int{}
	walk(t, func(_ *testing.T, after step) {
		steps++
		if after.Result == nil {
			return
		}
		reasons[after.Result.Reason]++
		longest, steps = max(longest, steps), 0
	})
	if longest > 400 || reasons["out"] == 0 || reasons["last-one-left"] == 0 {
		t.Errorf("the longest takes %d steps; they end %v", longest, reasons)
	}
}

// Bots think on imagined tables, which must not have more cards than the true one, nor leave a seat without a move.
func TestAnImaginedTableCanBePlayedToTheEnd(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 1))
	walk(t, func(t *testing.T, after step) {
		if dice.IntN(50) > 0 {
			return
		}
		for seat := games.Spectator; seat < len(after.State.Seats); seat++ {
			imagined := step{State: rules.Imagine(rules.View(after.State, seat), seat, games.Env{Rand: dice}), Await: after.Await, Result: after.Result}
			for imagined.Result == nil {
				if len(rules.LegalMoves(imagined.State, imagined.Await[0])) == 0 {
					t.Fatalf("seat %d imagines a table where seat %d cannot move: %+v", seat, imagined.Await[0], imagined.State)
				}
				var err error
				if imagined, err = anything(imagined, dice); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestImaginingKeepsWhatIsKnown(t *testing.T) {
	drawn := with(deal("KC KS", "5D 7D", "6H 9D", "5C 6C"), func(s *eights.State) { s.Drawn = "9D" })
	stuck := with(deal("", "5D 7D", "6D 9S", "5C 6C"), func(s *eights.State) { s.Shuffles = 2 })
	for seed := range uint64(50) {
		s := rules.Imagine(rules.View(drawn, 1), 1, env(seed))
		if hand(s, 1) != "[5C 6C]" || !slices.Contains(s.Seats[0].Hand, s.Drawn) || !slices.Contains(rules.LegalMoves(s, 0), eights.Move{Kind: "pass"}) {
			t.Errorf("with a card drawn: %+v", s)
		}
		s = rules.Imagine(rules.View(drawn, 0), 0, env(seed))
		if hand(s, 0) != "[6H 9D]" || s.Drawn != "9D" {
			t.Errorf("with a card of one's own drawn: %+v", s)
		}
		s = rules.Imagine(rules.View(stuck, 1), 1, env(seed))
		if len(rules.LegalMoves(s, 0)) == 0 {
			t.Errorf("with nothing to draw: %+v", s)
		}
	}
}

// What others hold is drawn by lot: all of the unseen cards turn up there.
func TestImaginingPeeksAtNothing(t *testing.T) {
	s := deal("KC KS QC 3H", "5D 7D", "6H 9D", "5C 6C")
	held := map[eights.Card]int{}
	for seed := range uint64(2000) {
		for _, card := range rules.Imagine(rules.View(s, 0), 0, env(seed)).Seats[1].Hand {
			held[card]++
		}
	}
	for card, count := range held { // 2 of 48 unseen cards, 2000 times
		if count < 40 || count > 140 {
			t.Errorf("%s is imagined %d times in the other hand", card, count)
		}
	}
	if len(held) != 48 {
		t.Errorf("%d cards are ever imagined there", len(held))
	}
}
