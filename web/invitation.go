package web

import (
	"fmt"
	"strings"
	"unicode"
)

// Invitation is what a stranger who holds a join code may see of its table. The zero Invitation is the one of which
// nothing is known: of a code that leads nowhere, or no more.
type Invitation struct {
	Game        string // its name; empty when nothing is known
	Title       string // of the game, for people
	Host        string // whose table it is; may be empty
	SeatsFree   int
	TurnSeconds int
	Begun       bool // whether the game is on already
}

// clean is the invitation without what could turn other texts around it: names are other people's words.
func (i Invitation) clean() Invitation {
	i.Title, i.Host = visible(i.Title), visible(i.Host)
	return i
}

// visible is a text without controls and marks of direction. The joiner stays: emoji are made with it.
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r) && r != joiner, r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

const joiner = '\u200d'

// plain is the invitation without the names that a picture's letters cannot write.
func (i Invitation) plain(letters typeface) Invitation {
	if !letters.knows(i.Host) {
		i.Host = ""
	}
	if !letters.knows(i.Title) {
		i.Title = "a game"
	}
	return i
}

// heading says who invites to what: two names in large letters, and small words between them.
func (i Invitation) heading() (above, between, below string) {
	switch {
	case i.Game == "":
		return "An invitation", "", "to play"
	case i.SeatsFree == 0 && i.Host != "":
		return i.Host, "has a table of", i.Title
	case i.SeatsFree == 0:
		return "", "A table of", i.Title
	case i.Host == "":
		return "You", "are invited to", i.Title
	}
	return i.Host, "invites you to", i.Title
}

// title is the heading in one line.
func (i Invitation) title() string {
	above, between, below := i.heading()
	return strings.Join(strings.Fields(above+" "+between+" "+below), " ")
}

// foot says in one short line what there is to know.
func (i Invitation) foot() string {
	if i.Game == "" {
		return "One turn at a time, minutes or days apart."
	}
	return i.seats() + " · " + lowered(i.pace("per turn"))
}

// description says it in sentences, with what to do.
func (i Invitation) description() string {
	switch {
	case i.Game == "":
		return "Games played one turn at a time, minutes or days apart. No account needed: open the link and play."
	case i.SeatsFree == 0:
		return "All seats are taken. If one of them is yours, open the link and play on; if not, begin a table of your own."
	case i.Begun:
		return i.seats() + ", and the game is on. " + i.pace("for each turn") + ". No account needed: open the link and join in."
	}
	return i.seats() + ". " + i.pace("for each turn") + ". No account needed: open the link and play."
}

func (i Invitation) seats() string {
	switch i.SeatsFree {
	case 0:
		return "All seats are taken"
	case 1:
		return "One seat is free"
	}
	return fmt.Sprintf("%s seats are free", number(i.SeatsFree))
}

// pace says how long a turn may take, in the largest unit that says it exactly, and then what it is that takes so long.
func (i Invitation) pace(turn string) string {
	for _, unit := range []struct {
		seconds int
		one     string
		many    string
	}{{86400, "A day", "days"}, {3600, "An hour", "hours"}, {60, "A minute", "minutes"}, {1, "A second", "seconds"}} {
		n := i.TurnSeconds / unit.seconds
		switch {
		case n == 0 || i.TurnSeconds%unit.seconds != 0:
		case n == 1:
			return unit.one + " " + turn
		default:
			return number(n) + " " + unit.many + " " + turn
		}
	}
	return "All the time you like"
}

// number is a number as one writes it in a letter.
func number(n int) string {
	words := []string{"No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// lowered begins a sentence in the middle of another.
func lowered(sentence string) string { return strings.ToLower(sentence[:1]) + sentence[1:] }
