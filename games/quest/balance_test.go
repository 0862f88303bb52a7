package quest_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
	"yourturn/games/quest"
)

// balanceGames of each difficulty. The figures of docs/games/quest.md are of 400,000, 100,000 of each party.
const balanceGames = 20_000

var compositions = [][]string{
	{"fighter", "ranger", "mage"},
	{"fighter", "ranger", "cleric"},
	{"fighter", "mage", "cleric"},
	{"ranger", "mage", "cleric"},
}

// Heroes who play at random nearly always win the classic game, and every second hard one, whatever the party. The dice
// are always the same, so only a change of the rules can cross these bounds; and one that merely rolls in another order
// will not, for they are four standard deviations and more from the figures in the document.
func TestBalance(t *testing.T) {
	for _, c := range []struct {
		difficulty  string
		least, most float64
	}{{"classic", 98.5, 100}, {"hard", 40, 60}} {
		t.Run(c.difficulty, func(t *testing.T) {
			sum := 0.0
			for i, roles := range compositions {
				share, actions := winShare(t, c.difficulty, roles, uint64(i), balanceGames/len(compositions))
				t.Logf("%s, %s: heroes win %.2f %%, after %.1f actions on average", c.difficulty, strings.Join(roles, ", "), share, actions)
				if share < c.least || share > c.most {
					t.Errorf("%v: heroes win %.2f %%", roles, share)
				}
				sum += share
			}
			t.Logf("%s, any party: heroes win %.2f %%", c.difficulty, sum/float64(len(compositions)))
		})
	}
}

// winShare is how many games of a hundred the heroes win, who choose in any order and play at random, and how many
// actions a game takes.
func winShare(t *testing.T, difficulty string, roles []string, seed uint64, n int) (share, actions float64) {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1971))
	for range n {
		step, count := playAtRandom(t, difficulty, roles, dice)
		if *step.State.TeamHasWon {
			share += 100 / float64(n)
		}
		actions += float64(count) / float64(n)
	}
	return share, actions
}

func playAtRandom(t *testing.T, difficulty string, roles []string, dice *rand.Rand) (step games.Step[quest.State], actions int) {
	t.Helper()
	rules, env := quest.Rules{}, games.Env{Rand: dice}
	roles = slices.Clone(roles)
	dice.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	step, err := rules.Start(games.Setup[quest.Config]{Env: env, Config: quest.Config{Difficulty: difficulty}, Roles: roles})
	for step.Result == nil && err == nil {
		if len(step.Await) == 0 {
			step, err = rules.Next(step.State, env)
		} else {
			seat := step.Await[0]
			moves := rules.LegalMoves(step.State, seat)
			step, err = rules.Apply(step.State, seat, moves[dice.IntN(len(moves))], env)
		}
		if a := step.State.Action; a != nil && !a.Landed {
			actions++
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return step, actions
}
