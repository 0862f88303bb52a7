package dungeon

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/games"
	"yourturn/games/gamestest"
)

var configs = []string{`{}`, `{"rooms":2}`, `{"rooms":5}`, `{"rooms":9}`}

func TestLaws(t *testing.T) { gamestest.Laws(t, games.Define(Rules{}), configs...) }

func FuzzLaws(f *testing.F) { gamestest.Fuzz(f, games.Define(Rules{}), configs...) }

// noon is when every test begins.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func at(after time.Duration) games.Env {
	return games.Env{Now: noon.Add(after), Rand: rand.New(rand.NewPCG(1, 2))}
}

func start(t *testing.T, rooms int, seed uint64) games.Step[State] {
	t.Helper()
	setup := games.Setup[Config]{Env: at(0), Config: Config{Rooms: rooms}, Roles: []string{""}}
	setup.Rand = rand.New(rand.NewPCG(seed, 0))
	step, err := Rules{}.Start(setup)
	if err != nil {
		t.Fatal(err)
	}
	return step
}

func apply(t *testing.T, s State, move Move, after time.Duration) games.Step[State] {
	t.Helper()
	step, err := Rules{}.Apply(s, 0, move, at(after))
	if err != nil {
		t.Fatalf("%+v: %v", move, err)
	}
	return step
}

func refusal(t *testing.T, s State, move Move) *games.Refusal {
	t.Helper()
	before := encode(t, s)
	_, err := Rules{}.Apply(s, 0, move, at(time.Minute))
	var refusal *games.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("%+v is answered with %v, want a refusal", move, err)
	}
	if after := encode(t, s); after != before {
		t.Errorf("%+v is refused and leaves a trace: %s", move, cmp.Diff(before, after))
	}
	return refusal
}

func encode(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func kindsOf(events []games.Event) (kinds []string) {
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// halls is a dungeon that has been entered: the weapon lies at the entrance, the monster is to its north, and to the
// east is a room with nothing, behind which there is one more.
func halls(t *testing.T, before ...Move) State {
	t.Helper()
	s := State{
		Rooms: []Room{
			{Name: "Salt Cellar", Doors: [4]bool{true, true, false, false}},
			{Name: "Echo Grotto", Cell: Cell{Y: -1}, Doors: [4]bool{2: true}},
			{Name: "Wine Vault", Cell: Cell{X: 1}, Doors: [4]bool{1: true, 3: true}},
			{Name: "Map Chamber", Cell: Cell{X: 2}, Doors: [4]bool{3: true}},
		},
		Monster:  Monster{Name: "Sulking Teal Ogre", Room: 1},
		Weapon:   Item{Name: "Oiled Spear", Room: 0},
		Treasure: Item{Name: "Gilded Atlas", Room: carried},
		Seen:     []int{},
		Done:     []int64{noon.Unix()},
	}
	for _, move := range before {
		s = apply(t, s, move, time.Minute).State
	}
	return s
}

var (
	enter     = Move{Kind: confirm}
	getSpear  = Move{Kind: get, Item: "Oiled Spear"}
	getAtlas  = Move{Kind: get, Item: "Gilded Atlas"}
	slayOgre  = Move{Kind: slay, Monster: "Sulking Teal Ogre", With: "Oiled Spear"}
	goNorth   = Move{Kind: goes, Door: "north"}
	goEast    = Move{Kind: goes, Door: "east"}
	goSouth   = Move{Kind: goes, Door: "south"}
	goWest    = Move{Kind: goes, Door: "west"}
	goNowhere = Move{Kind: goes}
)

func TestAWin(t *testing.T) {
	s := halls(t)
	for i, c := range []struct {
		move   Move
		events []string
	}{
		{enter, []string{"confirmed", "room_entered"}},
		{getSpear, []string{"item_taken"}},
		{goNorth, []string{"room_entered"}},
		{slayOgre, []string{"monster_slain", "item_dropped"}},
	} {
		step := apply(t, s, c.move, time.Minute)
		if diff := cmp.Diff(c.events, kindsOf(step.Events)); diff != "" {
			t.Errorf("move %d: %s", i, diff)
		}
		if step.Result != nil || !slices.Equal(step.Await, []int{0}) {
			t.Fatalf("move %d: awaits %v, result %+v", i, step.Await, step.Result)
		}
		s = step.State
	}
	step := apply(t, s, getAtlas, 11*time.Minute)
	if diff := cmp.Diff([]string{"item_taken", "victory"}, kindsOf(step.Events)); diff != "" {
		t.Error(diff)
	}
	want := &games.Result{Reason: "treasure", Placings: []games.Placing{{Seat: 0, Place: 1, Score: 50 * 60}}}
	if diff := cmp.Diff(want, step.Result); diff != "" {
		t.Error(diff)
	}
}

// One room is the dungeon of old: everything is there at once.
func TestOneRoomHoldsEverything(t *testing.T) {
	s := apply(t, start(t, 1, 7).State, enter, 0).State
	view := Rules{}.View(s, 0)
	if len(view.Map) != 1 || len(view.Map[0].Items) != 1 || view.Map[0].Monster == nil || len(view.Map[0].Doors) != 0 {
		t.Fatalf("one sees %+v", view.Map)
	}
	here := view.Map[0]
	s = apply(t, s, Move{Kind: get, Item: here.Items[0].Name}, 0).State
	s = apply(t, s, Move{Kind: slay, Monster: here.Monster.Name, With: here.Items[0].Name}, 0).State
	if step := apply(t, s, Move{Kind: get, Item: here.Monster.Carries.Name}, 0); step.Result == nil || step.Result.Reason != "treasure" {
		t.Errorf("the treasure is held, and the result is %+v", step.Result)
	}
}

func TestRefusals(t *testing.T) {
	item := func(name string) Move { return Move{Kind: get, Item: name} }
	for name, c := range map[string]struct {
		before []Move
		move   Move
		want   string
		says   string // part of the text: what there is instead
	}{
		"a kind of no season":    {nil, Move{Kind: "dance"}, "unknown-kind", "confirm, get, slay and go"},
		"get before entering":    {nil, getSpear, "not-confirmed", "confirm"},
		"go before entering":     {nil, goNorth, "not-confirmed", "confirm"},
		"slay before entering":   {nil, slayOgre, "not-confirmed", "confirm"},
		"enter twice":            {[]Move{enter}, enter, "already-confirmed", "Doors lead north and east."},
		"get what":               {[]Move{enter}, Move{Kind: get}, "missing-member", "Oiled Spear lies here"},
		"get blanks":             {[]Move{enter}, item("  "), "missing-member", `"item"`},
		"slay whom":              {[]Move{enter}, Move{Kind: slay, With: "Oiled Spear"}, "missing-member", `"monster"`},
		"slay with what":         {[]Move{enter}, Move{Kind: slay, Monster: "Sulking Teal Ogre"}, "missing-member", "hands are empty"},
		"go where":               {[]Move{enter}, goNowhere, "missing-member", "Doors lead north and east."},
		"confirm an item":        {nil, Move{Kind: confirm, Item: "Oiled Spear"}, "needless-member", `no "item"`},
		"get through a door":     {[]Move{enter}, Move{Kind: get, Item: "Oiled Spear", Door: "north"}, "needless-member", `no "door"`},
		"go with":                {[]Move{enter}, Move{Kind: goes, Door: "north", With: "Oiled Spear"}, "needless-member", `no "with"`},
		"no such item":           {[]Move{enter}, item("Lamp"), "no-such-item", "The Oiled Spear lies here."},
		"no item at all":         {[]Move{enter, goEast}, item("Lamp"), "no-such-item", "Nothing lies here."},
		"get the monster":        {[]Move{enter, goNorth}, item("Sulking Teal Ogre"), "not-an-item", "Nothing lies here."},
		"get it twice":           {[]Move{enter, getSpear}, getSpear, "already-held", "Oiled Spear"},
		"get it from afar":       {[]Move{enter, goEast}, getSpear, "item-elsewhere", "Salt Cellar"},
		"get it off the monster": {[]Move{enter, goNorth}, getAtlas, "still-carried", "Sulking Teal Ogre"},
		"still carried, afar":    {[]Move{enter, goNorth, goSouth}, getAtlas, "still-carried", "Sulking Teal Ogre"},
		"get what was dropped":   {[]Move{enter, getSpear, goNorth, slayOgre, goSouth}, getAtlas, "item-elsewhere", "Echo Grotto"},
		"no such monster":        {[]Move{enter, getSpear, goNorth}, Move{Kind: slay, Monster: "Bat", With: "Oiled Spear"}, "no-such-monster", "Sulking Teal Ogre is here"},
		"no monster at all":      {[]Move{enter, getSpear}, Move{Kind: slay, Monster: "Bat", With: "Oiled Spear"}, "no-such-monster", "none here"},
		"slay from afar":         {[]Move{enter, getSpear, goNorth, goSouth}, slayOgre, "monster-elsewhere", "Echo Grotto"},
		"slay it twice":          {[]Move{enter, getSpear, goNorth, slayOgre}, slayOgre, "already-slain", "Sulking Teal Ogre"},
		"slay the slain's twin":  {[]Move{enter, getSpear, goNorth, slayOgre}, Move{Kind: slay, Monster: "Bat", With: "Oiled Spear"}, "no-such-monster", "lies slain here"},
		"slay bare-handed":       {[]Move{enter, goNorth}, slayOgre, "weapon-not-held", "hands are empty"},
		"slay with a wish":       {[]Move{enter, getSpear, goNorth}, Move{Kind: slay, Monster: "Sulking Teal Ogre", With: "Cannon"}, "weapon-not-held", "In your hand is the Oiled Spear."},
		"slay with the treasure": {[]Move{enter, getSpear, goNorth}, Move{Kind: slay, Monster: "Sulking Teal Ogre", With: "Gilded Atlas"}, "not-a-weapon", "Oiled Spear"},
		"no such door":           {[]Move{enter}, goWest, "no-such-door", "Doors lead north and east."},
		"the other door":         {[]Move{enter, goNorth}, goNorth, "no-such-door", "only door leads south"},
	} {
		t.Run(name, func(t *testing.T) {
			got := refusal(t, halls(t, c.before...), c.move)
			if got.Name != c.want || !strings.Contains(got.Text, c.says) {
				t.Errorf("%+v is refused with %s: %s\nwant %s: … %s …", c.move, got.Name, got.Text, c.want, c.says)
			}
		})
	}
}

func TestARoomWithoutDoorsSaysSo(t *testing.T) {
	s := apply(t, start(t, 1, 1).State, enter, 0).State
	if got := refusal(t, s, goNorth); got.Name != "no-such-door" || !strings.Contains(got.Text, "This room has no doors.") {
		t.Errorf("%s: %s", got.Name, got.Text)
	}
}

func TestNamesAreForgiving(t *testing.T) {
	for name, c := range map[string]struct {
		before []Move
		move   Move
	}{
		"item":    {[]Move{enter}, Move{Kind: get, Item: "  oiled   SPEAR\t"}},
		"door":    {[]Move{enter}, Move{Kind: goes, Door: " North "}},
		"monster": {[]Move{enter, getSpear, goNorth}, Move{Kind: slay, Monster: "sulking teal  ogre", With: "OILED SPEAR "}},
	} {
		t.Run(name, func(t *testing.T) { apply(t, halls(t, c.before...), c.move, 0) })
	}
}

func TestConfigs(t *testing.T) {
	game := games.Define(Rules{})
	for raw, want := range map[string]string{
		``:             `{"rooms":1}`,
		`{}`:           `{"rooms":1}`,
		`{"rooms":1}`:  `{"rooms":1}`,
		`{"rooms":9}`:  `{"rooms":9}`,
		`{"rooms":0}`:  "",
		`{"rooms":10}`: "",
		`{"room":3}`:   "",
	} {
		got, err := game.ParseConfig(json.RawMessage(raw))
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %s, %v, want %q", raw, got, err, want)
		}
	}
}

// Rules that try several moves on one state, as somebody who thinks ahead does, must not write into each other's.
func TestFuturesOfOneStateAreApart(t *testing.T) {
	s := halls(t, enter)
	s.Seen, s.Done = slices.Grow(s.Seen, 8), slices.Grow(s.Done, 8)
	north := apply(t, s, goNorth, 0).State
	early := apply(t, s, getSpear, time.Minute).State
	before := encode(t, []State{north, early})
	apply(t, s, goEast, 0)
	apply(t, s, getSpear, 2*time.Minute)
	if after := encode(t, []State{north, early}); after != before {
		t.Error(cmp.Diff(before, after))
	}
}
