package eights_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/eights"
	"yourturn/games/gamestest"
)

func TestLaws(t *testing.T) {
	gamestest.Laws(t, games.Define(eights.Rules{}), `{}`, `{"actions":true}`)
}

func FuzzLaws(f *testing.F) {
	gamestest.Fuzz(f, games.Define(eights.Rules{}), `{}`, `{"actions":true}`)
}

type step = games.Step[eights.State]

var rules eights.Rules

func env(seed uint64) games.Env { return games.Env{Rand: rand.New(rand.NewPCG(seed, 0))} }

// cards reads "7H 10S".
func cards(words string) []eights.Card {
	list := []eights.Card{}
	for _, word := range strings.Fields(words) {
		list = append(list, eights.Card(word))
	}
	return list
}

// deal is a table in the middle of a game: seat 0 is to move. Suits are in force as the top card says.
func deal(deck, pile string, hands ...string) eights.State {
	s := eights.State{Deck: cards(deck), Pile: cards(pile), Direction: 1}
	for _, hand := range hands {
		s.Seats = append(s.Seats, eights.Seat{Hand: cards(hand)})
	}
	s.Suit = map[byte]eights.Suit{'H': "hearts", 'D': "diamonds", 'C': "clubs", 'S': "spades"}[pile[len(pile)-1]]
	return s
}

// with changes a state for a test.
func with(s eights.State, change func(*eights.State)) eights.State {
	change(&s)
	return s
}

// move reads "draw", "pass", "7H" and "8H spades".
func move(words string) eights.Move {
	if words == "draw" || words == "pass" {
		return eights.Move{Kind: words}
	}
	card, suit, _ := strings.Cut(words, " ")
	return eights.Move{Kind: "play", Card: eights.Card(card), Suit: eights.Suit(suit)}
}

// play lets whoever is awaited make a move.
func play(t *testing.T, s eights.State, words string) step {
	t.Helper()
	after, err := rules.Apply(s, s.Next, move(words), env(1))
	if err != nil {
		t.Fatalf("seat %d plays %s: %v", s.Next, words, err)
	}
	return after
}

// told renders events: kind, whose, data, and for whom.
func told(events []games.Event) string {
	var lines []string
	for _, e := range events {
		line := e.Kind
		if e.Seat != nil {
			line += fmt.Sprint(" ", *e.Seat)
		}
		if e.Data != nil {
			line += fmt.Sprint(" ", e.Data)
		}
		if e.To != nil {
			line += fmt.Sprint(" to ", e.To)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, ", ")
}

func hand(s eights.State, seat int) string { return fmt.Sprint(s.Seats[seat].Hand) }

func TestTheDeal(t *testing.T) {
	for _, c := range []struct{ seats, hand int }{{2, 7}, {3, 5}, {4, 5}, {5, 5}} {
		began := make([]bool, c.seats)
		for seed := range uint64(60) {
			step, err := rules.Start(games.Setup[eights.Config]{Env: env(seed), Roles: make([]string, c.seats)})
			if err != nil {
				t.Fatal(err)
			}
			s := step.State
			for seat := range c.seats {
				if len(s.Seats[seat].Hand) != c.hand {
					t.Fatalf("%d seats: seat %d holds %v", c.seats, seat, s.Seats[seat].Hand)
				}
			}
			if len(s.Pile) != 1 || s.Pile[0][0] == '8' || len(s.Deck) != 51-c.seats*c.hand {
				t.Fatalf("%d seats: %v turned up, and %d cards in the deck", c.seats, s.Pile, len(s.Deck))
			}
			if s.Suit[0]-'a'+'A' != s.Pile[0][len(s.Pile[0])-1] {
				t.Fatalf("%s for %s", s.Suit, s.Pile[0])
			}
			began[step.Await[0]] = true
		}
		if slices.Contains(began, false) {
			t.Errorf("in 60 games of %d some seats never begin: %v", c.seats, began)
		}
	}
}

func TestATurnedUpEightGoesUnderTheDeck(t *testing.T) {
	for seed := range uint64(1000) {
		step, err := rules.Start(games.Setup[eights.Config]{Env: env(seed), Roles: make([]string, 3)})
		if err != nil {
			t.Fatal(err)
		}
		if len(step.Events) == 1 {
			continue
		}
		bottom := step.State.Deck[len(step.State.Deck)-1]
		want := fmt.Sprintf("turned_up {%s}, turned_up {%s}", bottom, step.State.Pile[0])
		if bottom[0] != '8' || told(step.Events) != want {
			t.Errorf("%s, with %s at the bottom", told(step.Events), bottom)
		}
		return
	}
	t.Error("no eight is ever turned up")
}

// A whole game of two, card by card.
func TestAGameOfTwo(t *testing.T) {
	s := deal("KC 5S 3D 6D 9H", "7D", "7H 8C QS", "4H 2C")
	for i, c := range []struct {
		move, told, hands string
		next              int
	}{
		{"7H", "", "[8C QS] [4H 2C]", 1}, // by rank
		{"4H", "", "[8C QS] [2C]", 0},    // by suit
		// A card that does not fit ends the turn.
		{"draw", "drew 0 {1}, you_drew 0 {[KC]} to [0], passed 0", "[8C KC QS] [2C]", 1},
		{"draw", "drew 1 {1}, you_drew 1 {[5S]} to [1], passed 1", "[8C KC QS] [2C 5S]", 0},
		{"8C diamonds", "", "[KC QS] [2C 5S]", 1},
		// One of the suit that was named fits: seat 1 moves again, and need not play it.
		{"draw", "drew 1 {1}, you_drew 1 {[3D]} to [1]", "[KC QS] [3D 2C 5S]", 1},
		{"pass", "", "[KC QS] [3D 2C 5S]", 0},
		{"draw", "drew 0 {1}, you_drew 0 {[6D]} to [0]", "[6D KC QS] [3D 2C 5S]", 0},
		{"6D", "", "[KC QS] [3D 2C 5S]", 1},
		{"3D", "", "[KC QS] [2C 5S]", 0},
		// The last card of the deck, and then the pile is shuffled.
		{"draw", "drew 0 {1}, you_drew 0 {[9H]} to [0], passed 0", "[9H KC QS] [2C 5S]", 1},
		{"draw", "reshuffled {5}, drew 1 {1}, you_drew 1 {[7H]} to [1], passed 1", "[9H KC QS] [7H 2C 5S]", 0},
	} {
		after := play(t, s, c.move)
		hands := hand(after.State, 0) + " " + hand(after.State, 1)
		if told(after.Events) != c.told || hands != c.hands || !slices.Equal(after.Await, []int{c.next}) {
			t.Fatalf("%d: seat %d plays %s: %q, %s, and %v is next", i, s.Next, c.move, told(after.Events), hands, after.Await)
		}
		s = after.State
	}
}

func TestTheFirstWithoutCardsWins(t *testing.T) {
	after := play(t, deal("KC", "7D", "9D", "7H 9H 6D KC", "6D"), "9D")
	if want := "&{out [{0 1 38} {1 3 0} {2 2 0}]}"; fmt.Sprint(after.Result) != want || after.Await != nil {
		t.Errorf("%v, want %s", after.Result, want)
	}
}

// When it is over everybody sees what the others were left with, and what it costs.
func TestTheEndShowsAllHands(t *testing.T) {
	after := play(t, deal("KC", "7D", "9D", "8H KC", "6D"), "9D")
	want := []eights.SeatView{{}, {Cards: 2, Hand: cards("8H KC"), Points: 60}, {Cards: 1, Hand: cards("6D"), Points: 6}}
	for seat := games.Spectator; seat < 3; seat++ {
		if v := rules.View(after.State, seat); fmt.Sprint(v.Seats) != fmt.Sprint(want) || !v.Over {
			t.Errorf("seat %d sees %+v", seat, v)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	plain := deal("KD 2C", "5D 7D", "7H 8C QS 9D", "4H")
	drawn := with(plain, func(s *eights.State) { s.Drawn = "9D" })
	named := with(deal("KD", "7D 8H", "3H 4D", "4H"), func(s *eights.State) { s.Suit = "spades" })
	eight := with(deal("", "2H 7D", "8D 3C", "4H"), func(s *eights.State) { s.Shuffles = 2 })
	empty := with(deal("", "2H 7D", "9D 3C", "4H"), func(s *eights.State) { s.Shuffles = 2 })
	for _, c := range []struct {
		state eights.State
		seat  int
		move  eights.Move
		name  string
	}{
		{plain, 1, move("draw"), "not-your-turn"},
		{plain, 0, eights.Move{Kind: "play"}, "card-missing"},
		{plain, 0, move("7S"), "not-in-hand"},
		{plain, 0, move("4H"), "not-in-hand"},
		{plain, 0, move("QS"), "no-match"},
		{plain, 0, move("8C"), "suit-missing"},
		{plain, 0, move("7H hearts"), "suit-not-asked"},
		{plain, 0, move("pass"), "card-fits"},
		{named, 0, move("pass"), "draw-first"},
		{plain, 0, move("draw"), "card-fits"},
		{plain, 0, eights.Move{Kind: "draw", Card: "7H"}, "card-not-asked"},
		{drawn, 0, eights.Move{Kind: "pass", Suit: "hearts"}, "card-not-asked"},
		{drawn, 0, move("draw"), "already-drawn"},
		{drawn, 0, move("7H"), "only-the-drawn-card"},
		{named, 0, move("3H"), "no-match"},
		{named, 0, move("4D"), "no-match"},
		{empty, 0, move("draw"), "card-fits"},
		{eight, 0, move("draw"), "nothing-to-draw"},
		{empty, 0, move("pass"), "must-play"},
	} {
		_, err := rules.Apply(c.state, c.seat, c.move, env(1))
		var refusal *games.Refusal
		if !errors.As(err, &refusal) || refusal.Name != c.name {
			t.Errorf("seat %d plays %+v: %v, want %s", c.seat, c.move, err, c.name)
		}
	}
}

func TestARefusalSaysWhatFits(t *testing.T) {
	named := with(deal("KD", "7D 8H", "3H", "4H"), func(s *eights.State) { s.Suit = "spades" })
	for want, s := range map[string]eights.State{
		"Play diamonds, rank 7 or an eight.": deal("KD", "7D", "3H", "4H"),
		"Play spades or an eight.":           named,
	} {
		if _, err := rules.Apply(s, 0, move("3H"), env(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestWhatIsLegal(t *testing.T) {
	plain := deal("KD 2C", "5D 7D", "7H 9D 8C QS", "4H")
	stuck := deal("KD 2C", "5D 7D", "8C QS", "4H")
	eight := []string{"8C hearts", "8C diamonds", "8C clubs", "8C spades"}
	for name, c := range map[string]struct {
		state eights.State
		seat  int
		want  []string
	}{
		"the cards that fit":           {plain, 0, append([]string{"7H", "9D"}, eight...)},
		"an eight, or to draw":         {stuck, 0, append([]string{"draw"}, eight...)},
		"nothing out of turn":          {plain, 1, nil},
		"the drawn card, and to pass":  {with(plain, func(s *eights.State) { s.Drawn = "9D" }), 0, []string{"pass", "9D"}},
		"a drawn eight, in four suits": {with(plain, func(s *eights.State) { s.Drawn = "8C" }), 0, append([]string{"pass"}, eight...)},
		"only to draw":                 {deal("KD", "7D", "QS", "4H"), 0, []string{"draw"}},
		"to draw from the pile":        {deal("", "2C 7D", "QS", "4H"), 0, []string{"draw"}},
		"nothing to draw but the top":  {deal("", "7D", "8C QS", "4H"), 0, eight},
		"nothing after two shuffles":   {with(deal("", "2C 7D", "9D QS", "4H"), func(s *eights.State) { s.Shuffles = 2 }), 0, []string{"9D"}},
		"the suit that was named":      {with(deal("KD", "8H", "3H 3S", "4H"), func(s *eights.State) { s.Suit = "spades" }), 0, []string{"3S"}},
	} {
		var want []eights.Move
		for _, words := range c.want {
			want = append(want, move(words))
		}
		if got := rules.LegalMoves(c.state, c.seat); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestThePileIsShuffledBackButItsTop(t *testing.T) {
	s := deal("", "2C 3C 4C 5C 7D", "9S KS", "4H")
	after := play(t, s, "draw").State
	back := append(slices.Clone(after.Deck), after.Seats[0].Hand...)
	back = slices.DeleteFunc(back, func(c eights.Card) bool { return c == "9S" || c == "KS" })
	slices.Sort(back)
	if !slices.Equal(back, cards("2C 3C 4C 5C")) || !slices.Equal(after.Pile, cards("7D")) || after.Shuffles != 1 {
		t.Errorf("%+v", after)
	}
	orders := map[string]bool{}
	for seed := range uint64(50) {
		after, err := rules.Apply(s, 0, move("draw"), env(seed))
		if err != nil {
			t.Fatal(err)
		}
		orders[fmt.Sprint(after.State.Deck)] = true
	}
	if len(orders) < 10 {
		t.Errorf("50 shuffles give the orders %v", orders)
	}
}

func TestAnEightUnderAShuffleKeepsItsSuit(t *testing.T) {
	s := with(deal("", "2C 3C 8D", "9S KS", "4H"), func(s *eights.State) { s.Suit = "hearts" })
	if after := play(t, s, "draw").State; after.Suit != "hearts" || !slices.Equal(after.Pile, cards("8D")) {
		t.Errorf("%s on %v", after.Suit, after.Pile)
	}
}

// Nobody is called to a turn in which there is nothing to decide.
func TestWhoCanNeitherPlayNorDrawIsPassedOver(t *testing.T) {
	s := deal("", "7D", "9D 3C", "4H", "3D", "5S")
	s.Shuffles = 2
	after := play(t, s, "9D")
	if told(after.Events) != "passed 1" || !slices.Equal(after.Await, []int{2}) {
		t.Errorf("%q, and %v is next", told(after.Events), after.Await)
	}
	after = play(t, after.State, "3D")
	if want := "&{out [{0 2 0} {1 3 0} {2 1 12} {3 4 0}]}"; fmt.Sprint(after.Result) != want {
		t.Errorf("%v, want %s", after.Result, want)
	}
}

func TestABlockedGameGoesToTheFewestPoints(t *testing.T) {
	for _, c := range []struct {
		hands []string // after seat 0 has played 9D
		want  string
	}{
		{[]string{"9D 3C", "4H"}, "&{blocked [{0 1 1} {1 2 0}]}"},
		{[]string{"9D 3C", "2H"}, "&{blocked [{0 2 0} {1 1 1}]}"},
		{[]string{"9D 3C", "3H", "KS"}, "&{blocked [{0 1 7} {1 1 7} {2 3 0}]}"},
		{[]string{"9D KC", "QH", "AC AS", "2H"}, "&{blocked [{0 3 0} {1 3 0} {2 1 16} {3 1 16}]}"},
	} {
		s := deal("", "7D", c.hands...)
		s.Shuffles = 2
		after := play(t, s, "9D")
		if fmt.Sprint(after.Result) != c.want || after.Await != nil {
			t.Errorf("%q: %v, want %s", c.hands, after.Result, c.want)
		}
	}
}

func TestWhatCardsCost(t *testing.T) {
	for _, c := range []struct {
		hand  string
		score int
	}{
		{"AH", 1}, {"2C", 2}, {"7S", 7}, {"8D", 50}, {"9D", 9}, {"10C", 10}, {"JH", 10}, {"QS", 10}, {"KD", 10},
		{"AH 8H 8S KD 5C", 116},
	} {
		after := play(t, deal("2H", "7D", "9D", c.hand), "9D")
		if after.Result == nil || after.Result.Placings[0].Score != c.score {
			t.Errorf("%s: %+v, want %d", c.hand, after.Result, c.score)
		}
	}
}

func TestSomeCardsDoMore(t *testing.T) {
	two, four := []string{"6H", "6C"}, []string{"6H", "6C", "6D", "6S"}
	for _, c := range []struct {
		card      string
		hands     []string // beside the card
		direction int
		next      int
		told      string
	}{
		{"QD", two, 1, 0, "skipped 1"},
		{"QD", four, 1, 2, "skipped 1"},
		{"QD", four, -1, 2, "skipped 3"},
		{"AD", two, 1, 0, "skipped 1"},
		{"AD", four, 1, 3, "direction_changed {-1}"},
		{"AD", four, -1, 1, "direction_changed {1}"},
		{"2D", two, 1, 0, "drew 1 {2}, you_drew 1 {[KC KS]} to [1], skipped 1"},
		{"2D", four, 1, 2, "drew 1 {2}, you_drew 1 {[KC KS]} to [1], skipped 1"},
		{"2D", four, -1, 2, "drew 3 {2}, you_drew 3 {[KC KS]} to [3], skipped 3"},
		{"KD", four, 1, 1, ""},
	} {
		hands := slices.Clone(c.hands)
		hands[0] += " " + c.card
		s := deal("KC KS KH", "7D", hands...)
		s.Actions, s.Direction = true, c.direction
		after := play(t, s, c.card)
		if told(after.Events) != c.told || !slices.Equal(after.Await, []int{c.next}) {
			t.Errorf("%s of %d seats, direction %d: %q, and %v is next", c.card, len(hands), c.direction, told(after.Events), after.Await)
		}
		s.Actions = false
		after = play(t, s, c.card)
		if plain := (len(hands) + c.direction) % len(hands); told(after.Events) != "" || !slices.Equal(after.Await, []int{plain}) {
			t.Errorf("%s does more although nobody asked for it: %q, and %v is next", c.card, told(after.Events), after.Await)
		}
	}
}

// With one of three set aside two are left, and an ace gives its player another turn.
func TestAnAceSkipsWhenTwoAreLeft(t *testing.T) {
	s := deal("KC KS KH", "7D", "AD 6H", "", "6C")
	s.Actions, s.Seats[1].SetAside = true, true
	after := play(t, s, "AD")
	if told(after.Events) != "skipped 2" || !slices.Equal(after.Await, []int{0}) || after.State.Direction != 1 {
		t.Errorf("%q, and %v is next", told(after.Events), after.Await)
	}
}

func TestATwoGivesWhatThereIs(t *testing.T) {
	for deck, want := range map[string]string{
		"KC": "drew 1 {1}, you_drew 1 {[KC]} to [1], skipped 1",
		"":   "skipped 1",
	} {
		s := deal(deck, "7D", "2D 3D 6H", "6C")
		s.Actions, s.Shuffles = true, 2
		if after := play(t, s, "2D"); told(after.Events) != want || !slices.Equal(after.Await, []int{0}) {
			t.Errorf("%q: %q, and %v is next", deck, told(after.Events), after.Await)
		}
	}
}

func TestTheLastCardWinsAndDoesNoMore(t *testing.T) {
	s := deal("KC KS", "7D", "2D", "6C")
	s.Actions = true
	after := play(t, s, "2D")
	if told(after.Events) != "" || after.Result == nil || hand(after.State, 1) != "[6C]" {
		t.Errorf("%q, %v, and the other holds %s", told(after.Events), after.Result, hand(after.State, 1))
	}
}

func TestWhoMissesATurnDrawsACardAndThreeInARowEndIt(t *testing.T) {
	s := deal("7C 7S 3C 4C", "7D", "6H", "6C", "6S KH")
	late := func(want string, next int) {
		t.Helper()
		seat := s.Next
		after, err := rules.Timeout(s, []int{seat}, env(1))
		if err != nil || told(after.Events) != want || after.Result != nil || !slices.Equal(after.Await, []int{next}) {
			t.Fatalf("seat %d misses its turn: %q, and %v is next; %v, %v", seat, told(after.Events), after.Await, after.Result, err)
		}
		s = after.State
	}
	late("drew 0 {1}, you_drew 0 {[7C]} to [0], passed 0", 1) // although it fits
	s.Next = 0
	late("drew 0 {1}, you_drew 0 {[7S]} to [0], passed 0", 1)
	s.Next = 0
	s = play(t, s, "7S").State // and it begins anew
	s.Next, s.Drawn = 0, "7C"
	late("passed 0", 1) // it had drawn
	s.Next = 0
	late("drew 0 {1}, you_drew 0 {[3C]} to [0], passed 0", 1)
	s.Next = 0
	late("set_aside 0 {3}", 1)
	if under := slices.Sorted(slices.Values(s.Deck[1:])); s.Deck[0] != "4C" || !slices.Equal(under, cards("3C 6H 7C")) || hand(s, 0) != "[]" {
		t.Errorf("the deck is %v, and in the hand is %s", s.Deck, hand(s, 0))
	}
	late("drew 1 {1}, you_drew 1 {[4C]} to [1], passed 1", 2)
	s = play(t, s, "6S").State
	if s.Next == 0 {
		t.Error("who was set aside is awaited again")
	}
}

func TestMissingATurnWithNothingToDraw(t *testing.T) {
	s := deal("", "7D", "9D 3C", "9D 4H")
	s.Shuffles = 2
	after, err := rules.Timeout(s, []int{0}, env(1))
	if err != nil || told(after.Events) != "passed 0" || !slices.Equal(after.Await, []int{1}) {
		t.Errorf("%q, and %v is next; %v", told(after.Events), after.Await, err)
	}
}

func TestLeaving(t *testing.T) {
	three := func(change func(*eights.State)) eights.State {
		return with(deal("KC", "7D", "6H 9D", "6C 5C", "6S"), change)
	}
	for name, c := range map[string]struct {
		state eights.State
		seat  int
		told  string
		next  []int
		want  string
	}{
		"on its turn": {three(func(*eights.State) {}), 0, "set_aside 0 {2}", []int{1}, ""},
		"off turn":    {three(func(*eights.State) {}), 1, "set_aside 1 {2}", []int{0}, ""},
		"while another has drawn": {
			three(func(s *eights.State) { s.Drawn = "9D" }), 1, "set_aside 1 {2}", []int{0}, "",
		},
		"after it was set aside": {
			three(func(s *eights.State) { s.Seats[2] = eights.Seat{Hand: cards(""), SetAside: true} }), 2, "", []int{0}, "",
		},
		"as the last but one": {
			three(func(s *eights.State) { s.Seats[2] = eights.Seat{Hand: cards(""), SetAside: true} }), 0,
			"set_aside 0 {2}", nil, "&{last-one-left [{0 2 0} {1 1 0} {2 2 0}]}",
		},
	} {
		after, err := rules.Leave(c.state, c.seat, env(1))
		if err != nil || told(after.Events) != c.told || !slices.Equal(after.Await, c.next) {
			t.Errorf("%s: %q, and %v is next; %v", name, told(after.Events), after.Await, err)
		}
		if (after.Result != nil) != (c.want != "") || after.Result != nil && fmt.Sprint(after.Result) != c.want {
			t.Errorf("%s: %v, want %q", name, after.Result, c.want)
		}
		if after.State.Drawn != c.state.Drawn {
			t.Errorf("%s: the drawn card is %q now", name, after.State.Drawn)
		}
	}
}

// Who watches the deck go down must not know what comes.
func TestTheCardsOfWhoLeavesAreShuffled(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(50) {
		after, err := rules.Leave(deal("KC", "7D", "6H 9D 5C 6S", "6C", "7S"), 0, env(seed))
		if err != nil || after.State.Deck[0] != "KC" || len(after.State.Deck) != 5 {
			t.Fatalf("%v, %v", after.State.Deck, err)
		}
		orders[fmt.Sprint(after.State.Deck)] = true
	}
	if len(orders) < 10 {
		t.Errorf("50 shuffles give the orders %v", orders)
	}
}

func TestWhoeverIsSetAsideIsLast(t *testing.T) {
	s := deal("KC", "7D", "9D", "", "8H 8S", "")
	s.Seats[1].SetAside, s.Seats[3].SetAside = true, true
	if after := play(t, s, "9D"); fmt.Sprint(after.Result) != "&{out [{0 1 100} {1 3 0} {2 2 0} {3 3 0}]}" {
		t.Error(after.Result)
	}
}

func TestWhatASeatSees(t *testing.T) {
	s := with(deal("KC KS", "5D 7D", "6H 9D", "5C 6C", ""), func(s *eights.State) {
		s.Drawn, s.Seats[1].Missed, s.Seats[2].SetAside = "9D", 2, true
	})
	common := "[{2 0 false [] 0} {2 2 false [] 0} {0 0 true [] 0}] 7D diamonds [5D 7D] 2 0 1 true"
	for seat, want := range map[int]string{
		games.Spectator: "{[] " + common + "  0 false false}",
		0:               "{[6H 9D] " + common + " 9D 0 false false}",
		1:               "{[5C 6C] " + common + "  0 false false}",
		2:               "{[] " + common + "  0 false false}",
	} {
		if got := fmt.Sprint(rules.View(s, seat)); got != want {
			t.Errorf("seat %d sees %s, want %s", seat, got, want)
		}
	}
}
