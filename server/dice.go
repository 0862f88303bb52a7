package server

import (
	"encoding/hex"
	"errors"
	"fmt"

	"yourturn/session"
)

type diceCommand struct {
	Seed    string `required:"" help:"The session's seed, in hexadecimal, as it is shown once the session is over."`
	Hash    string `help:"The seed_hash that was shown from the beginning, to be compared with the seed."`
	Version int64  `required:"" help:"The version of the session that the rolls belong to."`
	Bounds  []int  `arg:"" optional:"" help:"The bounds of the rolls, in order: 6 draws from 0 to 5."`
}

// Help is what --help adds to the summary.
func (*diceCommand) Help() string {
	return `The documentation of each game says which rolls a step of it draws, in which order. docs/fair-dice.md is the recipe,
for those who would rather not trust this program either.`
}

func (c *diceCommand) Run(env environment) error {
	seed, err := hex.DecodeString(c.Seed)
	if err != nil || len(seed) != 32 {
		return errors.New("a seed is 64 hexadecimal digits")
	}
	hash := session.SeedHash(seed)
	if c.Hash != "" && c.Hash != hash {
		return fmt.Errorf("the seed does not belong to the hash: its own is %s", hash)
	}
	fmt.Fprintf(env.out, "hash of the seed: %s\n", hash)
	dice := session.Dice(seed, c.Version)
	for _, bound := range c.Bounds {
		if bound < 1 {
			return fmt.Errorf("%d is no bound: rolls are from 0 to one below it", bound)
		}
		fmt.Fprintf(env.out, "version %d, below %d: %d\n", c.Version, bound, dice.IntN(bound))
	}
	return nil
}
