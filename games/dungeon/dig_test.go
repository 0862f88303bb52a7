package dungeon

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/games"
)

// sound says what is wrong with a dungeon, if anything is.
func sound(s State, rooms int) string {
	if len(s.Rooms) != rooms {
		return "wrong number of rooms"
	}
	var names []string
	for i, room := range s.Rooms {
		names = append(names, strings.ToLower(room.Name))
		if s.roomAt(room.Cell) != i {
			return "two rooms in one place"
		}
		for direction, open := range room.Doors {
			next := s.behind(i, direction)
			if open && (next < 0 || !s.Rooms[next].Doors[opposite(direction)]) {
				return "a door that leads nowhere, or one way only"
			}
		}
		if room.Name == "" || room.Description == "" {
			return "a room without a name or a description"
		}
	}
	for _, name := range []string{s.Monster.Name, s.Weapon.Name, s.Treasure.Name} {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != rooms+3 {
		return "two things of one name"
	}
	reached := []int{0}
	for i := 0; i < len(reached); i++ {
		for direction, open := range s.Rooms[reached[i]].Doors {
			if next := s.behind(reached[i], direction); open && !slices.Contains(reached, next) {
				reached = append(reached, next)
			}
		}
	}
	switch {
	case len(reached) != rooms:
		return "a room that cannot be reached"
	case s.doors() > rooms:
		return "more than one ring"
	case rooms > 1 && s.Monster.Room == 0:
		return "the monster is at the entrance"
	case rooms > 1 && s.Weapon.Room == s.Monster.Room:
		return "the weapon is where the monster is"
	}
	return ""
}

func TestEveryDungeonIsSound(t *testing.T) {
	for rooms := 1; rooms <= 9; rooms++ {
		rings := 0
		for seed := range uint64(300) {
			s := start(t, rooms, seed).State
			if wrong := sound(s, rooms); wrong != "" {
				t.Fatalf("%d rooms, seed %d: %s: %s", rooms, seed, wrong, encode(t, s))
			}
			if s.Treasure.Room != carried || s.entered() {
				t.Fatalf("%d rooms, seed %d: the quest has begun: %s", rooms, seed, encode(t, s))
			}
			if s.doors() == rooms {
				rings++
			}
		}
		if (rings > 0) != (rooms >= 4) {
			t.Errorf("%d of 300 dungeons with %d rooms have a way round", rings, rooms)
		}
	}
}

// explore walks through every door there is, and calls look after each step.
func explore(t *testing.T, s State, look func(s State, told []games.Event)) {
	t.Helper()
	play := func(move Move) {
		step := apply(t, s, move, time.Minute)
		s = step.State
		look(s, step.Events)
	}
	play(enter)
	var walk func()
	walk = func() {
		for _, direction := range s.exits(s.Here) {
			next := s.behind(s.Here, slices.Index(directions[:], direction))
			if s.hasSeen(next) {
				continue
			}
			back := directions[opposite(slices.Index(directions[:], direction))]
			play(Move{Kind: goes, Door: direction})
			walk()
			play(Move{Kind: goes, Door: back})
		}
	}
	walk()
	if len(s.Seen) != len(s.Rooms) {
		t.Fatalf("%d of %d rooms were found", len(s.Seen), len(s.Rooms))
	}
}

func TestTheMapIsHiddenUntilSeen(t *testing.T) {
	for seed := range uint64(60) {
		s := start(t, 9, seed).State
		if view := encode(t, (Rules{}).View(s, 0)); strings.Contains(view, s.Rooms[0].Name) {
			t.Fatalf("seed %d: the entrance is seen before it is entered: %s", seed, view)
		}
		explore(t, s, func(s State, told []games.Event) {
			view := Rules{}.View(s, 0)
			shown, story := encode(t, view), encode(t, told)
			for i, room := range s.Rooms {
				if strings.Contains(shown, room.Name) != s.hasSeen(i) {
					t.Errorf("seed %d: room %d (seen: %v) in %s", seed, i, s.hasSeen(i), shown)
				}
				if strings.Contains(story, room.Name) && !s.hasSeen(i) {
					t.Errorf("seed %d: the unseen room %d is told of in %s", seed, i, story)
				}
			}
			for _, secret := range []struct {
				name string
				room int
			}{{s.Monster.Name, s.Monster.Room}, {s.Treasure.Name, s.Monster.Room}, {s.Weapon.Name, s.Weapon.Room}} {
				if strings.Contains(shown, secret.name) != s.hasSeen(secret.room) {
					t.Errorf("seed %d: %s (seen: %v) in %s", seed, secret.name, s.hasSeen(secret.room), shown)
				}
				if strings.Contains(story, secret.name) && !s.hasSeen(secret.room) {
					t.Errorf("seed %d: the unseen %s is told of in %s", seed, secret.name, story)
				}
			}
			for _, place := range view.Map {
				if i := slices.IndexFunc(s.Rooms, func(r Room) bool { return r.Name == place.Name }); len(place.Doors) != len(s.exits(i)) {
					t.Errorf("seed %d: the %s shows the doors %+v", seed, place.Name, place.Doors)
				}
			}
		})
	}
}

func TestADoorSaysWhereItLeadsOnceOneHasBeenThere(t *testing.T) {
	s := halls(t, enter)
	if got := (Rules{}).View(s, 0).Map[0].Doors; !slices.Equal(got, []Door{{Direction: "north"}, {Direction: "east"}}) {
		t.Errorf("at first the doors are %+v", got)
	}
	s = halls(t, enter, goEast)
	view := Rules{}.View(s, 0)
	if got := view.Map[0].Doors; !slices.Equal(got, []Door{{Direction: "north"}, {Direction: "east", LeadsTo: "Wine Vault"}}) {
		t.Errorf("from the other side the doors are %+v", got)
	}
	if got := view.Map[1].Doors; !slices.Equal(got, []Door{{Direction: "east"}, {Direction: "west", LeadsTo: "Salt Cellar"}}) {
		t.Errorf("the doors of the other room are %+v", got)
	}
	if view.Room != "Wine Vault" {
		t.Errorf("one is in the %s", view.Room)
	}
}

// What has a name that the player has not seen is refused like what has none, to the letter.
func TestRefusalsTellNothingUnseen(t *testing.T) {
	for name, c := range map[string]struct {
		before       []Move
		asked, blank Move
	}{
		"unseen weapon": {[]Move{enter}, getAtlas, Move{Kind: get, Item: "Nothing"}},
		"unseen treasure, as a weapon": {[]Move{enter, goEast},
			Move{Kind: slay, Monster: "Sulking Teal Ogre", With: "Gilded Atlas"}, Move{Kind: slay, Monster: "Nothing", With: "Nothing"}},
		"unseen monster":             {[]Move{enter, getSpear}, slayOgre, Move{Kind: slay, Monster: "Nothing", With: "Oiled Spear"}},
		"unseen monster, as an item": {[]Move{enter}, Move{Kind: get, Item: "Sulking Teal Ogre"}, Move{Kind: get, Item: "Nothing"}},
		"unseen room, as a door":     {[]Move{enter}, Move{Kind: goes, Door: "Echo Grotto"}, Move{Kind: goes, Door: "Nothing"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := halls(t, c.before...)
			asked, blank := refusal(t, s, c.asked), refusal(t, s, c.blank)
			if *asked != *blank {
				t.Errorf("the unseen is refused with %+v, nonsense with %+v", asked, blank)
			}
		})
	}
	t.Run("weapon in another room", func(t *testing.T) {
		s := halls(t)
		s.Weapon.Room = 3
		s = apply(t, s, enter, 0).State
		s = apply(t, s, goNorth, 0).State
		for _, c := range [][2]Move{{getSpear, {Kind: get, Item: "Nothing"}}, {slayOgre, {Kind: slay, Monster: "Sulking Teal Ogre", With: "Nothing"}}} {
			if asked, blank := refusal(t, s, c[0]), refusal(t, s, c[1]); *asked != *blank {
				t.Errorf("the unseen is refused with %+v, nonsense with %+v", asked, blank)
			}
		}
	})
}

// What one imagines is a dungeon that could be, and not always the true one.
func TestImaginedDungeonsAreSoundAndVary(t *testing.T) {
	guesses, different := 0, 0
	for seed := range uint64(60) {
		explore(t, start(t, 9, seed).State, func(s State, _ []games.Event) {
			env := at(0)
			env.Rand = rand.New(rand.NewPCG(seed, uint64(guesses)))
			imagined := Rules{}.Imagine(Rules{}.View(s, 0), 0, env)
			if got, want := encode(t, Rules{}.View(imagined, 0)), encode(t, Rules{}.View(s, 0)); got != want {
				t.Fatalf("seed %d: the imagined dungeon looks otherwise: %s", seed, cmp.Diff(want, got))
			}
			if got, want := encode(t, Rules{}.LegalMoves(imagined, 0)), encode(t, Rules{}.LegalMoves(s, 0)); got != want {
				t.Fatalf("seed %d: the imagined dungeon allows %s instead of %s", seed, got, want)
			}
			if wrong := sound(imagined, 9); wrong != "" {
				t.Fatalf("seed %d: %s: %s\nimagined as %s", seed, wrong, encode(t, s), encode(t, imagined))
			}
			if len(s.Seen) < 9 {
				guesses++
				if imagined.Monster.Name != s.Monster.Name || !slices.Equal(imagined.Rooms, s.Rooms) {
					different++
				}
			}
		})
	}
	if different < guesses*9/10 {
		t.Errorf("%d of %d guesses differ from the truth", different, guesses)
	}
}
