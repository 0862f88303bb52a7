package dungeon

import (
	"strings"
	"testing"
	"time"
)

// Each of these is something that the demo got wrong on which this game is modelled.

// It never drew the last word of a list: its index was one short.
func TestBugTheLastWordIsNeverDrawn(t *testing.T) {
	drawn := map[string]bool{}
	for seed := range uint64(400) {
		s := start(t, 9, seed).State
		for _, name := range []string{s.Monster.Name, s.Weapon.Name, s.Treasure.Name} {
			for _, word := range strings.Fields(name) {
				drawn[word] = true
			}
		}
		for _, room := range s.Rooms {
			drawn[room.Name] = true
			for _, sentence := range append(roomWalls, roomContents...) {
				drawn[sentence] = drawn[sentence] || strings.Contains(room.Description, sentence)
			}
		}
	}
	for _, list := range [][]string{
		monsterManners, monsterColours, monsterBeasts, weaponQualities, weaponKinds, treasureQualities, treasureKinds,
		roomNames, roomWalls, roomContents,
	} {
		for _, word := range list {
			if !drawn[word] {
				t.Errorf("%q is never drawn", word)
			}
		}
	}
}

// It could no longer be won an hour after it was made, although the hour of the quest begins with the confirmation.
func TestBugAnOldDungeonCannotBeWon(t *testing.T) {
	step := apply(t, halls(t), enter, 2*time.Minute)
	s := step.State
	for _, move := range []Move{getSpear, goNorth, slayOgre} {
		s = apply(t, s, move, 61*time.Minute).State
	}
	step = apply(t, s, getAtlas, 62*time.Minute-time.Second)
	if step.Result == nil || step.Result.Reason != "treasure" {
		t.Errorf("the result is %+v", step.Result)
	}
}

// Making it took a while, in which whoever asked for it, or watched over it, found nothing.
func TestBugADungeonIsAskedForBeforeItIsThere(t *testing.T) {
	step := start(t, 9, 3)
	if wrong := sound(step.State, 9); wrong != "" {
		t.Error(wrong)
	}
	if view := (Rules{}).View(step.State, 0); len(view.Phases) != 6 || view.RoomCount != 9 {
		t.Errorf("at first one sees %+v", view)
	}
	if _, err := (Rules{}).Timeout(step.State, []int{0}, at(0)); err != nil {
		t.Errorf("nobody can watch over it yet: %v", err)
	}
}

// A second confirmation, or a late one, found no dungeon.
func TestBugASecondConfirmationFindsNothing(t *testing.T) {
	if got := refusal(t, halls(t, enter), enter); got.Name != "already-confirmed" {
		t.Errorf("%s: %s", got.Name, got.Text)
	}
}

// Any item that was held could kill, and any name of a monster would do.
func TestBugAnythingKillsAnybody(t *testing.T) {
	s := halls(t, enter, getSpear, goNorth)
	for _, move := range []Move{
		{Kind: slay, Monster: "Somebody", With: "Oiled Spear"},
		{Kind: slay, Monster: "Sulking Teal Ogre", With: "Gilded Atlas"},
	} {
		_ = refusal(t, s, move)
	}
}

// Names had to be spelled to the letter.
func TestBugNamesAreExact(t *testing.T) {
	apply(t, halls(t, enter), Move{Kind: get, Item: "oiled spear"}, 0)
}

// Whoever had won stayed in the dungeon for good, and its name could not be used again.
func TestBugAWonDungeonGoesOn(t *testing.T) {
	step := apply(t, halls(t, enter, getSpear, goNorth, slayOgre), getAtlas, 2*time.Minute)
	if len(step.Await) != 0 || step.Result == nil {
		t.Errorf("it awaits %v and the result is %+v", step.Await, step.Result)
	}
}
