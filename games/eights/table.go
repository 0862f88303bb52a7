package eights

import (
	"math/rand/v2"
	"slices"

	"yourturn/games"
)

// table is a step in progress: a state of its own to change, the dice, and what happens.
type table struct {
	State
	dice   *rand.Rand
	events []games.Event
	result *games.Result
}

// open copies the state, for rules do not change what they are given.
func (s State) open(env games.Env) *table {
	s.Seats = slices.Clone(s.Seats)
	for i := range s.Seats {
		s.Seats[i].Hand = slices.Clone(s.Seats[i].Hand)
	}
	s.Deck, s.Pile = slices.Clone(s.Deck), slices.Clone(s.Pile)
	return &table{State: s, dice: env.Rand}
}

// step is what the rules answer.
func (t *table) step() games.Step[State] {
	step := games.Step[State]{State: t.State, Events: t.events, Result: t.result}
	if t.result == nil {
		step.Await = []int{t.Next}
	}
	return step
}

// The data of events.
type (
	cardData struct { // turned_up
		Card Card `json:"card"`
	}
	countData struct { // drew, reshuffled, set_aside
		Cards int `json:"cards"`
	}
	cardsData struct { // you_drew
		Cards []Card `json:"cards"`
	}
	directionData struct { // direction_changed
		Direction int `json:"direction"`
	}
)

func (t *table) tell(kind string, seat int, data any) {
	t.events = append(t.events, games.Event{Kind: kind, Seat: &seat, Data: data})
}

// tellTable tells of what nobody did.
func (t *table) tellTable(kind string, data any) {
	t.events = append(t.events, games.Event{Kind: kind, Data: data})
}

func (t *table) turnUp() {
	for {
		card := t.takeTop()
		t.tellTable("turned_up", cardData{card})
		if !card.isEight() {
			t.Pile, t.Suit = []Card{card}, card.suit()
			return
		}
		t.Deck = append(t.Deck, card)
	}
}

func (t *table) takeTop() Card {
	card := t.Deck[0]
	t.Deck = t.Deck[1:]
	return card
}

// play puts a card of the seat whose turn it is on the pile.
func (t *table) play(card Card, named Suit) {
	hand := &t.Seats[t.Next].Hand
	*hand = slices.DeleteFunc(*hand, func(c Card) bool { return c == card })
	t.Pile, t.Suit = append(t.Pile, card), card.suit()
	if card.isEight() {
		t.Suit = named
	}
	if len(*hand) == 0 {
		t.end(handEmpty)
		return
	}
	if t.Actions {
		t.act(card)
	}
	t.advance()
}

// act does what some cards do beside lying there.
func (t *table) act(card Card) {
	switch card.rank() {
	case "Q":
		t.skip()
	case "A":
		t.turnRound()
	case "2":
		t.draw(t.after(t.Next), 2)
		t.skip()
	}
}

// turnRound changes the direction. For two seats both directions are the same, and the ace would do nothing.
func (t *table) turnRound() {
	if t.seatsIn() == 2 {
		t.skip()
		return
	}
	t.Direction = -t.Direction
	t.tellTable("direction_changed", directionData{t.Direction})
}

func (t *table) skip() {
	t.Next = t.after(t.Next)
	t.tell("skipped", t.Next, nil)
}

// drawForTurn draws for the seat whose turn it is. A card that fits leaves it the choice to play it.
func (t *table) drawForTurn() {
	if card := t.draw(t.Next, 1)[0]; t.fits(card) {
		t.Drawn = card
		return
	}
	t.tell("passed", t.Next, nil)
	t.advance()
}

// draw gives a seat the next cards of the deck, as many as there are.
func (t *table) draw(seat, count int) (drawn []Card) {
	for range count {
		if !t.canDraw() {
			break
		}
		if len(t.Deck) == 0 {
			t.reshuffle()
		}
		drawn = append(drawn, t.takeTop())
	}
	if len(drawn) == 0 {
		return nil
	}
	t.Seats[seat].Hand = sorted(append(t.Seats[seat].Hand, drawn...))
	t.tell("drew", seat, countData{len(drawn)})
	t.events = append(t.events, games.Event{Kind: "you_drew", Seat: &seat, Data: cardsData{drawn}, To: []int{seat}})
	return drawn
}

// reshuffle makes a new deck of all that has been played but the top.
func (t *table) reshuffle() {
	under := len(t.Pile) - 1
	t.Deck, t.Pile = t.shuffled(t.Pile[:under]), []Card{t.top()}
	t.Shuffles++
	t.tellTable("reshuffled", countData{under})
}

func (t *table) shuffled(cards []Card) []Card {
	cards = slices.Clone(cards)
	t.dice.Shuffle(len(cards), func(i, j int) { cards[i], cards[j] = cards[j], cards[i] })
	return cards
}

// advance hands the turn to the next seat that can do anything. When there is none, nobody ever will.
func (t *table) advance() {
	t.Drawn = ""
	for range t.seatsIn() {
		t.Next = t.after(t.Next)
		if t.canDraw() || t.canPlay(t.Next) {
			return
		}
		t.tell("passed", t.Next, nil)
	}
	t.end(nobodyCan)
}

func (s State) canPlay(seat int) bool { return slices.ContainsFunc(s.Seats[seat].Hand, s.fits) }

// after is the next seat in the direction of play that is not set aside.
func (s State) after(seat int) int {
	for {
		seat = (seat + s.Direction + len(s.Seats)) % len(s.Seats)
		if !s.Seats[seat].SetAside {
			return seat
		}
	}
}

// seatsIn is how many seats are not set aside.
func (s State) seatsIn() int {
	count := 0
	for _, seat := range s.Seats {
		if !seat.SetAside {
			count++
		}
	}
	return count
}

// setAside takes a seat out of the game. Its cards go under the deck, shuffled, for the others to draw.
func (t *table) setAside(seat int) {
	hand := t.Seats[seat].Hand
	t.Deck = append(t.Deck, t.shuffled(hand)...)
	t.Seats[seat].Hand, t.Seats[seat].SetAside = []Card{}, true
	t.tell("set_aside", seat, countData{len(hand)})
	switch {
	case t.seatsIn() == 1:
		t.end(lastOneLeft)
	case seat == t.Next:
		t.advance()
	}
}

// end shows all hands, and counts them.
func (t *table) end(reason string) {
	t.Drawn, t.Over = "", true
	t.result = &games.Result{Reason: reason, Placings: t.placings()}
}
