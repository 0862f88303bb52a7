package session

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"yourturn/games"
)

// seedOf counts: 00 01 02 … 1f, from a number on.
func seedOf(from byte) []byte {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = from + byte(i)
	}
	return seed
}

// The recipe that docs/fair-dice.md gives to players: SHA-256(seed, 32 bytes || version, 8 bytes, big-endian) is the key of a
// ChaCha8 generator.
func recipe(seed []byte, version int64) *rand.ChaCha8 {
	message := slices.Clone(seed)
	for shift := 56; shift >= 0; shift -= 8 {
		message = append(message, byte(version>>shift))
	}
	return rand.NewChaCha8(sha256.Sum256(message))
}

// rolled is a roll below n: of a power of two the lowest bits of the next 64; otherwise these are multiplied by n, and the
// answer is what lies above bit 64 of the product, unless its lower 64 bits are below 2⁶⁴ mod n, when the next 64 are tried.
func rolled(dice *rand.ChaCha8, n uint64) int {
	if bits.OnesCount64(n) == 1 {
		return int(dice.Uint64() & (n - 1))
	}
	for {
		above, below := bits.Mul64(dice.Uint64(), n)
		if below >= -n%n { // 2⁶⁴ mod n
			return int(above)
		}
	}
}

func TestDiceAreTheDocumentedRecipe(t *testing.T) {
	for _, version := range []int64{1, 2, 7, 255, 256, 1<<32 + 5, 1<<53 - 1} {
		seed := seedOf(byte(version))
		given := slices.Clone(seed)
		dice, page := Dice(seed, version), recipe(seed, version)
		for i, n := range []int{3, 16, 6, 1, 2, 52, 1000, 1<<31 + 1, 1 << 31, 1<<62 + 1, 7} {
			if got, want := dice.IntN(n), rolled(page, uint64(n)); got != want {
				t.Fatalf("version %d, roll %d below %d: %d, and by the recipe %d", version, i, n, got, want)
			}
		}
		if !slices.Equal(seed, given) {
			t.Fatalf("rolling has changed the seed to %x", seed)
		}
	}
}

// Players have seen these rolls: no later version of this program may roll others.
func TestDiceNeverChange(t *testing.T) {
	for _, c := range []struct {
		from    byte
		version int64
		want    string
	}{
		{0, 1, "0 10 44 495 [3 1 0 2 4]"},
		{0, 2, "4 19 12 739 [3 2 1 4 0]"},
		{9, 1, "3 9 8 283 [0 1 2 4 3]"},
	} {
		dice := Dice(seedOf(c.from), c.version)
		got := fmt.Sprint(dice.IntN(6), dice.IntN(20), dice.IntN(52), dice.IntN(1000), dice.Perm(5))
		if got != c.want {
			t.Errorf("seed from %d, version %d: %s, want %s", c.from, c.version, got, c.want)
		}
	}
}

// What the rules roll in a change comes from its version, and what bots think of and how long they seem to think from
// elsewhere: neither may tell anything of the rolls.
func TestBotsHaveDiceOfTheirOwn(t *testing.T) {
	seed := seedOf(3)
	first := map[uint64]string{}
	for version := int64(1); version < 50; version++ {
		for _, purpose := range []string{"", "pause", "bot 0", "bot 1", "bot 10"} {
			roll := derived(seed, version, purpose).Uint64()
			if other, known := first[roll]; known {
				t.Errorf("%q of version %d rolls what %s does", purpose, version, other)
			}
			first[roll] = fmt.Sprintf("%q of version %d", purpose, version)
		}
		if Dice(seed, version).Uint64() != derived(seed, version, "").Uint64() {
			t.Errorf("the rules' dice of version %d have a purpose", version)
		}
	}
}

// listens is a chorus whose bots sing what they roll.
type listens struct {
	chorus
	heard *[]uint64
}

func (g listens) BotMove(_ chorusView, _ int, _ games.Level, env games.Env) chorusMove {
	*g.heard = append(*g.heard, env.Rand.Uint64())
	return chorusMove{Note: "a"}
}

func TestABotDoesNotRollWhatTheRulesWillRoll(t *testing.T) {
	var heard []uint64
	s := mixed(t, sung(listens{heard: &heard}), "pbb", "")
	for range 2 {
		s.playBot()
	}
	if len(heard) < 2 || heard[0] == heard[1] {
		t.Fatalf("two bots roll %v", heard)
	}
	for version := range s.Version + 3 {
		if roll := Dice(s.Seed, version).Uint64(); slices.Contains(heard, roll) {
			t.Errorf("a bot has rolled what the rules roll in version %d", version)
		}
	}
}

func TestSeedHashBindsTheServerToItsSeed(t *testing.T) {
	seed := seedOf(0)
	sum := sha256.Sum256(seed)
	hash := SeedHash(seed)
	if hash != hex.EncodeToString(sum[:]) || len(hash) != 64 || strings.Contains(hash, hex.EncodeToString(seed)) {
		t.Errorf("%s", hash)
	}
	if want := "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"; hash != want { // sha256sum of the 32 bytes
		t.Errorf("%s, want %s", hash, want)
	}
	if SeedHash(seedOf(1)) == hash {
		t.Error("two seeds have one hash")
	}
}
