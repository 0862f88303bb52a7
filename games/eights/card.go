package eights

import (
	"cmp"
	"slices"
	"strings"
)

// Card is a playing card as it is written: its rank (A, 2 to 10, J, Q, K) and the first letter of its suit.
type Card string

// Suit is one of the four.
type Suit string

const (
	hearts   Suit = "hearts"
	diamonds Suit = "diamonds"
	clubs    Suit = "clubs"
	spades   Suit = "spades"
)

var (
	suits = [4]Suit{hearts, diamonds, clubs, spades}
	ranks = [13]string{"A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K"}
)

// newDeck is all cards in their order: suit by suit, the ace first.
func newDeck() []Card {
	deck := make([]Card, 0, len(suits)*len(ranks))
	for _, suit := range suits {
		for _, rank := range ranks {
			deck = append(deck, Card(rank+strings.ToUpper(string(suit[:1]))))
		}
	}
	return deck
}

func (c Card) rank() string { return string(c[:len(c)-1]) }

func (c Card) suit() Suit {
	switch c[len(c)-1] {
	case 'H':
		return hearts
	case 'D':
		return diamonds
	case 'C':
		return clubs
	}
	return spades
}

func (c Card) isEight() bool { return c.rank() == "8" }

// number is 1 for an ace and 13 for a king.
func (c Card) number() int {
	switch rank := c.rank(); rank {
	case "A":
		return 1
	case "10":
		return 10
	case "J":
		return 11
	case "Q":
		return 12
	case "K":
		return 13
	default:
		return int(rank[0] - '0')
	}
}

// points are what the card costs whoever is left with it.
func (c Card) points() int {
	if c.isEight() {
		return 50
	}
	return min(c.number(), 10)
}

// Cards are some cards of a state, kept as one text: "7H 10S". A state is read anew for every question to the rules,
// and as a list of texts these 52 cards take most of the time that this game takes.
type Cards []Card

func (c Cards) MarshalText() ([]byte, error) {
	var text []byte
	for i, card := range c {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, card...)
	}
	return text, nil
}

func (c *Cards) UnmarshalText(text []byte) error {
	*c = make(Cards, 0, len(text)/3+1)
	for word := range strings.FieldsSeq(string(text)) {
		*c = append(*c, Card(word))
	}
	return nil
}

// sorted is a new hand, in the order of the deck. A hand is always kept so: the order in which its cards came would be
// one more thing to hide.
func sorted(hand []Card) Cards {
	return slices.SortedFunc(slices.Values(hand), func(a, b Card) int { return cmp.Compare(a.order(), b.order()) })
}

func (c Card) order() int { return slices.Index(suits[:], c.suit())*len(ranks) + c.number() }
