package quest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"yourturn/games"
	"yourturn/games/quest"
)

// The original waited for its list of names to become empty, and the monster's own stayed in it: nobody could lose.
func TestTheMonsterCanWin(t *testing.T) {
	q := party(t)
	for _, seat := range []int{0, 1} {
		q.State.Heroes[seat].Alive, q.State.Heroes[seat].Health = false, 0
	}
	q.State.Heroes[2].Health = 1
	q.pass(3)
	q.expect("attack_announced", "attack_landed defeated", "phase_changed end")
	q.expectResult("party-slain", 2, 2, 2)
	if q.State.Phase != "end" || *q.State.TeamHasWon {
		t.Errorf("%+v", q.State)
	}
}

// In the original the next turn was computed before the damage was.
func TestADeadHeroGetsNoTurn(t *testing.T) {
	for victim, after := range []int{1, 0, 0} { // of the order 0, 1, 2
		q := party(t).pass(1)
		q.State.Action.Target.Seat = ptr(victim)
		q.State.Heroes[victim].Health = 1
		q.pass(2)
		q.expect("attack_announced", "attack_landed defeated", fmt.Sprint("turn_began ", after))
		q.refused("out-of-turn", victim, quest.Move{Kind: "attack"})
		if moves := (quest.Rules{}).LegalMoves(q.State, victim); moves != nil {
			t.Errorf("seat %d is dead and may %v", victim, moves)
		}
		for range 2 {
			q.timeout().passUntilSomebodyActs()
			if slices.Contains(q.Await, victim) {
				t.Fatalf("seat %d is dead and awaited", victim)
			}
			q.State.Heroes[after].Health = 40
		}
	}
}

// In the original, when the last of the order slew the monster, it struck back all the same.
func TestASlainMonsterDoesNotAttack(t *testing.T) {
	q := turnOf(t, 2)
	q.State.Monster.Health = 1
	q.move(2, quest.Move{Kind: "attack"}).pass(2)
	q.expect("attack_announced 2", "attack_landed 2 defeated", "phase_changed end")
	q.expectResult("monster-slain", 1, 1, 1)
	if q.State.Phase != "end" || !*q.State.TeamHasWon || q.State.Acting != nil || q.State.Action != nil {
		t.Errorf("%+v", q.State)
	}
}

// In the original a death made room for a fourth hero, who opened the fight again.
func TestThePartyIsClosedOnceTheFightIsOn(t *testing.T) {
	game := games.Define(quest.Rules{})
	if info := game.Info(); game.JoinsLate() || info.MinSeats != 3 || info.MaxSeats != 3 {
		t.Errorf("%+v", info)
	}
	q := turnOf(t, 0)
	q.State.Heroes[1].Alive, q.State.Heroes[1].Health = false, 0
	for seat := range 3 {
		name := "out-of-turn"
		if seat == 0 {
			name = "character-chosen"
		}
		q.refused(name, seat, quest.Move{Kind: "choose", Role: "mage"})
	}
}

// In the original two who chose at the same instant could make a party of five. Here a choice is made of the state that
// the one before has left, and what it cannot have is refused.
func TestTwoWhoChooseAtOnceDoNotGetTheSame(t *testing.T) {
	q := sit(t, quest.Config{}).move(0, quest.Move{Kind: "choose", Role: "mage", Name: "Ada"})
	q.refused("role-taken", 1, quest.Move{Kind: "choose", Role: "mage", Name: "Bo"})
	q.refused("name-taken", 1, quest.Move{Kind: "choose", Role: "ranger", Name: "Ada"})
	q.refused("out-of-turn", 0, quest.Move{Kind: "choose", Role: "ranger"})
	if len(q.State.Heroes) != 3 || !slices.Equal(q.State.Order, []int{0}) {
		t.Errorf("%+v", q.State)
	}
}

// In the original anybody could attack for anybody, even for the monster, at any time.
func TestOnlyTheHeroWhoseTurnItIsActs(t *testing.T) {
	q := turnOf(t, 1)
	q.refused("out-of-turn", 0, quest.Move{Kind: "attack"})
	q.refused("out-of-turn", 2, quest.Move{Kind: "attack"})
	q.move(1, quest.Move{Kind: "attack"})
	for pause := range 2 {
		for seat := range 3 {
			q.refused("out-of-turn", seat, quest.Move{Kind: "attack"})
		}
		if q.pass(1); pause == 1 && !slices.Equal(q.Await, []int{2}) {
			t.Errorf("%+v", q.Step)
		}
	}
}

// The original told of the end and kept the phase play. Here it is in the state, and nothing comes after it.
func TestTheEndIsKept(t *testing.T) {
	q := turnOf(t, 1)
	q.State.Monster.Health = 1
	q.move(1, quest.Move{Kind: "attack"}).pass(2)
	if q.State.Phase != "end" || q.State.TeamHasWon == nil || len(q.Await) != 0 || q.Within != 0 {
		t.Errorf("%+v", q.Step)
	}
	for seat := range 3 {
		q.refused("out-of-turn", seat, quest.Move{Kind: "attack"})
		if moves := (quest.Rules{}).LegalMoves(q.State, seat); moves != nil {
			t.Errorf("seat %d may %v", seat, moves)
		}
	}
}

func TestALateHeroLosesTheTurnAndNotTheGame(t *testing.T) {
	q := turnOf(t, 0).timeout()
	q.expect("turn_skipped 0", "turn_began 1")
	if !slices.Equal(q.Await, []int{1}) || !q.State.Heroes[0].Alive {
		t.Fatalf("%+v", q.Step)
	}
	q.timeout().timeout()
	q.expect("turn_skipped 1", "turn_began 2", "turn_skipped 2", "turn_began")
	if q.passUntilSomebodyActs(); !slices.Equal(q.Await, []int{0}) {
		t.Errorf("%+v", q.Step)
	}
}

func TestAHeroWhoLeaves(t *testing.T) {
	t.Run("in their turn, gives it to the next", func(t *testing.T) {
		q := turnOf(t, 0).leave(0)
		q.expect("turn_began 1")
		if !slices.Equal(q.Await, []int{1}) {
			t.Errorf("%+v", q.Step)
		}
	})
	t.Run("last in the order, gives it to the monster", func(t *testing.T) {
		q := turnOf(t, 2).leave(2)
		q.expect("turn_began")
		if len(q.Await) != 0 || q.State.Acting.Kind != "monster" {
			t.Errorf("%+v", q.Step)
		}
	})
	t.Run("in another's turn, lets it go on", func(t *testing.T) {
		q := turnOf(t, 1).leave(0)
		q.expect()
		if !slices.Equal(q.Await, []int{1}) {
			t.Errorf("%+v", q.Step)
		}
	})
	t.Run("is neither attacked nor awaited again", func(t *testing.T) {
		q := turnOf(t, 1).leave(0)
		for range 40 {
			q.State.Monster.Health, q.State.Heroes[1].Health, q.State.Heroes[2].Health = 100, 50, 45
			if len(q.Await) > 0 {
				q.timeout()
			} else {
				q.pass(1)
			}
			if slices.Contains(q.Await, 0) || q.State.Heroes[0].Health != 60 {
				t.Fatalf("%+v", q.Step)
			}
		}
	})
	t.Run("is out of reach of the blow that was on its way", func(t *testing.T) {
		q := party(t).pass(1)
		q.State.Action.Target.Seat = ptr(0)
		q.leave(0).pass(2)
		q.expect("attack_announced", "attack_missed", "turn_began 1")
		if h := q.State.Heroes[0]; h.Health != 60 || q.State.Monster.DamageDealt != 0 {
			t.Errorf("%+v", h)
		}
	})
	t.Run("is out of reach of help that was on its way", func(t *testing.T) {
		q := turnOf(t, 2)
		q.State.Heroes[0].Health = 5
		q.move(2, quest.Move{Kind: "heal", Target: ptr(0)}).leave(0).pass(2)
		q.expect("heal_announced 2", "heal_missed 2", "turn_began")
	})
	t.Run("has struck the blow that was on its way", func(t *testing.T) {
		q := turnOf(t, 0).move(0, quest.Move{Kind: "attack"})
		damage := q.State.Action.Amount
		q.leave(0).pass(2)
		q.expect("attack_announced 0", "attack_landed 0", "turn_began 1")
		if q.State.Monster.Health != 100-damage {
			t.Errorf("%+v", q.State.Monster)
		}
	})
	t.Run("comes last when the others win", func(t *testing.T) {
		q := turnOf(t, 1).leave(0)
		q.State.Monster.Health = 1
		q.move(1, quest.Move{Kind: "attack"}).pass(2)
		q.expectResult("monster-slain", 3, 1, 1)
	})
	t.Run("comes last when the others lose", func(t *testing.T) {
		q := party(t).leave(1).leave(2)
		q.State.Heroes[0].Health = 1
		q.pass(3)
		q.expectResult("party-slain", 2, 3, 3)
	})
	t.Run("ends it when nobody else is alive", func(t *testing.T) {
		q := turnOf(t, 1)
		for _, seat := range []int{0, 2} {
			q.State.Heroes[seat].Alive, q.State.Heroes[seat].Health = false, 0
		}
		q.leave(1)
		q.expect("phase_changed end")
		q.expectResult("party-slain", 2, 3, 2)
	})
	t.Run("ends it when all have left", func(t *testing.T) {
		q := turnOf(t, 1).leave(0).leave(2).leave(1)
		q.expect("phase_changed end")
		q.expectResult("forfeit", 3, 3, 3)
	})
	t.Run("dead, changes nothing for the living", func(t *testing.T) {
		q := turnOf(t, 1)
		q.State.Heroes[0].Alive, q.State.Heroes[0].Health = false, 0
		q.leave(0)
		q.expect()
		if !slices.Equal(q.Await, []int{1}) {
			t.Errorf("%+v", q.Step)
		}
	})
	t.Run("after the last blow, does not undo it", func(t *testing.T) {
		q := turnOf(t, 1)
		q.State.Monster.Health = 1
		q.move(1, quest.Move{Kind: "attack"}).pass(1).leave(2)
		q.expect("attack_announced 1", "attack_landed 1 defeated", "phase_changed end")
		q.expectResult("monster-slain", 1, 1, 3)
	})
}

func TestTheClericHeals(t *testing.T) {
	q := turnOf(t, 2)
	q.State.Heroes[0].Health = 30
	q.move(2, quest.Move{Kind: "heal", Target: ptr(0)})
	amount := q.State.Action.Amount
	if q.State.Heroes[0].Health != 30 {
		t.Errorf("healed before the pause: %+v", q.State.Heroes[0])
	}
	q.pass(2)
	q.expect("heal_announced 2", "heal_landed 2", "turn_began")
	if q.State.Heroes[0].Health != 30+amount || amount < 8 || amount > 15 {
		t.Errorf("%+v after %d", q.State.Heroes[0], amount)
	}
}

func TestNobodyIsHealedBeyondTheirHealth(t *testing.T) {
	q := turnOf(t, 2)
	q.State.Heroes[2].Health = 44
	q.move(2, quest.Move{Kind: "heal", Target: ptr(2)}).pass(1)
	landed := q.told[len(q.told)-1].Data.(quest.HealLanded)
	if q.State.Heroes[2].Health != 45 || landed.Healed != 1 || landed.Health != 45 {
		t.Errorf("%+v, %+v", q.State.Heroes[2], landed)
	}
}

func TestOnlyTheClericHealsAndOnlyTheLivingWhoAreHurt(t *testing.T) {
	q := turnOf(t, 0)
	q.State.Heroes[1].Health = 1
	q.refused("not-a-cleric", 0, quest.Move{Kind: "heal", Target: ptr(1)})

	q = turnOf(t, 2)
	q.refused("not-hurt", 2, quest.Move{Kind: "heal", Target: ptr(0)})
	q.State.Heroes[1].Health, q.State.Heroes[1].Alive = 0, false
	q.refused("hero-defeated", 2, quest.Move{Kind: "heal", Target: ptr(1)})
	q.State.Heroes[0].Health = 12
	q.leave(0).refused("hero-gone", 2, quest.Move{Kind: "heal", Target: ptr(0)})
}

func TestLegalMovesOfTheFight(t *testing.T) {
	q := turnOf(t, 1)
	q.State.Heroes[0].Health = 3
	if got := spell(t, quest.Rules{}.LegalMoves(q.State, 1)); got != `[{"kind":"attack"}]` {
		t.Errorf("the ranger may %s", got)
	}
	q = turnOf(t, 2)
	q.State.Heroes[0].Health, q.State.Heroes[2].Health = 3, 4
	if got := spell(t, quest.Rules{}.LegalMoves(q.State, 2)); got != `[{"kind":"attack"},{"kind":"heal","target":0},{"kind":"heal","target":2}]` {
		t.Errorf("the cleric may %s", got)
	}
}

// Over many games in which people are late and leave: nobody out of the fight is ever awaited or attacked, there is one
// end, the sums are right, and no rule writes to the state it was given.
func TestWhateverHappensTheQuestStaysWhole(t *testing.T) {
	reasons := map[string]int{}
	for seed := range uint64(600) {
		chance := rand.New(rand.NewPCG(seed, 5))
		config := quest.Config{Difficulty: []string{"classic", "hard"}[seed%2]}
		q := sit(t, config, []string{"", "mage", "cleric"}[seed%3])
		q.dice = chance
		for q.Result == nil {
			before, given := spell(t, q.State), q.State
			switch n := chance.IntN(40); {
			case n == 0:
				q.leave(anybody(q.State, chance))
			case len(q.Await) == 0:
				q.pass(1)
			case n == 1:
				q.timeout()
			default:
				seat := q.Await[chance.IntN(len(q.Await))]
				moves := quest.Rules{}.LegalMoves(q.State, seat)
				q.move(seat, moves[chance.IntN(len(moves))])
			}
			if after := spell(t, given); after != before {
				t.Fatalf("seed %d: given %s, a rule has made it %s", seed, before, after)
			}
			checkWhole(t, q)
		}
		if ends := slices.DeleteFunc(q.kinds(), func(word string) bool { return word != "phase_changed end" }); len(ends) != 1 {
			t.Fatalf("seed %d: %d ends", seed, len(ends))
		}
		reasons[q.Result.Reason]++
	}
	if reasons["monster-slain"] == 0 || reasons["party-slain"] == 0 || reasons["forfeit"] == 0 {
		t.Errorf("the test has not seen every end: %v", reasons)
	}
}

// anybody who has not left.
func anybody(s quest.State, chance *rand.Rand) int {
	for {
		if seat := chance.IntN(3); !s.Heroes[seat].Left {
			return seat
		}
	}
}

func checkWhole(t *testing.T, q *table) {
	t.Helper()
	dealt := 0
	for _, h := range q.State.Heroes {
		dealt += h.DamageDealt
		fighting := h.Role != "" && !h.Left
		if fighting && h.Alive != (h.Health > 0) || h.Left && h.Alive || h.Health < 0 || h.Health > h.MaxHealth {
			t.Fatalf("%+v", h)
		}
		if slices.Contains(q.Await, h.Seat) && !h.Alive {
			t.Fatalf("awaits %+v", h)
		}
	}
	if m := q.State.Monster; m.Health+dealt != m.MaxHealth {
		t.Fatalf("%+v, and the heroes have dealt %d", m, dealt)
	}
	for _, e := range q.Events {
		if a, ok := e.Data.(quest.Attack); ok && a.Target.Seat != nil && !q.State.Heroes[*a.Target.Seat].Alive {
			t.Fatalf("attacks %+v", q.State.Heroes[*a.Target.Seat])
		}
	}
	if over := q.State.Phase == "end"; over != (q.Result != nil) || over != (q.State.TeamHasWon != nil) {
		t.Fatalf("%+v", q.Step)
	}
}
