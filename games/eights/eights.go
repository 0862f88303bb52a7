// Package eights is crazy eights, the card game: match the card on top by suit or by rank, and be the first without
// cards. An eight fits on everything, and whoever plays it names the suit that comes next.
//
// Hands and deck are hidden, so most of the package is about who knows what. A drawn card is told to its owner alone;
// everybody else hears that a card was drawn. Whoever draws a card that fits acts again, in a turn of its own: play it or
// pass. What is forced happens by itself, because nobody should be called to a game to press the only button: a drawn
// card that does not fit ends the turn, and so it goes for a seat that can neither play nor draw.
//
// Whoever holds a card that fits must not draw; only an eight may be kept. The pile is shuffled back twice at the most.
// So there is a last card to draw, and from then on the hands only become smaller, until one is empty or nobody can play.
package eights

import (
	"fmt"
	"slices"

	"yourturn/games"
)

const (
	handOfTwo   = 7 // cards for each of two seats
	handOfMore  = 5 // and for each of more
	maxShuffles = 2 // of the pile, in one game
	maxMissed   = 3 // turns in a row, and the seat is set aside
)

// The kinds of moves.
const (
	play = "play"
	draw = "draw"
	pass = "pass"
)

// How a game ends.
const (
	handEmpty   = "out"
	nobodyCan   = "blocked"
	lastOneLeft = "last-one-left"
)

// Rules are the rules of crazy eights, with one deck of 52.
type Rules struct{}

// Config chooses whether some cards do more.
type Config struct {
	Actions bool `json:"actions,omitempty" doc:"Some cards do more: a queen skips the next seat, an ace turns the direction (with two seats left it skips), and a two makes the next seat draw two cards and miss its turn." example:"true"`
}

// Move is one thing that a seat does. After drawing a card that fits, the seat moves again, in the next turn.
type Move struct {
	Kind string `json:"kind" enum:"play,draw,pass" doc:"What to do: play a card, draw one when nothing but eights fits, or pass after drawing." example:"play"`
	Card Card   `json:"card,omitempty" pattern:"^(A|[2-9]|10|J|Q|K)[HDCS]$" doc:"The card to play, and only then: its rank and the first letter of its suit." example:"8H"`
	Suit Suit   `json:"suit,omitempty" enum:"hearts,diamonds,clubs,spades" doc:"With an eight, and only then: the suit that comes next." example:"spades"`
}

// State is the whole table.
type State struct {
	Actions   bool   `json:"actions"`
	Seats     []Seat `json:"seats"`
	Deck      Cards  `json:"deck"` // the first is drawn next
	Pile      Cards  `json:"pile"` // the last is on top
	Suit      Suit   `json:"suit"` // in force: of the card on top, or the one that was named
	Next      int    `json:"next"`
	Direction int    `json:"direction"`       // 1 or -1
	Drawn     Card   `json:"drawn,omitempty"` // what Next has drawn this turn, which fits
	Shuffles  int    `json:"shuffles"`        // of the pile, so far
	Over      bool   `json:"over,omitempty"`  // the hands are shown
}

// Seat is a seat at the table.
type Seat struct {
	Hand     Cards `json:"hand"`
	Missed   int   `json:"missed"`    // turns in a row
	SetAside bool  `json:"set_aside"` // it has left, or missed too many turns
}

func (Rules) Describe() games.Info {
	return games.Info{
		Name: "eights", Title: "Crazy eights", TypeName: "Eights", Version: 1,
		MinSeats: 2, MaxSeats: 5, TurnSeconds: 24 * 60 * 60,
	}
}

// Start shuffles, deals, turns up a card, and draws lots for the first turn. An eight that is turned up goes under the
// deck, and the next card is turned up in its place.
func (Rules) Start(setup games.Setup[Config]) (games.Step[State], error) {
	seats, size := len(setup.Roles), handOfMore
	if seats == 2 {
		size = handOfTwo
	}
	t := table{State: State{Actions: setup.Config.Actions, Direction: 1}, dice: setup.Rand}
	deck := t.shuffled(newDeck())
	for seat := range seats {
		t.Seats = append(t.Seats, Seat{Hand: sorted(deck[seat*size : (seat+1)*size])})
	}
	t.Deck = deck[seats*size:]
	t.turnUp()
	t.Next = setup.Rand.IntN(seats)
	return t.step(), nil
}

func (Rules) Apply(s State, seat int, move Move, env games.Env) (games.Step[State], error) {
	if err := s.refuse(seat, move); err != nil {
		return games.Step[State]{}, err
	}
	t := s.open(env)
	t.Seats[seat].Missed = 0
	switch move.Kind {
	case play:
		t.play(move.Card, move.Suit)
	case draw:
		t.drawForTurn()
	case pass:
		t.advance()
	}
	return t.step(), nil
}

// LegalMoves tries every move that the seat could think of, so that what is legal stands in one place.
func (Rules) LegalMoves(s State, seat int) []Move {
	moves := []Move{{Kind: draw}, {Kind: pass}}
	for _, card := range s.Seats[seat].Hand {
		if !card.isEight() {
			moves = append(moves, Move{Kind: play, Card: card})
			continue
		}
		for _, suit := range suits {
			moves = append(moves, Move{Kind: play, Card: card, Suit: suit})
		}
	}
	return slices.DeleteFunc(moves, func(m Move) bool { return s.refuse(seat, m) != nil })
}

// Timeout draws a card for whoever did not come, unless they had drawn, and their turn is over. Whoever misses three
// turns in a row is set aside: the others should not wait for ever for somebody who has forgotten them.
func (Rules) Timeout(s State, absent []int, env games.Env) (games.Step[State], error) {
	t := s.open(env)
	for _, seat := range absent { // there is one: Next
		t.Seats[seat].Missed++
		if t.Seats[seat].Missed == maxMissed {
			t.setAside(seat)
			continue
		}
		if t.Drawn == "" {
			t.draw(seat, 1)
		}
		t.tell("passed", seat, nil)
		t.advance()
	}
	return t.step(), nil
}

// Leave plays on without the seat. When it is not its turn, the turn of the other goes on.
func (Rules) Leave(s State, seat int, env games.Env) (games.Step[State], error) {
	t := s.open(env)
	if !t.Seats[seat].SetAside {
		t.setAside(seat)
	}
	return t.step(), nil
}

// refuse says why a move is not allowed, or nil.
func (s State) refuse(seat int, move Move) error {
	switch {
	case seat != s.Next:
		return games.Refuse("not-your-turn", "It is not your turn.")
	case move.Kind == play:
		return s.refusePlay(seat, move)
	case move.Card != "" || move.Suit != "":
		return games.Refuse("card-not-asked", "Name a card or a suit only when you play.")
	case move.Kind == draw:
		return s.refuseDraw()
	}
	return s.refusePass()
}

func (s State) refusePlay(seat int, move Move) error {
	switch {
	case move.Card == "":
		return games.Refuse("card-missing", "Say which card you play.")
	case !slices.Contains(s.Seats[seat].Hand, move.Card):
		return games.Refuse("not-in-hand", "You do not hold that card.")
	case s.Drawn != "" && move.Card != s.Drawn:
		return games.Refuse("only-the-drawn-card", "After drawing, play the card that you drew, or pass.")
	case !s.fits(move.Card):
		return games.Refuse("no-match", s.wants())
	case move.Card.isEight() && move.Suit == "":
		return games.Refuse("suit-missing", "An eight needs a suit: say which one comes next.")
	case !move.Card.isEight() && move.Suit != "":
		return games.Refuse("suit-not-asked", "Only an eight lets you name a suit.")
	}
	return nil
}

func (s State) refuseDraw() error {
	switch {
	case s.Drawn != "":
		return games.Refuse("already-drawn", "You have drawn a card. Play it, or pass.")
	case s.mustPlay():
		return games.Refuse("card-fits", "You hold a card that fits, so play instead of drawing.")
	case !s.canDraw():
		return games.Refuse("nothing-to-draw", "There is no card left to draw. Play one that fits.")
	}
	return nil
}

// mustPlay says that the seat to move holds a card that fits. Eights may be kept.
func (s State) mustPlay() bool {
	return slices.ContainsFunc(s.Seats[s.Next].Hand, func(c Card) bool { return !c.isEight() && s.fits(c) })
}

func (s State) refusePass() error {
	switch {
	case s.Drawn != "":
		return nil
	case !s.canDraw():
		return games.Refuse("must-play", "There is no card left to draw. Play one that fits.")
	case s.mustPlay():
		return games.Refuse("card-fits", "You hold a card that fits, so play instead of passing.")
	}
	return games.Refuse("draw-first", "Draw a card before you pass, or play one that fits.")
}

// wants says what may be played, to somebody who tried something else.
func (s State) wants() string {
	if s.top().isEight() {
		return fmt.Sprintf("That card does not fit. Play %s or an eight.", s.Suit)
	}
	return fmt.Sprintf("That card does not fit. Play %s, rank %s or an eight.", s.Suit, s.top().rank())
}

func (s State) top() Card { return s.Pile[len(s.Pile)-1] }

func (s State) fits(card Card) bool {
	return card.isEight() || card.suit() == s.Suit || card.rank() == s.top().rank()
}

// canDraw says that there is a card to draw, in the deck or, after shuffling, under the top of the pile.
func (s State) canDraw() bool {
	return len(s.Deck) > 0 || s.Shuffles < maxShuffles && len(s.Pile) > 1
}
