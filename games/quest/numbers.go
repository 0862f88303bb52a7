package quest

import "math/rand/v2"

const (
	partySize   = 3
	monsterName = "The Gloamback" // no hero can have it
)

// class is what a role comes with.
type class struct {
	role   string
	name   string // of a hero to whom nobody gave one
	health int
	damage span
}

// cleric is the role that can heal.
const cleric = "cleric"

// A cleric who hits as hard as the others would be worth more than any of them.
var classes = [...]class{
	{"fighter", "Bera Oakshield", 60, span{1, 20}},
	{"ranger", "Tam Fleetfoot", 50, span{1, 20}},
	{"mage", "Orlo Lanternhand", 40, span{1, 20}},
	{cleric, "Maren of the Well", 45, span{1, 12}},
}

var (
	monsterDamage = span{10, 25}
	healing       = span{8, 15}
)

// The difficulties.
const (
	classic = "classic"
	hard    = "hard"
)

// monsterHealth is fixed in the classic game. A fixed number that is right for one party in the hard game is wrong for
// another, whose heroes last longer; so the hard monster has three points for two of theirs.
func monsterHealth(difficulty string, party int) int {
	if difficulty == hard {
		return party * 3 / 2
	}
	return 100
}

// span is all integers from least to most, each as likely as the others.
type span struct{ least, most int }

func (s span) roll(dice *rand.Rand) int { return s.least + dice.IntN(s.most-s.least+1) }
