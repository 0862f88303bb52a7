package quest_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"yourturn/games"
	"yourturn/games/quest"
)

func TestATakenRoleIsRefusedWithTheFreeOnes(t *testing.T) {
	q := sit(t, quest.Config{}).choose(1, "ranger")
	text := q.refused("role-taken", 0, quest.Move{Kind: "choose", Role: "ranger"})
	if text != "The ranger is taken. Still free: fighter, mage and cleric." {
		t.Error(text)
	}
	q.choose(0, "mage")
	if text := q.refused("role-taken", 2, quest.Move{Kind: "choose", Role: "mage"}); text != "The mage is taken. Still free: fighter and cleric." {
		t.Error(text)
	}
	if !slices.Equal(q.State.FreeRoles, []string{"fighter", "cleric"}) {
		t.Errorf("free: %v", q.State.FreeRoles)
	}
}

func TestAReservedRole(t *testing.T) {
	q := sit(t, quest.Config{}, "", "cleric", "")
	t.Run("is kept for its seat", func(t *testing.T) {
		text := q.refused("role-reserved", 0, quest.Move{Kind: "choose", Role: "cleric"})
		if text != "The cleric is kept for a player who asked for it. Still free: fighter, ranger and mage." {
			t.Error(text)
		}
	})
	t.Run("is all that its seat can choose", func(t *testing.T) {
		if text := q.refused("role-reserved", 1, quest.Move{Kind: "choose", Role: "mage"}); text != "You came as the cleric, and the cleric is kept for you." {
			t.Error(text)
		}
	})
	t.Run("need not be named", func(t *testing.T) {
		q.refused("role-missing", 0, quest.Move{Kind: "choose"})
		if q.move(1, quest.Move{Kind: "choose", Name: "Ada"}); q.State.Heroes[1].Role != "cleric" || q.State.Heroes[1].Name != "Ada" {
			t.Errorf("%+v", q.State.Heroes[1])
		}
	})
}

func TestThreeWhoCameWithRolesStillChooseTheirNames(t *testing.T) {
	q := sit(t, quest.Config{}, "mage", "cleric", "fighter")
	if !slices.Equal(q.Await, []int{0, 1, 2}) || !slices.Equal(q.State.FreeRoles, []string{"ranger"}) {
		t.Fatalf("%+v", q.Step)
	}
	for seat, name := range []string{"Io", "Ju", "Ka"} {
		q.move(seat, quest.Move{Kind: "choose", Name: name})
	}
	if q.State.Phase != "play" || q.State.Heroes[0].Role != "mage" || q.State.Heroes[2].Role != "fighter" || q.State.Heroes[1].Name != "Ju" {
		t.Errorf("%+v", q.State)
	}
}

// Whoever came for a role and leaves does not keep it.
func TestAReservedRoleIsFreeWhenItsPlayerLeaves(t *testing.T) {
	q := sit(t, quest.Config{}, "mage").leave(0).choose(1, "mage")
	if !slices.Equal(q.State.FreeRoles, []string{"fighter", "ranger", "cleric"}) {
		t.Errorf("%+v", q.State)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"Wilma", "Wilma"},
		{"  Wilma the  Tall\t", "Wilma the Tall"},
		{"Zoë", "Zoë"},
		{"勇者", "勇者"},
		{"☘", "☘"},
		{"R2-D2!", "R2-D2!"},
		{"", "Orlo Lanternhand"},
		{"   ", "Orlo Lanternhand"},
		{strings.Repeat("é", 24), strings.Repeat("é", 24)},
	} {
		q := sit(t, quest.Config{}).move(0, quest.Move{Kind: "choose", Role: "mage", Name: c.typed})
		if got := q.State.Heroes[0].Name; got != c.want {
			t.Errorf("%q becomes %q, want %q", c.typed, got, c.want)
		}
	}
	for _, typed := range []string{"a\nb", "a\tb", "a\x00b", "a\x7f", "a\u202eb", "a\u200bb", "a\u00a0b", "\u3164", "a\ufe0f", "a\xffb\u00ad"} {
		sit(t, quest.Config{}).refused("name-unreadable", 0, quest.Move{Kind: "choose", Role: "mage", Name: typed})
	}
	if _, err := games.Define(quest.Rules{}).ParseMove([]byte(`{"kind":"choose","role":"mage","name":"` + strings.Repeat("a", 25) + `"}`)); err == nil {
		t.Error("a name of 25 characters is taken")
	}
}

func TestANameIsTakenOnceWhateverItsCase(t *testing.T) {
	q := sit(t, quest.Config{}).move(2, quest.Move{Kind: "choose", Role: "mage", Name: "Zoë"})
	for _, name := range []string{"Zoë", "ZOË", " zoë "} {
		q.refused("name-taken", 1, quest.Move{Kind: "choose", Role: "fighter", Name: name})
	}
	q.refused("name-taken", 1, quest.Move{Kind: "choose", Role: "fighter", Name: "the gloamback"})
	q.refused("name-taken", 1, quest.Move{Kind: "choose", Role: "fighter", Name: "The  Gloamback"})
}

// A name that nobody asked for gives way.
func TestADefaultNameThatIsTakenGetsANumber(t *testing.T) {
	q := sit(t, quest.Config{}).
		move(0, quest.Move{Kind: "choose", Role: "ranger", Name: "bera oakshield"}).
		move(1, quest.Move{Kind: "choose", Role: "mage", Name: "Bera Oakshield 2"}).
		choose(2, "fighter")
	if got := q.State.Heroes[2].Name; got != "Bera Oakshield 3" || utf8.RuneCountInString(got) > 24 {
		t.Errorf("%q", got)
	}
}

func TestWhoeverHasChosenCannotChooseAgain(t *testing.T) {
	q := sit(t, quest.Config{}).choose(1, "mage")
	q.refused("out-of-turn", 1, quest.Move{Kind: "choose", Role: "fighter"})
	turnOf(t, 0).refused("character-chosen", 0, quest.Move{Kind: "choose", Role: "mage"})
}

func TestNobodyAttacksBeforeTheFight(t *testing.T) {
	q := sit(t, quest.Config{})
	q.refused("choose-first", 0, quest.Move{Kind: "attack"})
	q.refused("choose-first", 0, quest.Move{Kind: "heal", Target: ptr(1)})
}

// A deadline that passes while characters are chosen hands out what is free, and begins.
func TestTheLateAreGivenCharactersSoThatTheGameBegins(t *testing.T) {
	q := sit(t, quest.Config{}, "", "", "fighter").move(1, quest.Move{Kind: "choose", Role: "ranger", Name: "Orlo Lanternhand"})
	q.told = nil
	q.timeout()
	q.expect("character_chosen 0", "character_chosen 2", "phase_changed play", "turn_began")
	for seat, want := range []struct{ role, name string }{{"mage", "Orlo Lanternhand 2"}, {"ranger", "Orlo Lanternhand"}, {"fighter", "Bera Oakshield"}} {
		if h := q.State.Heroes[seat]; h.Role != want.role || h.Name != want.name {
			t.Errorf("seat %d: %+v, want %+v", seat, h, want)
		}
	}
	if !slices.Equal(q.State.Order, []int{1, 0, 2}) {
		t.Errorf("order %v", q.State.Order)
	}
}

func TestNobodyChoosesAndTheGameBeginsAllTheSame(t *testing.T) {
	q := sit(t, quest.Config{})
	q.told = nil
	q.timeout()
	var roles []string
	for _, e := range q.told[:3] {
		if chosen := e.Data.(quest.CharacterChosen); chosen.ByServer {
			roles = append(roles, chosen.Role)
		}
	}
	if !slices.Equal(roles, []string{"fighter", "ranger", "mage"}) || q.State.Phase != "play" {
		t.Errorf("%v, %+v", roles, q.State)
	}
}

func TestLeavingWhileCharactersAreChosen(t *testing.T) {
	t.Run("frees the role and the name", func(t *testing.T) {
		q := sit(t, quest.Config{}).move(0, quest.Move{Kind: "choose", Role: "mage", Name: "Ada"}).leave(0)
		if !slices.Equal(q.Await, []int{1, 2}) || len(q.State.Order) != 0 {
			t.Fatalf("%+v", q.Step)
		}
		q.move(1, quest.Move{Kind: "choose", Role: "mage", Name: "Ada"})
	})
	t.Run("goes on with those who stay", func(t *testing.T) {
		q := sit(t, quest.Config{}).choose(2, "mage").leave(1)
		if !slices.Equal(q.Await, []int{0}) || q.State.Phase != "character" {
			t.Fatalf("%+v", q.Step)
		}
		if q.choose(0, "cleric"); q.State.Phase != "play" || len(q.State.Order) != 2 {
			t.Errorf("%+v", q.State)
		}
	})
	t.Run("begins when the others have chosen", func(t *testing.T) {
		q := sit(t, quest.Config{}).choose(2, "mage").choose(1, "fighter")
		q.told = nil
		q.leave(0)
		q.expect("phase_changed play", "turn_began")
		if len(q.Await) != 0 || !slices.Equal(q.State.Order, []int{2, 1}) {
			t.Errorf("%+v", q.Step)
		}
	})
	t.Run("leaves one who goes alone", func(t *testing.T) {
		q := sit(t, quest.Config{Difficulty: "hard"}).choose(2, "mage").leave(1).leave(0)
		if q.State.Phase != "play" || q.State.Monster.Health != 60 {
			t.Errorf("%+v", q.State)
		}
		if q.passUntilSomebodyActs(); !slices.Equal(q.Await, []int{2}) {
			t.Errorf("%+v", q.Step)
		}
	})
	t.Run("ends it when nobody stays", func(t *testing.T) {
		q := sit(t, quest.Config{}).choose(2, "mage").leave(1).leave(2)
		q.told = nil
		q.leave(0)
		q.expect("phase_changed end")
		q.expectResult("forfeit", 3, 3, 3)
		if *q.State.TeamHasWon {
			t.Error("nobody has won")
		}
	})
}

// Legal moves name roles, not names: of these there is no end.
func TestLegalChoicesAreTheFreeRoles(t *testing.T) {
	q := sit(t, quest.Config{}, "", "mage", "").choose(0, "cleric")
	for seat, want := range [][]quest.Move{
		nil,
		{{Kind: "choose", Role: "mage"}},
		{{Kind: "choose", Role: "fighter"}, {Kind: "choose", Role: "ranger"}},
	} {
		if got := (quest.Rules{}).LegalMoves(q.State, seat); spell(t, got) != spell(t, want) {
			t.Errorf("seat %d: %s, want %s", seat, spell(t, got), spell(t, want))
		}
	}
}
