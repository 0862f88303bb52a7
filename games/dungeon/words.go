package dungeon

import (
	"math/rand/v2"
	"strings"
)

// The words that names are drawn from. No last word stands in two lists, so that a name says what it is the name of, and
// no two things of one dungeon share theirs.
var (
	monsterManners = []string{
		"Barnacled", "Brooding", "Forgetful", "Lopsided", "Moonstruck", "Peckish",
		"Ravenous", "Snoring", "Sulking", "Ticklish", "Two-Headed", "Whispering",
	}
	monsterColours = []string{"Ashen", "Crimson", "Indigo", "Ochre", "Pearly", "Saffron", "Teal", "Violet"}
	monsterBeasts  = []string{
		"Basilisk", "Chimera", "Cockatrice", "Gargoyle", "Ghoul", "Hobgoblin",
		"Kraken", "Lindworm", "Manticore", "Ogre", "Salamander", "Wyvern",
	}

	weaponQualities = []string{
		"Borrowed", "Heirloom", "Humming", "Ivory-Hilted", "Moonlit",
		"Nicked", "Oiled", "Rune-Cut", "Thrice-Forged", "Unlucky",
	}
	weaponKinds = []string{
		"Billhook", "Cudgel", "Falchion", "Glaive", "Halberd", "Hatchet",
		"Longbow", "Rapier", "Sabre", "Sling", "Spear", "Warhammer",
	}

	treasureQualities = []string{
		"Cloudy", "Enamelled", "Gilded", "Jewelled", "Perfumed",
		"Royal", "Sea-Worn", "Silver-Bound", "Singing", "Star-Mapped",
	}
	treasureKinds = []string{
		"Astrolabe", "Atlas", "Carillon", "Chessboard", "Compass",
		"Goblet", "Hourglass", "Mirror", "Sceptre", "Tiara",
	}

	roomNames = []string{
		"Bell Foundry", "Bone Library", "Candle Store", "Drowned Chapel",
		"Echo Grotto", "Empty Cistern", "Glass Workshop", "Guard Hall",
		"Map Chamber", "Mushroom Garden", "Old Kitchen", "Root Tunnel",
		"Salt Cellar", "Sleeping Barracks", "Tiled Bath", "Wine Vault",
	}
	roomWalls = []string{
		"The walls are wet brick, furred with moss.",
		"Somebody has counted days on the walls, up to the ceiling.",
		"The walls lean inwards, as if to listen.",
		"Faded hunters chase faded deer along the plaster.",
		"Roots have pushed the stones of the walls apart.",
		"The walls are black with old soot.",
		"Veins of quartz glitter in the bare rock.",
		"Iron rings hang from the walls, one of them still swinging.",
		"The walls are patched with planks from a ship.",
		"Cold air whistles through a crack as wide as a hand.",
		"Hundreds of small niches cover the walls, all of them empty.",
		"The walls are so smooth that your lamp shines back at you.",
	}
	roomContents = []string{
		"A loom stands here with half a carpet in it.",
		"Puddles on the floor ripple although nothing moves.",
		"A table is laid for a dinner that nobody came to.",
		"Broken crates lie about, stencilled with a crown.",
		"A well without a bucket yawns in the middle.",
		"The floor is a mosaic that lacks its centre.",
		"A heap of straw keeps the shape of some large sleeper.",
		"Dust lies so thick that every step leaves a print.",
		"A rusty winch holds up nothing at all.",
		"Mushrooms glow faintly in the corners.",
		"Benches stand in rows, facing the wrong way.",
		"A statue without a face points at the floor.",
	}
)

// name draws a word of each list.
func name(dice *rand.Rand, lists ...[]string) string {
	words := make([]string, len(lists))
	for i, list := range lists {
		words[i] = pick(list, dice)
	}
	return strings.Join(words, " ")
}

// same says that a player means this name.
func same(said, name string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(said), " "), name)
}
