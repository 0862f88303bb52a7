package quest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"yourturn/games"
	"yourturn/games/gamestest"
	"yourturn/games/quest"
)

func TestLaws(t *testing.T) {
	gamestest.Laws(t, games.Define(quest.Rules{}), `{}`, `{"pause_ms":0}`, `{"difficulty":"hard"}`)
}

func FuzzLaws(f *testing.F) {
	gamestest.Fuzz(f, games.Define(quest.Rules{}), `{}`, `{"pause_ms":0,"difficulty":"hard"}`)
}

// table is a quest in progress.
type table struct {
	*testing.T
	games.Step[quest.State]
	dice *rand.Rand
	told []games.Event // all that happened
}

func sit(t *testing.T, config quest.Config, roles ...string) *table {
	t.Helper()
	q := &table{T: t, dice: rand.New(rand.NewPCG(7, 7))}
	roles = append(roles, make([]string, 3-len(roles))...)
	return q.do(quest.Rules{}.Start(games.Setup[quest.Config]{Env: q.env(), Config: config, Roles: roles}))
}

func (q *table) env() games.Env { return games.Env{Rand: q.dice} }

func (q *table) do(step games.Step[quest.State], err error) *table {
	q.Helper()
	if err != nil {
		q.Fatal(err)
	}
	q.Step = step
	q.told = append(q.told, step.Events...)
	return q
}

func (q *table) move(seat int, move quest.Move) *table {
	q.Helper()
	if !slices.Contains(q.Await, seat) {
		q.Fatalf("seat %d is not awaited, %v are", seat, q.Await)
	}
	return q.do(quest.Rules{}.Apply(q.State, seat, move, q.env()))
}

func (q *table) choose(seat int, role string) *table {
	q.Helper()
	return q.move(seat, quest.Move{Kind: "choose", Role: role})
}

// pass lets pauses pass.
func (q *table) pass(pauses int) *table {
	q.Helper()
	for range pauses {
		if len(q.Await) > 0 || q.Result != nil {
			q.Fatalf("no pause: %+v", q.Step)
		}
		q.do(quest.Rules{}.Next(q.State, q.env()))
	}
	return q
}

// passUntilSomebodyActs lets pauses pass until a hero is awaited, or all is over.
func (q *table) passUntilSomebodyActs() *table {
	q.Helper()
	for len(q.Await) == 0 && q.Result == nil {
		q.pass(1)
	}
	return q
}

func (q *table) leave(seat int) *table {
	q.Helper()
	return q.do(quest.Rules{}.Leave(q.State, seat, q.env()))
}

func (q *table) timeout() *table {
	q.Helper()
	return q.do(quest.Rules{}.Timeout(q.State, q.Await, q.env()))
}

func (q *table) refused(name string, seat int, move quest.Move) (text string) {
	q.Helper()
	before := spell(q.T, q.State)
	_, err := quest.Rules{}.Apply(q.State, seat, move, q.env())
	var refusal *games.Refusal
	if !errors.As(err, &refusal) || refusal.Name != name {
		q.Errorf("seat %d, %+v: %v, want the refusal %s", seat, move, err, name)
		return ""
	}
	if after := spell(q.T, q.State); after != before {
		q.Errorf("the refused move %+v has left a trace: %s, was %s", move, after, before)
	}
	return refusal.Text
}

// kinds are the words of what happened since the last call, with what stands out in each.
func (q *table) kinds() (words []string) {
	q.Helper()
	for _, e := range q.told {
		word := e.Kind
		if e.Seat != nil {
			word += fmt.Sprint(" ", *e.Seat)
		}
		switch data := e.Data.(type) {
		case quest.PhaseChanged:
			word += " " + data.Phase
		case quest.AttackLanded:
			if data.Defeated {
				word += " defeated"
			}
		}
		words = append(words, word)
	}
	q.told = nil
	return words
}

func (q *table) expect(words ...string) {
	q.Helper()
	if got := q.kinds(); !slices.Equal(got, words) {
		q.Errorf("happened:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(words, "\n\t"))
	}
}

func (q *table) expectResult(reason string, places ...int) {
	q.Helper()
	if q.Result == nil {
		q.Fatalf("not over: %+v", q.Step)
	}
	var got []int
	for seat, p := range q.Result.Placings {
		if p.Seat != seat || p.Score != q.State.Heroes[seat].DamageDealt {
			q.Errorf("seat %d: %+v, %+v", seat, p, q.State.Heroes[seat])
		}
		got = append(got, p.Place)
	}
	if q.Result.Reason != reason || !slices.Equal(got, places) {
		q.Errorf("%s %v, want %s %v", q.Result.Reason, got, reason, places)
	}
}

func spell(t *testing.T, value any) string {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// party is a classic fight about to begin, of a fighter, a ranger and a cleric by seat, who have chosen in this order.
func party(t *testing.T) *table {
	t.Helper()
	q := sit(t, quest.Config{}).choose(0, "fighter").choose(1, "ranger").choose(2, "cleric")
	q.told = nil
	return q
}

// turnOf lets the fight go on, with a monster that harms nobody, until a seat is awaited.
func turnOf(t *testing.T, seat int) *table {
	t.Helper()
	q := party(t)
	for i := 0; !slices.Equal(q.Await, []int{seat}); i++ {
		if i > 100 {
			t.Fatalf("seat %d never has a turn", seat)
		}
		if len(q.Await) > 0 {
			q.move(q.Await[0], quest.Move{Kind: "attack"})
		}
		q.pass(1)
		q.State.Monster.Health = 100
		for i := range q.State.Heroes {
			q.State.Heroes[i].Health = q.State.Heroes[i].MaxHealth
		}
	}
	q.told = nil
	return q
}

func ptr[T any](v T) *T { return &v }

// A game from the first choice to the monster's end, event by event, with every pause.
func TestAQuestFromTheFirstChoiceToTheEnd(t *testing.T) {
	q := sit(t, quest.Config{PauseMS: ptr(250)})
	q.expect("phase_changed character")
	if !slices.Equal(q.Await, []int{0, 1, 2}) || q.Within != 0 {
		t.Fatalf("%+v", q.Step)
	}
	q.choose(2, "ranger").choose(0, "mage")
	if !slices.Equal(q.Await, []int{1}) {
		t.Fatalf("%+v", q.Step)
	}
	q.expect("character_chosen 2", "character_chosen 0")
	q.choose(1, "fighter")
	q.expect("character_chosen 1", "phase_changed play", "turn_began")
	// Until a hero's turn: the monster's opening pause, its announcement and its blow; between two heroes the blow and a
	// breath after it; and all of that from the last hero to the first.
	for _, turn := range []struct{ seat, pauses int }{{2, 3}, {0, 2}, {1, 2}, {2, 5}} {
		for range turn.pauses {
			if q.Within != 250*time.Millisecond {
				t.Fatalf("a pause of %v", q.Within)
			}
			q.pass(1)
		}
		q.move(turn.seat, quest.Move{Kind: "attack"})
	}
	q.expect(
		"attack_announced", "attack_landed", "turn_began 2",
		"attack_announced 2", "attack_landed 2", "turn_began 0",
		"attack_announced 0", "attack_landed 0", "turn_began 1",
		"attack_announced 1", "attack_landed 1", "turn_began",
		"attack_announced", "attack_landed", "turn_began 2",
		"attack_announced 2",
	)
	dealt := 100 - q.State.Monster.Health
	q.State.Monster.Health = 1
	q.pass(2)
	q.expect("attack_landed 2 defeated", "phase_changed end")
	q.expectResult("monster-slain", 1, 1, 1)
	if q.State.Heroes[0].DamageDealt+q.State.Heroes[1].DamageDealt+q.State.Heroes[2].DamageDealt != dealt+1 {
		t.Errorf("the heroes took %d and the last point, and are said to have dealt %+v", dealt, q.State.Heroes)
	}
	lost := 0
	for _, h := range q.State.Heroes {
		lost += h.MaxHealth - h.Health
	}
	if q.State.Monster.DamageDealt != lost {
		t.Errorf("the heroes have lost %d, and the monster is said to have dealt %d", lost, q.State.Monster.DamageDealt)
	}
}

// The last event of a quest says what everybody did.
func TestTheEndTellsTheDamageOfEach(t *testing.T) {
	q := turnOf(t, 1)
	for seat, damage := range []int{11, 22, 33} {
		q.State.Heroes[seat].DamageDealt = damage
	}
	q.State.Monster.DamageDealt, q.State.Monster.Health = 44, 1
	q.move(1, quest.Move{Kind: "attack"}).pass(2)
	want := `{"phase":"end","team_has_won":true,"damage":[{"by":{"kind":"monster"},"damage":44},{"by":{"kind":"hero","seat":0},"damage":11},` +
		`{"by":{"kind":"hero","seat":1},"damage":23},{"by":{"kind":"hero","seat":2},"damage":33}]}`
	if got := spell(t, q.told[len(q.told)-1].Data); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestOverkillIsNotCounted(t *testing.T) {
	q := turnOf(t, 0)
	before := q.State.Heroes[0].DamageDealt
	q.move(0, quest.Move{Kind: "attack"})
	q.State.Action.Amount, q.State.Monster.Health = 20, 3
	q.pass(1)
	landed := q.told[len(q.told)-1].Data.(quest.AttackLanded)
	if landed.Damage != 3 || landed.Health != 0 || !landed.Defeated || q.State.Heroes[0].DamageDealt != before+3 {
		t.Errorf("%+v, %+v", landed, q.State.Heroes[0])
	}
}

func TestEveryPauseIsAsLongAsTheConfigSays(t *testing.T) {
	for name, c := range map[string]struct {
		config quest.Config
		want   time.Duration
	}{
		"a second when nothing is said":  {quest.Config{}, time.Second},
		"ten seconds":                    {quest.Config{PauseMS: ptr(10000)}, 10 * time.Second},
		"none is a millisecond in truth": {quest.Config{PauseMS: ptr(0)}, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			q := sit(t, c.config).choose(0, "mage").choose(1, "cleric").choose(2, "ranger")
			for range 60 {
				switch {
				case q.Result != nil:
					return
				case len(q.Await) > 0 && q.Within != 0:
					t.Fatalf("a hero has %v and not the turn's own time", q.Within)
				case len(q.Await) > 0:
					q.move(q.Await[0], quest.Move{Kind: "attack"})
				case q.Within != c.want:
					t.Fatalf("a pause of %v, want %v", q.Within, c.want)
				default:
					q.pass(1)
				}
			}
		})
	}
}

func TestTheHealthAndDamageOfTheOriginal(t *testing.T) {
	for _, c := range []struct {
		role                string
		health, least, most int
	}{{"fighter", 60, 1, 20}, {"ranger", 50, 1, 20}, {"mage", 40, 1, 20}, {"cleric", 45, 1, 12}} {
		others := slices.DeleteFunc([]string{"fighter", "ranger", "mage", "cleric"}, func(r string) bool { return r == c.role })
		q := sit(t, quest.Config{}).choose(0, c.role).choose(1, others[0]).choose(2, others[1])
		if h := q.State.Heroes[0]; h.Health != c.health || h.MaxHealth != c.health {
			t.Errorf("%+v, want %d", h, c.health)
		}
		if m := q.State.Monster; m.Health != 100 || m.MaxHealth != 100 {
			t.Errorf("%+v", m)
		}
		q.passUntilSomebodyActs()
		least, most := rolls(q.dice, func(env games.Env) int {
			step, err := quest.Rules{}.Apply(q.State, 0, quest.Move{Kind: "attack"}, env)
			if err != nil {
				t.Fatal(err)
			}
			return step.State.Action.Amount
		})
		if least != c.least || most != c.most {
			t.Errorf("%s: damage %d to %d, want %d to %d", c.role, least, most, c.least, c.most)
		}
	}
	q := party(t)
	least, most := rolls(q.dice, func(env games.Env) int {
		step, err := quest.Rules{}.Next(q.State, env)
		if err != nil {
			t.Fatal(err)
		}
		return step.State.Action.Amount
	})
	if least != 10 || most != 25 {
		t.Errorf("monster: damage %d to %d", least, most)
	}
}

// rolls is the least and the most that a rule ever rolls.
func rolls(dice *rand.Rand, rule func(games.Env) int) (least, most int) {
	least, most = 1000, 0
	for range 2000 {
		n := rule(games.Env{Rand: dice})
		least, most = min(least, n), max(most, n)
	}
	return least, most
}

func TestTheHardMonsterHasThreePointsForTwoOfTheParty(t *testing.T) {
	for _, c := range []struct {
		roles  []string
		health int
	}{
		{[]string{"fighter", "ranger", "mage"}, 225},
		{[]string{"fighter", "ranger", "cleric"}, 232},
		{[]string{"fighter", "mage", "cleric"}, 217},
		{[]string{"ranger", "mage", "cleric"}, 202},
	} {
		q := sit(t, quest.Config{Difficulty: "hard"}).choose(0, c.roles[0]).choose(1, c.roles[1]).choose(2, c.roles[2])
		if m := q.State.Monster; m.Health != c.health || m.MaxHealth != c.health {
			t.Errorf("against %v: %+v, want %d", c.roles, m, c.health)
		}
	}
}

// The recipe of docs/games/quest.md: what is drawn, in which order, within which bounds, at which step.
func TestTheDiceAreRolledAsTheDocumentSays(t *testing.T) {
	seeded := func() games.Env { return games.Env{Rand: rand.New(rand.NewPCG(3, 14))} }
	again := func() *rand.Rand { return seeded().Rand }
	expect := func(what string, got *quest.Action, kind string, target, amount int) {
		t.Helper()
		if got.Kind != kind || got.Target.Seat != nil && *got.Target.Seat != target || got.Amount != amount {
			t.Errorf("%s: %s, want %d at %d", what, spell(t, got), amount, target)
		}
	}
	q := party(t)
	q.State.Heroes[1].Alive, q.State.Heroes[1].Health = false, 0
	step, _ := quest.Rules{}.Next(q.State, seeded())
	dice := again()
	living := []int{0, 2}
	target := living[dice.IntN(2)]
	expect("the monster", step.State.Action, "attack", target, 10+dice.IntN(16))

	step, _ = quest.Rules{}.Apply(turnOf(t, 1).State, 1, quest.Move{Kind: "attack"}, seeded())
	expect("the ranger", step.State.Action, "attack", 0, 1+again().IntN(20))

	q = turnOf(t, 2)
	step, _ = quest.Rules{}.Apply(q.State, 2, quest.Move{Kind: "attack"}, seeded())
	expect("the cleric", step.State.Action, "attack", 0, 1+again().IntN(12))

	q.State.Heroes[0].Health = 1
	step, _ = quest.Rules{}.Apply(q.State, 2, quest.Move{Kind: "heal", Target: ptr(0)}, seeded())
	expect("the cleric's help", step.State.Action, "heal", 0, 8+again().IntN(8))
}

// Nothing else is rolled: neither a choice, nor what lands, nor what happens when somebody is late or leaves.
func TestOnlyAnnouncementsNeedDice(t *testing.T) {
	q := sit(t, quest.Config{})
	q.dice = nil
	q.choose(0, "fighter").timeout()
	q.dice = rand.New(rand.NewPCG(1, 1))
	q.pass(1)
	q.dice = nil
	q.pass(2).timeout().leave(2)
}

// Who wants the same quest is matched, and two wants are the same when their bytes are.
func TestConfigs(t *testing.T) {
	game := games.Define(quest.Rules{})
	for _, c := range []struct{ typed, want string }{
		{``, `{"difficulty":"classic","pause_ms":1000}`},
		{`{}`, `{"difficulty":"classic","pause_ms":1000}`},
		{`{"pause_ms":1000}`, `{"difficulty":"classic","pause_ms":1000}`},
		{`{"difficulty":"hard"}`, `{"difficulty":"hard","pause_ms":1000}`},
		{`{"pause_ms":0}`, `{"difficulty":"classic","pause_ms":0}`},
		{`{"pause_ms":10000,"difficulty":"classic"}`, `{"difficulty":"classic","pause_ms":10000}`},
		{`{"pause_ms":10001}`, ``},
		{`{"pause_ms":-1}`, ``},
		{`{"difficulty":"easy"}`, ``},
		{`{"difficulty":""}`, ``},
		{`{"pause":1}`, ``},
	} {
		got, err := game.ParseConfig(json.RawMessage(c.typed))
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s becomes %s, %v; want %s", c.typed, got, err, c.want)
		}
	}
}

// A view is the same for everybody, and has its lists and its zeros also when they are empty.
func TestEverybodySeesEverything(t *testing.T) {
	game := games.Define(quest.Rules{})
	q := sit(t, quest.Config{}, "mage")
	const want = `{"phase":"character","difficulty":"classic","pause_ms":1000,` +
		`"monster":{"name":"The Gloamback","health":0,"max_health":0,"damage_dealt":0},"heroes":[` +
		`{"seat":0,"reserved_role":"mage","health":0,"max_health":0,"alive":true,"damage_dealt":0},` +
		`{"seat":1,"health":0,"max_health":0,"alive":true,"damage_dealt":0},` +
		`{"seat":2,"health":0,"max_health":0,"alive":true,"damage_dealt":0}],` +
		`"order":[],"free_roles":["fighter","ranger","cleric"]}`
	for seat := games.Spectator; seat < 3; seat++ {
		if view, err := game.View(json.RawMessage(spell(t, q.State)), seat); err != nil || string(view) != want {
			t.Errorf("seat %d sees %s, %v", seat, view, err)
		}
	}
	q.choose(0, "mage").choose(2, "cleric").choose(1, "fighter").pass(1)
	view := spell(t, q.State)
	for _, part := range []string{
		`"phase":"play"`, `"order":[0,2,1]`, `"free_roles":[]`, `"acting":{"kind":"monster"}`,
		`"action":{"kind":"attack","actor":{"kind":"monster"},"target":{"kind":"hero","seat":`, `"landed":false`,
	} {
		if !strings.Contains(view, part) {
			t.Errorf("%s lacks %s", view, part)
		}
	}
}

// The types are those of the schema: their names, and that no list of theirs can be null.
func TestTheSchemaNamesTheTypes(t *testing.T) {
	game := games.Define(quest.Rules{})
	if got, want := game.Types(), (games.Types{Config: "QuestConfig", Move: "QuestMove", View: "QuestView"}); got != want {
		t.Errorf("%+v", got)
	}
	for _, name := range []string{"QuestHero", "QuestMonster", "QuestCombatant", "QuestAction"} {
		if game.Schemas()[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	if info := game.Info(); !info.AtOnce || !info.RolesOpen || !reflect.DeepEqual(info.Roles, []string{"fighter", "ranger", "mage", "cleric"}) {
		t.Errorf("%+v", info)
	}
}

// Members that do not belong to a kind of move are refused where they stand, and not passed over.
func TestMembersThatDoNotBelongAreInvalid(t *testing.T) {
	for _, c := range []struct {
		move quest.Move
		at   string
	}{
		{quest.Move{Kind: "attack", Role: "mage"}, "role"},
		{quest.Move{Kind: "attack", Name: "Wilma"}, "name"},
		{quest.Move{Kind: "attack", Target: ptr(0)}, "target"},
		{quest.Move{Kind: "heal"}, "target"},
		{quest.Move{Kind: "heal", Target: ptr(0), Name: "Wilma"}, "name"},
		{quest.Move{Kind: "choose", Role: "mage", Target: ptr(0)}, "target"},
	} {
		q := turnOf(t, 2)
		_, err := quest.Rules{}.Apply(q.State, 2, c.move, q.env())
		var invalid *games.Invalid
		if !errors.As(err, &invalid) || len(invalid.Issues) != 1 || invalid.Issues[0].Location != c.at {
			t.Errorf("%s: %v, want an issue at %s", spell(t, c.move), err, c.at)
		}
	}
}
