package eights

import (
	"slices"

	"yourturn/games"
)

// View is what a seat may know: its own hand, what lies open, and how many cards there are elsewhere.
type View struct {
	Hand      []Card     `json:"hand" doc:"Your cards, sorted; empty for somebody without a seat." example:"[\"7H\",\"10S\",\"QS\"]"`
	Seats     []SeatView `json:"seats" doc:"The seats in their order."`
	Top       Card       `json:"top" doc:"The card to match." example:"7S"`
	Suit      Suit       `json:"suit" doc:"The suit to match: that of the top card, or the one that was named with an eight." example:"spades"`
	Played    []Card     `json:"played" minItems:"1" doc:"The cards that lie on the pile, the oldest first and the top card last." example:"[\"7D\",\"7S\"]"`
	Deck      int        `json:"deck" minimum:"0" doc:"How many cards the deck has. When it is empty, the pile under the top card is shuffled for the next draw." example:"36"`
	Next      int        `json:"next" doc:"The seat that is to move; of no meaning once the game is over." example:"0"`
	Direction int        `json:"direction" doc:"How the turn goes round: 1 to the next higher seat, -1 to the next lower." example:"1"`
	Drew      bool       `json:"drew" doc:"The seat that is to move has drawn a card that fits: it may play it, or pass."`
	Drawn     Card       `json:"drawn,omitempty" doc:"That card, when it is yours." example:"QS"`
	Shuffles  int        `json:"shuffles" minimum:"0" doc:"How often the pile has been shuffled back; after the second time it no longer is." example:"0"`
	Actions   bool       `json:"actions" doc:"Queens, aces and twos do more."`
	Over      bool       `json:"over" doc:"The game is over, and everybody sees all hands."`
}

// SeatView is what everybody knows of a seat.
type SeatView struct {
	Cards    int    `json:"cards" minimum:"0" doc:"How many cards it holds." example:"7"`
	Missed   int    `json:"missed" minimum:"0" doc:"How many turns it has missed in a row; with the third it is set aside." example:"0"`
	SetAside bool   `json:"set_aside" doc:"It is out of the game: it has left the game, or missed too many turns."`
	Hand     []Card `json:"hand,omitempty" doc:"Its cards, once the game is over." example:"[\"8S\",\"3S\"]"`
	Points   int    `json:"points,omitempty" doc:"What these cards cost: 50 for an eight, 10 for a jack, queen or king, 1 for an ace, and for every other card its number." example:"53"`
}

func (Rules) View(s State, seat int) View {
	v := View{
		Hand: []Card{}, Seats: []SeatView{}, Top: s.top(), Suit: s.Suit, Played: slices.Clone(s.Pile), Deck: len(s.Deck),
		Next: s.Next, Direction: s.Direction, Drew: s.Drawn != "", Shuffles: s.Shuffles, Actions: s.Actions, Over: s.Over,
	}
	for other := range s.Seats {
		v.Seats = append(v.Seats, s.look(other))
	}
	if seat == games.Spectator {
		return v
	}
	v.Hand = append(v.Hand, s.Seats[seat].Hand...)
	if seat == s.Next {
		v.Drawn = s.Drawn
	}
	return v
}

// look is what everybody knows of a seat.
func (s State) look(seat int) SeatView {
	known := s.Seats[seat]
	v := SeatView{Cards: len(known.Hand), Missed: known.Missed, SetAside: known.SetAside}
	if s.Over {
		v.Hand, v.Points = known.Hand, s.points(seat)
	}
	return v
}

// Imagine deals the cards that the seat cannot see to the other hands and to the deck, by lot. One thing is known of
// them: who has drawn and not passed, or is awaited although there is nothing to draw, holds a card that fits.
func (Rules) Imagine(v View, seat int, env games.Env) State {
	unseen := v.unseen()
	env.Rand.Shuffle(len(unseen), func(i, j int) { unseen[i], unseen[j] = unseen[j], unseen[i] })
	s := State{
		Actions: v.Actions, Seats: make([]Seat, len(v.Seats)), Deck: unseen[len(unseen)-v.Deck:], Pile: slices.Clone(v.Played),
		Suit: v.Suit, Next: v.Next, Direction: v.Direction, Drawn: v.Drawn, Shuffles: v.Shuffles, Over: v.Over,
	}
	if v.Next != seat && (v.Drew || !s.canDraw()) {
		s.bringForward(unseen, v.Drew)
	}
	for i := range v.Seats {
		other := (v.Next + i) % len(v.Seats) // whose turn it is comes first, and gets the first cards
		known := v.Seats[other]
		hand := known.Hand
		switch {
		case other == seat:
			hand = v.Hand
		case !v.Over:
			hand, unseen = unseen[:known.Cards], unseen[known.Cards:]
		}
		s.Seats[other] = Seat{Hand: sorted(hand), Missed: known.Missed, SetAside: known.SetAside}
	}
	return s
}

// unseen are the cards that are neither in a hand that the seat knows nor on the pile.
func (v View) unseen() []Card {
	seen := slices.Concat(v.Hand, v.Played)
	for _, other := range v.Seats {
		seen = append(seen, other.Hand...)
	}
	return slices.DeleteFunc(newDeck(), func(c Card) bool { return slices.Contains(seen, c) })
}

// bringForward puts a card that fits in the first place.
func (s *State) bringForward(unseen []Card, drawn bool) {
	i := slices.IndexFunc(unseen, s.fits)
	if i < 0 {
		return // the game is over, and all hands are known
	}
	unseen[0], unseen[i] = unseen[i], unseen[0]
	if drawn {
		s.Drawn = unseen[0]
	}
}
