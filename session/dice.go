package session

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"time"
)

// Dice is the randomness that the rules get in one change of a session, from its beginning: the session's seed and the
// version that the change makes determine it. docs/fair-dice.md tells players how to roll it again.
func Dice(seed []byte, version int64) *rand.Rand { return derived(seed, version, "") }

// derived is randomness that only the seed can tell. What is for something else than the rules has a purpose of its own,
// or a bot's thinking would tell what the rules are going to roll.
func derived(seed []byte, version int64, purpose string) *rand.Rand {
	key := sha256.Sum256(append(binary.BigEndian.AppendUint64(slices.Clone(seed), uint64(version)), purpose...))
	return rand.New(rand.NewChaCha8(key))
}

// SeedHash commits the server to a seed that it does not show yet: the SHA-256 of its 32 bytes, in hexadecimal.
func SeedHash(seed []byte) string {
	sum := sha256.Sum256(seed)
	return hex.EncodeToString(sum[:])
}

// How long a bot seems to think: long enough to be followed by eye, short enough to be waited for.
const (
	shortestPause = 1500 * time.Millisecond
	longestPause  = 3500 * time.Millisecond
)

func (s Session) botPause() time.Duration {
	return shortestPause + time.Duration(derived(s.Seed, s.Version, "pause").Int64N(int64(longestPause-shortestPause)))
}
