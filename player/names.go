package player

import (
	"encoding/binary"
	"io"
)

// The server names who gives no name. No word here says anything about a person.
var (
	adjectives = [...]string{
		"Amber", "Bold", "Brisk", "Calm", "Clever", "Coral", "Cosmic", "Daring", "Eager", "Early", "Gentle", "Golden",
		"Happy", "Hidden", "Humble", "Icy", "Ivory", "Jolly", "Keen", "Lively", "Lucky", "Lunar", "Merry", "Mighty",
		"Misty", "Nimble", "Noble", "Patient", "Proud", "Quick", "Quiet", "Rapid", "Royal", "Rustic", "Silver", "Snowy",
		"Solar", "Steady", "Sunny", "Swift", "Tidy", "Velvet", "Vivid", "Wandering", "Warm", "Wild", "Wise", "Witty",
	}
	animals = [...]string{
		"Badger", "Bear", "Beaver", "Bison", "Cat", "Cheetah", "Crane", "Deer", "Dolphin", "Eagle", "Falcon", "Ferret",
		"Finch", "Fox", "Gecko", "Hare", "Hawk", "Hedgehog", "Heron", "Ibex", "Jay", "Koala", "Lark", "Lemur",
		"Lynx", "Magpie", "Marten", "Moose", "Newt", "Orca", "Otter", "Owl", "Panda", "Pelican", "Puffin", "Raven",
		"Robin", "Salmon", "Seal", "Stork", "Swan", "Tiger", "Toad", "Turtle", "Walrus", "Whale", "Wolf", "Wren",
	}
)

// guestName draws a name.
func guestName(random io.Reader) (string, error) {
	var drawn [4]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return "", err
	}
	n := binary.BigEndian.Uint32(drawn[:])
	return adjectives[n%uint32(len(adjectives))] + " " + animals[n/uint32(len(adjectives))%uint32(len(animals))], nil
}
